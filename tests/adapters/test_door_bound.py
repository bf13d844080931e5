"""The door: nobody waits for ever, whatever comes after them and however much it weighs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.door_server import Behind, now, own_redis
from tests.adapters.test_door_choice import weighing
from tests.builders import NOON, NOON_MS, OFFER_MS, do, ready, task_id

DUE_MS = NOON_MS + 1_800_000


@pytest.fixture(scope="module")
def path() -> Iterator[str]:
    with own_redis() as path:
        yield path


def order_of_offers(
    behind: Behind, old: tuple[float, int], stream: Sequence[tuple[int, float]]
) -> dict[str, int]:
    """One agent, one old task, and a stream of newer ones of the highest priority."""
    behind.begin()
    door, busy, taken = behind.door, [], {}
    now(ready(door, "ann", capacity=2))
    now(door.admit([weighing("old", old[0], priority=old[1])]))
    for i, (seconds, weight) in enumerate(stream):
        door.now_ms += seconds * 1000
        detected = NOON + timedelta(milliseconds=door.now_ms - NOON_MS)
        now(door.admit([weighing(f"new{i}", weight, priority=100, detected_at=detected)]))
        if busy:  # one piece of work ends, so that there is always something to do
            now(do(door, "complete", busy.pop(0), "ann"))
        for task in now(door.offer(OFFER_MS)):
            now(do(door, "accept", task, "ann"))
            taken[task] = len(taken)
            busy.append(task)
    return taken


@settings(max_examples=30, derandomize=True, deadline=None)
@given(
    old=st.tuples(st.sampled_from([0.5, 1.0, 2.0]), st.integers(0, 100)),
    stream=st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from([0.5, 1.0, 2.0])), min_size=10, max_size=60
    ),
)
def test_whoever_waits_comes_before_all_that_is_detected_after_their_due_time(
    path: str, old: tuple[float, int], stream: Sequence[tuple[int, float]]
) -> None:
    """A5.1: the bound on waiting. By strict priority the stream would go first for ever."""
    behind = Behind(path, NOON_MS)
    taken = order_of_offers(behind, old, stream)
    behind.close()
    at_ms, place = NOON_MS, taken.get(task_id("old"), len(taken))
    for i, (seconds, _) in enumerate(stream):
        at_ms += seconds * 1000
        if at_ms >= DUE_MS:
            assert taken.get(task_id(f"new{i}"), place) >= place


def test_an_endless_stream_of_light_work_does_not_keep_heavy_work_waiting(path: str) -> None:
    """A5.1: room is saved, or the heavy task would never find two free units at once."""
    behind = Behind(path, NOON_MS)
    taken = order_of_offers(behind, (2.0, 0), [(60, 0.5)] * 60)
    behind.close()
    assert task_id("old") in taken
