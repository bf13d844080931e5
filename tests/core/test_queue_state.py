"""The state of the queues: figures of each, packed for the wire and spread for conditions."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.catalogue import Queue
from app.core.queue_state import (
    NO_QUEUES,
    QUEUE_VARIABLES,
    figures,
    free_for,
    packed,
    unpacked,
)

ROWS: dict[str, Any] = {"urgent": [21, 300.5, 0, 0.333], "service": [0, 0.0, 2, 0.0]}


def test_each_figure_is_a_map_by_queue_with_values_of_its_type() -> None:
    """A4.2: a condition asks `queue.waiting["urgent"]`."""
    found = unpacked(ROWS)
    assert found["queue.waiting"] == {"urgent": 21, "service": 0}
    assert found["queue.oldest_wait_s"] == {"urgent": 300.5, "service": 0.0}
    assert found["queue.free"] == {"urgent": 0, "service": 2}
    assert found["queue.late_share"] == {"urgent": 0.333, "service": 0.0}
    kinds = {name: {type(value) for value in row.values()} for name, row in found.items()}
    assert kinds == {name: {type_} for name, type_ in QUEUE_VARIABLES.items()}


def test_what_was_packed_and_written_is_read_back_bit_for_bit() -> None:
    found = unpacked(ROWS)
    again = unpacked(orjson.loads(orjson.dumps(packed({**found, "labels": []}))))
    assert orjson.dumps(again) == orjson.dumps(found)
    assert (packed(NO_QUEUES), unpacked({})) == ({}, NO_QUEUES)


@pytest.mark.parametrize(
    ("open_", "at_risk", "breached", "share"),
    [(0, 0, 0, 0.0), (3, 1, 0, 0.333), (4, 1, 1, 0.5), (2, 0, 2, 1.0)],
)
def test_the_late_share_is_of_the_open_tasks_at_risk_or_breached(
    open_: int, at_risk: int, breached: int, share: float
) -> None:
    row = {"waiting": 1, "oldest_wait_s": 2.5, "at_risk": at_risk, "breached": breached}
    assert figures(row | {"open": open_}, 7) == [1, 2.5, 7, share]


def test_free_is_who_serves_the_queue_with_the_skills_that_it_asks_for() -> None:
    billing = Queue(name="billing", title="Billing", window_s=60.0, skills=("billing:2",))
    ready = [
        (["billing", "service"], ["en", "billing:3"]),
        (["billing"], ["billing:1"]),
        (["billing"], ["en"]),
        (["service"], ["billing:2"]),
    ]
    assert free_for(billing, ready) == 1
    assert free_for(Queue(name="service", title="Service", window_s=60.0), ready) == 2
