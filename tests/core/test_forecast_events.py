"""Event rules in a forecast: small days whose course can be written down by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.core.decision import ERROR, HIT, MISS, Notice, Trace
from app.core.event_acts import MOST_ACTS, STOPPED
from app.core.forecast import REFUSED, THERE, forecast
from app.core.forecast_events import Fared, Known, Later, asked_for, played
from app.core.forecast_tasks import Arrival, Served
from app.core.rules import Effects, Rule, Whom
from tests.builders import NOON_MS
from tests.core.test_forecast import MINUTE_MS, floor, rep, task

ANN = rep("ann", "service")
MIA = rep("mia", "escalation", skills=("mediator", "en"))


def rule(id_: str, on: str, after: float = 0.0, **does: Any) -> Rule:
    effects = Effects(**(does or {"labels": (id_,)}))
    return Rule(id=id_, when="true", why=".", on=on, after_s=after * 60, does=effects)


class Asked:
    """Every rule holds, but those that are told to miss or to fail; keeps what they saw."""

    def __init__(self, **results: str) -> None:
        self.results = results
        self.saw: list[tuple[str, Mapping[str, object]]] = []

    def __call__(self, rules: Sequence[Rule], values: Mapping[str, object]) -> Fared:
        self.saw += [(rule.id, values) for rule in rules]
        trace = [Trace(rule=r.id, result=self.results.get(r.id, HIT), detail="x") for r in rules]
        return [r for r, t in zip(rules, trace, strict=True) if t.result == HIT], trace


def arrival(name: str, at: float, due: float = 30, **given: Any) -> Arrival:
    """As `task`, at risk after 80 % of its window."""
    at_risk_ms = NOON_MS + round((at + 0.8 * due) * MINUTE_MS)
    known = (Known(at_ms=NOON_MS, values={}, labels=("early",)),)
    return replace(task(name, at, due, **given), at_risk_ms=at_risk_ms, priority=50, known=known)


def day(
    tasks: Sequence[Arrival], *rules: Rule, asked: Asked | None = None, reps: Any = (ANN,)
) -> dict[str, Served]:
    later = Later(rules=rules, ask=asked or Asked())
    return forecast(tasks, floor(*reps), later)


def begun(served: Served) -> float | None:
    return (served.begun_ms - NOON_MS) / MINUTE_MS if served.begun_ms else None


def test_a_task_that_waits_is_moved_to_where_somebody_is_free() -> None:
    """Ann has A until 10. B has waited 3 minutes at 4 and goes to the mediator, who takes it."""
    up = rule("up", "waiting", 3, route="escalation", skills=("mediator",))
    found = day([arrival("a", 0), arrival("b", 1)], up, reps=(ANN, MIA))
    assert (begun(found["a"]), begun(found["b"])) == (0, 4)
    assert found["b"].moves == (("service", "escalation"),)
    assert found["a"].acts == ()  # somebody took it at once: it never waited so long
    assert begun(day([arrival("a", 0), arrival("b", 1)])["b"]) == 10


def test_a_priority_changes_who_is_next() -> None:
    """At 10 Ann would take B, which is due first; C has been put first by then."""
    first = rule("first", "waiting", 5, priority=100)
    asked = Asked()
    tasks = [arrival("a", 0), arrival("b", 1, 20), arrival("c", 2, 30)]

    def only_c(rules: Sequence[Rule], values: Mapping[str, object]) -> Fared:
        return asked(rules if values["task.left_s"] == 25 * 60 else (), values)

    found = forecast(tasks, floor(ANN), Later(rules=(first,), ask=only_c))
    assert (begun(found["c"]), begun(found["b"])) == (10, 20)
    assert found["c"].acts[0].done == {"prioritise": "done"}


def test_what_somebody_has_in_hand_is_asked_about_and_stays_theirs() -> None:
    """A is begun at 0 and answered at 4: at risk at 1.6 and late at 2, in Ann's hands."""
    move = rule("move", "at_risk", route="billing", notices=(Notice(to="sre", text="x"),))
    late = rule("late", "breached")
    asked = Asked()
    found = day([arrival("a", 0, 2)], move, late, asked=asked)["a"]
    assert (begun(found), found.breached, found.escalated) == (0, True, False)
    assert [(act.rule, dict(act.done)) for act in found.acts] == [
        ("move", {"reroute": REFUSED}), ("late", {}),
    ]  # fmt: skip
    assert found.moves == ()
    states = [(seen["task.state"], seen["task.rep"], seen["task.sla"]) for _, seen in asked.saw]
    assert states == [("accepted", "ann", "at_risk"), ("accepted", "ann", "breached")]


