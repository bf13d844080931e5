"""The report of a back-test: a small case whose every figure can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core.backtest import SHOWN_CHARS, Outcome, Side, changes
from app.core.backtest_report import HOUR_MS, Asked, Report, report
from app.core.catalogue import Catalogue, Queue, Rep
from app.core.forecast_tasks import Floor
from app.core.handling import Handling
from app.core.words import clipped

MINUTE_MS = 60_000
HOUR_0_MS = 500_000 * HOUR_MS

CATALOGUE = Catalogue(
    queues={
        name: Queue(name=name, title=name, window_s=1800.0)
        for name in ("service", "sales", "escalation")
    },
    channels={},
    reps={},
)
ANN = Rep(name="ann", title="Ann", role="agent", queues=("service", "sales"), capacity=1)
MIA = Rep(name="mia", title="Mia", role="agent", skills=("mediator",), queues=("escalation",))
TEN = Handling(reply_ms=4 * MINUTE_MS, whole_ms=10 * MINUTE_MS, tasks=7)
FLOOR = Floor(
    catalogue=CATALOGUE,
    reps=(ANN, replace(MIA, capacity=1)),
    handling={"service": TEN, "escalation": TEN, "sales": replace(TEN, tasks=0)},
)
ASKED = Asked(
    live="a", draft="b", rules=("new", "old"), unrecorded=2, untold=1, breached=1, samples=2
)


def side(at: float, queue: str, window: float, **given: Any) -> Side:
    """What rules make of a mention detected `at` minutes after the hour."""
    due_ms = HOUR_0_MS + round((at + window) * MINUTE_MS)
    task: dict[str, Any] = {"window_s": window * 60, "due_ms": due_ms, "order_ms": float(due_ms)}
    fields: dict[str, Any] = {
        "rule": "old", "why": "w", "queue": queue, "priority": 50, "skills": (), "hits": ("old",),
        "errors": (), "line": f"{at} {queue} {window}",
    }  # fmt: skip
    return Side(**(fields | (task if queue else {}) | given))


def one(name: str, at: float, live: Side, draft: Side | None = None) -> Outcome:
    at_ms = HOUR_0_MS + round(at * MINUTE_MS)
    return Outcome(
        mention_id=name, channel="x", detected_ms=at_ms, at_ms=at_ms, live=live,
        draft=draft or live, text="said",
    )  # fmt: skip


def new(at: float, queue: str, window: float) -> Side:
    return side(at, queue, window, rule="new", hits=("new",))


@pytest.fixture(scope="module")
def made() -> Report:
    """Live: Ann takes A at 0, C (due at 22) at 10 and answers at 14; B (due at 31) at 20, answered
    at 24; D came at 59 and is closed. Nobody is late.

    Draft: C is the mediator's, who takes it at 2. B has 8 minutes: it falls due at 9 while Ann is
    busy with A until 10, so it is late and goes to the mediator, who is free at 12. D is opened,
    in sales, at 59, the hour's last minute; E at 61 stays as it is, and waits for Ann until 69.
    """
    outcomes = [
        one("a", 0, side(0, "service", 30)),
        one("b", 1, side(1, "service", 30), new(1, "service", 8)),
        one("c", 2, side(2, "service", 20), new(2, "escalation", 20)),
        one("d", 59, side(59, "", 0), new(59, "sales", 30)),
        one("e", 61, side(61, "service", 30)),
    ]
    return report(outcomes, (FLOOR, FLOOR), ASKED)


def test_what_changed_is_counted_by_kind_and_by_move(made: Report) -> None:
    """A4.10: changed queues, matched mentions of each rule, live and draft."""
    assert (made.mentions, made.unrecorded, made.changed["mentions"]) == (5, 2, 3)
    assert made.untold == 1
    assert {kind: count for kind, count in made.changed["by_kind"].items() if count} == {
        "opened": 1, "queue": 1, "window": 1, "rule": 3,
    }  # fmt: skip
    assert made.changed["moves"] == [
        {"from": "", "to": "sales", "mentions": 1},
        {"from": "service", "to": "escalation", "mentions": 1},
    ]
    assert made.rules == [
        {"rule": "new", "live": 0, "draft": 3},
        {"rule": "old", "live": 5, "draft": 2},
    ]


def test_breaches_and_escalations_are_those_worked_out_by_hand(made: Report) -> None:
    assert made.breaches == {"live": 0, "draft": 1, "extra": 1, "fewer": 0, "recorded": 1}
    assert made.escalations["by_rule"] == {"live": 0, "draft": 1, "extra": 1, "fewer": 0}
    assert made.escalations["forecast_late"] == {"live": 0, "draft": 1, "extra": 1, "fewer": 0}


def test_the_effects_on_queues_are_those_worked_out_by_hand(made: Report) -> None:
    """Live waits in service: A 0, B 19, C 8, E 0 minutes. Draft: A 0, B 11, E 8."""
    queues = {row["queue"]: row for row in made.queues}
    assert queues["service"]["live"] == {
        "tasks": 4, "breaches": 0, "never_taken": 0, "wait_p50_s": 0.0, "wait_p95_s": 1140.0,
    }  # fmt: skip
    assert queues["service"]["draft"] == {
        "tasks": 3, "breaches": 1, "never_taken": 0, "wait_p50_s": 480.0, "wait_p95_s": 660.0,
    }  # fmt: skip
    assert (queues["service"]["extra_breaches"], queues["service"]["fewer_breaches"]) == (1, 0)
    assert queues["escalation"]["draft"]["tasks"] == 1
    assert queues["sales"]["live"]["tasks"] == 0


def test_the_load_is_told_by_queue_and_hour(made: Report) -> None:
    hours = {(r["queue"], r["hour_ms"] - HOUR_0_MS): (r["live"], r["draft"]) for r in made.load}
    assert hours == {
        ("service", 0): (3, 2),
        ("service", HOUR_MS): (1, 1),
        ("escalation", 0): (0, 1),
        ("sales", 0): (0, 1),
    }


def test_samples_are_changed_ones_by_id_with_before_and_after(made: Report) -> None:
    assert [s["mention_id"] for s in made.samples] == ["b", "c"]
    assert made.samples[1]["before"]["queue"] == "service"
    assert made.samples[1]["after"]["queue"] == "escalation"
    assert [row["queue"] for row in made.handling if row["assumed"]] == ["sales"]


def test_each_kind_of_change_has_its_word() -> None:
    live = side(0, "service", 30)
    assert list(changes(live, live)) == []
    assert list(changes(live, replace(live, queue="", window_s=0.0))) == ["closed"]
    assert list(changes(live, replace(live, priority=51))) == ["priority"]
    assert list(changes(live, replace(live, skills=("en",)))) == ["skills"]
    assert list(changes(live, replace(live, rule="new", hits=("new",)))) == ["rule"]


def test_a_long_text_is_clipped_on_one_line() -> None:
    assert clipped("a\n b", SHOWN_CHARS) == "a b"
    assert len(clipped("x" * 500, SHOWN_CHARS)) == 160


def test_rules_at_events_that_no_model_knows_are_named_as_not_asked() -> None:
    """Nobody may take a report for more than it looked at."""
    names = ("answered", "ended", "answered")
    found = report([], (FLOOR, FLOOR), Asked(live="1", draft="2", not_asked=names))
    assert found.not_asked == ["answered", "ended"]
    assert "not asked" in " ".join(found.assumptions.split())
