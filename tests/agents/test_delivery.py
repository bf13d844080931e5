"""Deliveries: each has a name for ever, whoever sent it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.triage import delivery, register
from app.adapters.kafka import SRC_HEADER
from app.adapters.store import tables


def message(**given: Any) -> SimpleNamespace:
    fields = {"topic": "mentions", "partition": 2, "offset": 7, "timestamp": 1.5, "value": b"{}"}
    return SimpleNamespace(**(fields | {"headers": []} | given))


def test_a_journalled_delivery_is_named_by_its_header() -> None:
    assert delivery(message(headers=[(SRC_HEADER, b"intake:7")])).src == "intake:7"


@pytest.mark.parametrize("headers", [None, [], {}, [("other", b"x")], [(SRC_HEADER, b"")]])
def test_any_other_delivery_is_named_by_its_place_and_time(headers: Any) -> None:
    assert delivery(message(headers=headers)).src == "mentions/2/7@1500"


def test_two_lives_of_a_broker_do_not_share_names() -> None:
    assert delivery(message(timestamp=1.0)).src != delivery(message(timestamp=2.0)).src


def test_the_bytes_come_as_they_are() -> None:
    found = delivery(message(value=b"\xff\x00"))
    assert (found.raw, found.topic, found.partition, found.offset) == (
        b"\xff\x00",
        "mentions",
        2,
        7,
    )


@pytest.mark.parametrize(
    "header", [b"a" * 5000, b"a\x00b", b"\xff\xfe", "é".encode() * 100, b"a|b|c", b"a\nb"]
)
def test_a_name_that_a_stranger_gives_can_be_stored_everywhere(header: bytes) -> None:
    """Short enough for the store's columns, and without NUL, which PostgreSQL refuses."""
    src = delivery(message(headers=[(SRC_HEADER, header)])).src
    assert len(f"{src}/identified") <= tables.facts.c.fact_id.type.length
    assert len(src) <= tables.facts.c.op_id.type.length
    assert "\x00" not in src


def test_the_agent_takes_one_batch_at_a_time() -> None:
    """More would commit past work in hand: measured, and lost, in Faust 0.15.3."""
    asked: dict[str, object] = {}

    def agent(_topic: object, **given: object) -> object:
        asked.update(given)
        return lambda body: body

    app = SimpleNamespace(topic=lambda *_names, **_given: None, agent=agent)
    register(app, None, None, lambda _batch: None)  # type: ignore[arg-type]
    assert asked["concurrency"] == 1