def test_what_is_answered_in_time_is_never_at_risk() -> None:
    assert (
        day([arrival("a", 0, 30)], rule("risk", "at_risk"), rule("late", "breached"))["a"].acts
        == ()
    )


def test_what_fell_due_is_the_mediators_and_no_rule_moves_it() -> None:
    """Nobody is there. At risk at 24 it moves; late at 30 the mediator's; at 40 it stays so."""
    asked = Asked()
    found = day(
        [arrival("a", 0)],
        rule("away", "waiting", 40, route="service"),
        rule("risk", "at_risk", route="billing"),
        rule("late", "breached", labels=("late",)),
        asked=asked, reps=(),
    )["a"]  # fmt: skip
    assert found.moves == (("service", "billing"),)
    assert [dict(act.done) for act in found.acts] == [{"reroute": "done"}, {}, {"reroute": REFUSED}]
    late = asked.saw[1][1]
    assert (late["task.queue"], late["task.escalated"], late["task.transfers"]) == (
        "billing", False, 1,
    )  # fmt: skip
    last = asked.saw[2][1]
    assert (last["task.queue"], last["task.escalated"]) == ("escalation", True)
    assert (last["task.waited_s"], last["labels"]) == (2400.0, ["early", "late"])


def test_a_move_to_where_it_is_changes_nothing() -> None:
    found = day([arrival("a", 0)], rule("risk", "at_risk", route="service"), reps=())["a"]
    assert (found.acts[0].done, found.moves) == ({"reroute": THERE}, ())


def test_rules_of_one_wait_are_asked_as_they_fall_due_and_labels_are_known_to_the_next() -> None:
    asked = Asked(never=MISS, broken=ERROR)
    found = day(
        [arrival("a", 0)],
        rule("second", "waiting", 5), rule("first", "waiting", 2), rule("never", "waiting", 3),
        rule("broken", "waiting", 4), asked=asked, reps=(),
    )["a"]  # fmt: skip
    assert [id_ for id_, _ in asked.saw] == ["first", "never", "broken", "second"]
    assert asked.saw[-1][1]["labels"] == ["early", "first"]
    assert found.failed == (("broken", "x"),)


def test_an_edit_is_what_later_rules_are_asked_about() -> None:
    first, edit = (
        Known(
            at_ms=NOON_MS + minute * MINUTE_MS, values={"score.urgency": urgency}, labels=(label,)
        )
        for minute, urgency, label in ((0, 0.1, "calm"), (6, 0.9, "angry"))
    )
    asked = Asked()
    tasks = [replace(arrival("a", 0), known=(first, edit))]
    day(tasks, rule("five", "waiting", 5), rule("ten", "waiting", 10), asked=asked, reps=())
    assert [(seen["score.urgency"], seen["labels"]) for _, seen in asked.saw] == [
        (0.1, ["calm"]), (0.9, ["angry", "five"]),
    ]  # fmt: skip


def test_the_budget_is_that_of_a_real_run() -> None:
    """What is beyond it is stopped here, too."""
    many = [rule(f"r{n}", "at_risk", priority=60) for n in range(MOST_ACTS + 1)]
    found = day([arrival("a", 0)], *many, reps=())["a"]
    assert [act.state for act in found.acts].count(STOPPED) == 1


@pytest.mark.parametrize("tasks", [[task("a", 0)], [arrival("a", 0)]])
def test_without_rules_or_values_nothing_is_asked(tasks: list[Arrival]) -> None:
    plain = forecast(tasks, floor(ANN))
    assert plain == forecast([replace(one, known=()) for one in tasks], floor(ANN))
    assert plain["a"].acts == ()


def test_only_what_rules_ask_for_is_carried_along() -> None:
    when = 'score.urgency > 0.5 && task.queue == "x" && "a" in labels && calendar.open["office"]'
    plain = Rule(id="r", when=when, why=".", on="waiting", does=Effects(labels=("b",)))
    assert asked_for([plain]) == {"score.urgency", "labels", "calendar.open"}
    wish = replace(plain, when="true", whom=Whom(tier="gold"))
    assert "profile.tier" in asked_for([wish])
    assert asked_for([replace(plain, when="true")]) == frozenset()


def test_rules_about_what_people_do_are_not_played() -> None:
    rules = [rule(on, on) for on in ("waiting", "at_risk", "breached", "replied", "transferred")]
    assert [one.id for one in played(rules)] == ["waiting", "at_risk", "breached"]
    busy = replace(rule("busy", "waiting"), when="queue.waiting.service > 5")
    assert played([busy]) == ()  # how the queues stand then, no forecast of one mention tells
