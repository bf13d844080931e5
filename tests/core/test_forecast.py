"""The forecast: small days whose course can be written down by hand, and what always holds."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from app.core.catalogue import Catalogue, Channel, Overflow, Queue, Relaxation, Rep
from app.core.forecast import forecast
from app.core.forecast_tasks import Arrival, Floor, Served
from app.core.handling import Handled, Handling, by_queue, handled
from tests.builders import NOON_MS

MINUTE_MS = 60_000


def rep(name: str, *queues: str, **given: Any) -> Rep:
    fields: dict[str, Any] = {"title": name, "role": "agent", "skills": ("en",), "capacity": 1}
    return Rep(name=name, queues=queues, **(fields | given))


SERVICE = Queue(name="service", title="Service", window_s=1800.0)
BILLING = replace(
    SERVICE,
    name="billing",
    relax=(Relaxation(after_s=600, drop=("billing",)),),
    overflow=Overflow(after_s=1200, to="service"),
)
ESCALATION = replace(SERVICE, name="escalation")
CATALOGUE = Catalogue(
    queues={queue.name: queue for queue in (SERVICE, BILLING, ESCALATION)},
    channels={"phone": Channel(name="phone", title="Phone", weight=2.0)},
    reps={},
)
TEN = Handling(reply_ms=4 * MINUTE_MS, whole_ms=10 * MINUTE_MS, tasks=1)


def floor(*reps: Rep) -> Floor:
    usual = dict.fromkeys(CATALOGUE.queues, TEN)
    return Floor(catalogue=CATALOGUE, reps=reps, handling=usual)


def task(name: str, at: float, due: float = 30, **given: Any) -> Arrival:
    """A task that comes `at` minutes after noon, and is due `due` minutes after that."""
    at_ms = NOON_MS + round(at * MINUTE_MS)
    due_ms = at_ms + round(due * MINUTE_MS)
    fields: dict[str, Any] = {"queue": "service", "skills": ("en",), "channel": "x"}
    times = {"at_ms": at_ms, "detected_ms": at_ms, "due_ms": due_ms, "order_ms": float(due_ms)}
    return Arrival(mention_id=name, **(fields | times | given))


def minutes(found: dict[str, Served]) -> dict[str, float | None]:
    """When each was begun, in minutes after noon; None for never."""
    return {
        name: (one.begun_ms - NOON_MS) / MINUTE_MS if one.begun_ms else None
        for name, one in found.items()
    }


def late(found: dict[str, Served]) -> set[str]:
    return {name for name, one in found.items() if one.breached}


def test_one_person_takes_the_most_pressing_and_late_is_late_by_hand() -> None:
    """Ann is free at 10, 20 and 30, and answers four minutes after she begins.

    At 10 wait B (due at 31), C (22), D (17) and E (29). D is begun at 10, answered at 14: in time.
    C is begun at 20, answered at 24: late. E falls due at 29 while it waits, and there is no
    mediator: late, never begun. B is begun at 30, answered at 34: late.
    """
    day = [task("a", 0), task("b", 1), task("c", 2, 20), task("d", 3, 14), task("e", 4, 25)]
    found = forecast(day, floor(rep("ann", "service")))
    assert minutes(found) == {"a": 0, "b": 30, "c": 20, "d": 10, "e": None}
    assert late(found) == {"b", "c", "e"}
    assert {name for name, one in found.items() if one.escalated} == {"e"}


def test_a_mediator_takes_what_fell_due_before_everything_newer() -> None:
    """Ann is busy until 10; X falls due at 5 and goes to Mia, who is free then."""
    people = (rep("ann", "service"), rep("mia", "escalation", skills=("mediator",)))
    found = forecast([task("a", 0), task("x", 1, 4)], floor(*people))
    assert minutes(found) == {"a": 0, "x": 5}
    assert late(found) == {"x"}


def test_who_has_been_idle_longest_is_asked_first_and_capacity_is_kept() -> None:
    people = (rep("ann", "service", capacity=3), rep("bob", "service", capacity=1))
    day = [task(str(n), 0) for n in range(5)]
    assert sorted(minutes(forecast(day, floor(*people))).values(), key=float) == [0, 0, 0, 0, 10]


def test_a_heavy_channel_takes_more_room_and_a_full_channel_waits() -> None:
    one = rep("ann", "service", capacity=3, channels=(("phone", 1),))
    day = [task("a", 0, channel="phone"), task("b", 0, channel="phone"), task("c", 0)]
    assert minutes(forecast(day, floor(one))) == {"a": 0, "b": 10, "c": 0}


def test_skills_are_asked_for_until_the_queue_eases_and_overflow_lets_others_in() -> None:
    """After 10 minutes anybody in billing may take it, after 20 anybody in service too."""
    hard = task("a", 0, 60, queue="billing", skills=("billing", "en"))
    assert minutes(forecast([hard], floor(rep("ann", "billing")))) == {"a": 10}
    assert minutes(forecast([hard], floor(rep("bob", "service")))) == {"a": 20}
    able = rep("eve", "billing", skills=("en", "billing:2"))
    assert minutes(forecast([hard], floor(able))) == {"a": 0}


def test_what_nobody_can_take_is_late_and_said_to_be_never_begun() -> None:
    found = forecast([task("a", 0, skills=("fi",))], floor(rep("ann", "service")))
    assert minutes(found) == {"a": None}
    assert late(found) == {"a"}


def test_a_mention_that_came_too_late_is_late_at_once() -> None:
    found = forecast([task("a", 0, -5)], floor(rep("ann", "service")))
    assert late(found) == {"a"}


def test_no_one_ever_holds_more_than_they_can_and_all_are_told_of() -> None:
    """Whatever comes, in whatever order it is given, the same is told of every task."""
    dice = random.Random(4)
    people = (rep("ann", "service", capacity=2), rep("bob", "billing", "service"))
    day = [
        task(
            str(n),
            dice.uniform(0, 300),
            dice.uniform(5, 60),
            queue=dice.choice(sorted(CATALOGUE.queues)),
        )
        for n in range(300)
    ]
    found = forecast(day, floor(*people))
    assert found.keys() == {one.mention_id for one in day}
    edges = sorted(
        [(one.begun_ms, 1) for one in found.values() if one.begun_ms]
        + [(one.begun_ms + TEN.whole_ms, -1) for one in found.values() if one.begun_ms]
    )
    held = 0
    for _, step in edges:
        held += step
        assert held <= 3
    dice.shuffle(day)
    assert forecast(day, floor(*people)) == found


def fact(op: str, minute: float, queue: str = "service") -> dict[str, Any]:
    return {"op": op, "now_ms": NOON_MS + round(minute * MINUTE_MS), "queue": queue}


def test_handling_times_are_the_medians_of_what_one_person_did_without_interruption() -> None:
    plain = [fact("accepted", 0), fact("replied", 2), fact("replied", 3), fact("completed", 5)]
    silent = [fact("accepted", 0, "billing"), fact("completed", 4, "billing")]
    parked = [fact("accepted", 0), fact("parked", 1), fact("completed", 90)]
    handed = [
        fact("accepted", 0),
        fact("transferred", 1),
        *[fact("accepted", 5), fact("completed", 9)],
    ]
    found = [one for trail in (plain, silent, parked, handed) for one in handled(trail)]
    assert found == [
        Handled(queue="service", reply_ms=2 * MINUTE_MS, whole_ms=5 * MINUTE_MS),
        Handled(queue="billing", reply_ms=4 * MINUTE_MS, whole_ms=4 * MINUTE_MS),
        Handled(queue="service", reply_ms=4 * MINUTE_MS, whole_ms=4 * MINUTE_MS),
    ]
    usual = by_queue(found, ["service", "sales"])
    assert usual["service"] == Handling(reply_ms=180_000, whole_ms=270_000, tasks=2)
    assert usual["sales"] == Handling()
