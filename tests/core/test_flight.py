"""Flights: who may do what, what a move leaves behind, and that the flight is its events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import flight_moves as moves
from app.core.errors import Conflict
from app.core.flight import (
    BY_HAND,
    OPEN,
    QUEUE,
    QUIET,
    REP,
    ROLE,
    ROUTE,
    SHUT,
    Event,
    Flight,
    Goal,
    Step,
    Who,
    applied,
    fold,
    is_of,
    may_lead,
    plan_dict,
    plan_of,
)
from app.core.flight_belonging import Labelled, label_of, labelled_of
from app.core.flight_goal import Answered, Counts, due_ms, outcome, reached
from tests.builders import NOON_MS
from tests.core.flights_house import (
    ANN,
    ANTON,
    BOB,
    CAT,
    MIA,
    MINUTE_MS,
    SUE,
    after,
    at,
    flight,
    opening,
    plan,
)


def test_supervisors_administrators_and_mediators_lead_and_nobody_else() -> None:
    admin = Who(name="ada", role="admin")
    assert [may_lead(who) for who in (SUE, admin, MIA, ANN, ANTON)] == [True] * 3 + [False] * 2


def test_the_group_is_who_is_named_who_serves_its_queues_and_whom_a_step_names() -> None:
    bare = plan(steps=(), reps=("ann",), queues=("service",))
    assert [is_of(bare, who) for who in (ANN, BOB, CAT, MIA)] == [True, True, False, False]
    for kind, name, who in (
        (REP, "cat", CAT),
        (QUEUE, "urgent", CAT),
        (ROLE, "analyst", ANTON),
        (ROLE, "mediator", MIA),
    ):
        step = Step(id=1, what="x", kind=kind, name=name)
        assert is_of(replace(bare, steps=(step,)), who)
        assert not is_of(replace(bare, steps=(step,)), Who(name="eve", role="sre"))


def test_where_it_is_on_the_route_is_the_first_step_that_is_not_done() -> None:
    found = flight()
    assert found.current == Step(id=1, what="Call the operator")
    second = after(found, moves.ticked(found, 2, BOB))
    assert second.current == found.current
    last = after(second, moves.ticked(second, 1, ANN))
    assert (last.current, last.arrived) == (None, True)
    assert {id_: done.by for id_, done in last.done.items()} == {1: "ann", 2: "bob"}


def test_a_flight_without_a_route_never_arrives() -> None:
    assert not flight(steps=()).arrived


def test_a_step_ticked_twice_by_one_person_is_ticked_once_and_by_another_refused() -> None:
    found = after(flight(), moves.ticked(flight(), 1, ANN))
    assert moves.ticked(found, 1, ANN) is None
    with pytest.raises(Conflict, match="ann") as refused:
        moves.ticked(found, 1, BOB)
    assert refused.value.code == "already_done"


def test_a_tick_taken_back_is_told_with_whose_it_was() -> None:
    found = after(flight(), moves.ticked(flight(), 1, ANN, "spoke to Kari"))
    event = moves.unticked(found, 1, BOB, "the operator has changed its mind")
    assert event
    assert event.data["was"] == {"by": "ann", "at_ms": NOON_MS, "note": "spoke to Kari"}
    assert after(found, event).done == {}
    assert moves.unticked(flight(), 1, BOB, "nothing was there") is None


@pytest.mark.parametrize("step", [0, 3, -1])
def test_a_step_that_there_is_not_cannot_be_ticked(step: int) -> None:
    with pytest.raises(Conflict) as refused:
        moves.ticked(flight(), step, ANN)
    assert refused.value.code == "unknown_step"


def test_an_edit_says_what_was_and_what_is() -> None:
    found = flight()
    event = moves.edited(found, replace(found.plan, say="All trains run again."), SUE)
    assert event
    assert event.data == {
        "from": {"say": "Trains north of Oslo are cancelled until noon."},
        "to": {"say": "All trains run again."},
    }
    assert moves.edited(found, found.plan, SUE) is None


def test_new_steps_get_ids_that_no_step_has_had() -> None:
    found = flight()
    fewer = after(found, moves.edited(found, replace(found.plan, steps=found.plan.steps[:1]), SUE))
    more = replace(fewer.plan, steps=(Step(id=0, what="Tell the press"), *fewer.plan.steps))
    steps = after(fewer, moves.edited(fewer, more, SUE)).plan.steps
    assert [step.id for step in steps] == [3, 1]


@pytest.mark.parametrize("change", ["reworded", "dropped"])
def test_what_somebody_did_is_not_taken_away_by_an_edit(change: str) -> None:
    found = after(flight(), moves.ticked(flight(), 1, ANN))
    first, second = found.plan.steps
    steps = (replace(first, what="Call me"), second) if change == "reworded" else (second,)
    with pytest.raises(Conflict, match="ann") as refused:
        moves.edited(found, replace(found.plan, steps=steps), SUE)
    assert refused.value.code == "step_done"
    turned = replace(found.plan, steps=(second, first))
    assert after(found, moves.edited(found, turned, SUE)).done == found.done


def test_an_edit_cannot_name_a_step_that_there_is_not() -> None:
    with pytest.raises(Conflict) as refused:
        moves.edited(flight(), plan(steps=(Step(id=9, what="x"),)), SUE)
    assert refused.value.code == "unknown_step"


def test_a_new_flight_numbers_its_steps_itself() -> None:
    with pytest.raises(Conflict, match="leave the ids") as refused:
        moves.opened("f", plan(steps=(Step(id=1, what="x"), Step(id=0, what="y"))), SUE)
    assert refused.value.code == "unknown_step"


def closed(found: Flight) -> Flight:
    return after(found, moves.closed(found, BY_HAND, SUE, "over", {}))


def test_a_closed_flight_stays_as_it_is_until_somebody_reopens_it() -> None:
    shut = closed(flight())
    assert (shut.state, shut.closed["reason"], shut.closed["by"]) == (SHUT, "over", "sue")
    for move in (
        lambda: moves.ticked(shut, 1, ANN),
        lambda: moves.unticked(shut, 1, ANN, "x"),
        lambda: moves.edited(shut, plan(name="Other"), SUE),
        lambda: moves.added(shut, "m", "t", ANN),
        lambda: moves.removed(shut, {"mention_id": "m", "task_id": "t"}, SUE, "x"),
        lambda: moves.closed(shut, BY_HAND, SUE, "again", {}),
    ):
        with pytest.raises(Conflict) as refused:
            move()
        assert refused.value.code == "flight_closed"
    again = after(shut, moves.reopened(shut, Counts(), at(SUE, 5), "not yet", None))
    assert (again.state, again.closed, again.begun_ms) == (OPEN, {}, NOON_MS + 5)


def test_a_flight_at_its_goal_is_reopened_only_with_another_goal() -> None:
    found = flight(steps=(Step(id=0, what="x"),), goal=Goal(words="x", kind=ROUTE))
    shut = closed(after(found, moves.ticked(found, 1, ANN)))
    with pytest.raises(Conflict) as refused:
        moves.reopened(shut, Counts(), SUE, "once more", None)
    assert refused.value.code == "already_reached"
    quiet = Goal(words="x", kind=QUIET, minutes=5)
    event = moves.reopened(shut, Counts(), SUE, "once more", quiet)
    assert after(shut, event).plan.goal == quiet
    assert event.data["from"]["goal"]["kind"] == ROUTE
    with pytest.raises(Conflict) as refused:
        moves.reopened(flight(), Counts(), SUE, "x", None)
    assert refused.value.code == "not_closed"


def test_tasks_by_hand_are_bounded() -> None:
    found = replace(flight(), by_hand=moves.MOST_BY_HAND)
    with pytest.raises(Conflict) as refused:
        moves.added(found, "m", "t", ANN)
    assert refused.value.code == "too_many_by_hand"


def test_changes_are_bounded_but_the_end_is_not() -> None:
    found = replace(flight(), version=moves.MOST_EVENTS)
    with pytest.raises(Conflict) as refused:
        moves.ticked(found, 1, ANN)
    assert refused.value.code == "too_many_changes"
    assert moves.closed(found, BY_HAND, SUE, "over", {})


def test_quiet_is_reached_so_long_after_the_last_task_ended() -> None:
    found = flight()
    ended = NOON_MS + 10 * MINUTE_MS
    assert due_ms(found, Counts()) == 0, "nothing has begun"
    assert due_ms(found, Counts(mentions=2, tasks=2, open=1, ended_ms=ended)) == 0
    counts = Counts(mentions=2, tasks=2, open=0, ended_ms=ended)
    due = ended + 30 * MINUTE_MS
    assert [reached(found, counts, now) for now in (due - 1, due)] == [False, True]
    early = Counts(mentions=1, tasks=1, open=0, ended_ms=NOON_MS - MINUTE_MS)
    assert due_ms(found, early) == NOON_MS + 30 * MINUTE_MS, "quiet begins with the flight"


def test_a_route_is_reached_with_its_last_step_and_a_time_when_it_comes() -> None:
    found = flight(goal=Goal(words="x", kind=ROUTE))
    first = after(found, moves.ticked(found, 1, at(ANN, 1)))
    assert not reached(first, Counts(), NOON_MS + 9)
    assert due_ms(after(first, moves.ticked(first, 2, at(ANN, 7))), Counts()) == NOON_MS + 7
    timed = flight(goal=Goal(words="x", kind="time", until_ms=NOON_MS + 100))
    assert [reached(timed, Counts(), NOON_MS + ms) for ms in (99, 100)] == [False, True]


def test_the_outcome_says_how_many_how_fast_and_who() -> None:
    found = after(flight(), moves.ticked(flight(), 1, ANN))
    counts = Counts(mentions=4, tasks=3, open=0, ended_ms=NOON_MS)
    answered = [
        Answered(detected_ms=0, replied_ms=10_000),
        Answered(detected_ms=0, replied_ms=40_000),
        Answered(detected_ms=0, replied_ms=0),
    ]
    did = [("replied", "bob"), ("replied", "bob"), ("completed", "ann"), ("said", "@kim")]
    told = outcome(found, counts, answered, did, NOON_MS + 31 * MINUTE_MS)
    assert (told["mentions"], told["tasks"], told["open"], told["answered"]) == (4, 3, 0, 2)
    assert (told["first_reply_median_s"], told["first_reply_longest_s"]) == (25.0, 40.0)
    assert told["reached_ms"] == NOON_MS + 30 * MINUTE_MS
    assert told["people"] == {
        "ann": {"replies": 0, "completed": 1, "steps": 1},
        "bob": {"replies": 2, "completed": 0, "steps": 0},
    }
    early = outcome(found, counts, [], [], NOON_MS)
    assert (early["first_reply_median_s"], early["reached_ms"]) == (None, 0)


def decided(*labels: str, op: str = "decided", at_ms: int = NOON_MS) -> dict[str, Any]:
    data = {"decision": {"labels": list(labels)}}
    return {"op": op, "mention_id": "m1", "now_ms": at_ms, "data": data}


def test_only_decisions_say_which_labels_a_mention_has() -> None:
    expected = Labelled(mention_id="m1", labels=("storm", "refund"), at_ms=NOON_MS)
    assert labelled_of(decided("storm", "refund", "storm")) == expected
    assert labelled_of(decided("storm", op="edited"))
    assert labelled_of(decided()) is None
    assert labelled_of({"op": "edited", "mention_id": "m", "now_ms": 1, "data": {}}) is None
    assert labelled_of({"op": "queued", "mention_id": "m", "now_ms": 1, "data": {}}) is None


def test_a_mention_belongs_by_its_label_from_the_start_on_while_the_flight_is_open() -> None:
    found = flight(labels=("storm", "train"))
    late = Labelled(mention_id="m", labels=("train",), at_ms=NOON_MS)
    assert label_of(found, late) == "train"
    assert label_of(found, replace(late, labels=("bill",))) == ""
    assert label_of(found, replace(late, at_ms=NOON_MS - 1)) == ""
    assert label_of(closed(found), late) == ""
    back = flight(labels=("train",), since_ms=NOON_MS - 10)
    assert label_of(back, replace(late, at_ms=NOON_MS - 10)) == "train"


def test_nothing_is_no_flight_and_an_unknown_event_is_told() -> None:
    with pytest.raises(ValueError, match="opened"):
        fold([])
    with pytest.raises(ValueError, match="landed"):
        applied(flight(), replace(opening(), kind="landed"))


MOVES = ("tick", "untick", "edit", "add", "remove", "close", "reopen")


def moved(found: Flight, what: str, dice: int, who: Who) -> Event | None:
    step = dice % 4 + 1
    if what == "tick":
        return moves.ticked(found, step, who, f"note {dice}")
    if what == "untick":
        return moves.unticked(found, step, who, "why not")
    if what == "edit":
        done = [each for each in found.plan.steps if each.id in found.done]
        fresh = [Step(id=0, what=f"Step {dice}", kind=ROLE, name="agent")] * (dice % 3)
        goal = Goal(words=f"{dice}", kind=(QUIET, ROUTE)[dice % 2], minutes=dice % 50 + 1)
        new = replace(found.plan, steps=(*done, *fresh), goal=goal, say=f"say {dice % 2}")
        return moves.edited(found, new, who)
    if what == "add":
        return moves.added(found, f"m{dice}", f"t{dice}", who)
    if what == "remove":
        return moves.removed(found, {"mention_id": f"m{dice}", "task_id": "t"}, who, "x")
    if what == "close":
        told = outcome(found, Counts(), [], [], who.at_ms)
        return moves.closed(found, BY_HAND, who, "enough", told)
    return moves.reopened(found, Counts(), who, "again", None)


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 99), st.sampled_from("abc"))))
def test_progress_and_goal_are_the_fold_of_the_events(acts: list[tuple[str, int, str]]) -> None:
    events = [opening()]
    live = applied(None, events[0])
    for n, (what, dice, name) in enumerate(acts):
        who = Who(name=name, role="agent", at_ms=NOON_MS + n)
        try:
            event = moved(live, what, dice, who)
        except Conflict:
            continue
        if event:
            events.append(event)
            live = applied(live, event)
    through_json = [
        replace(event, data=json.loads(json.dumps(dict(event.data)))) for event in events
    ]
    assert fold(through_json) == live
    assert [event.version for event in events] == list(range(1, live.version + 1))
    # Progress again, from the ticks alone: who ticked each step that was not taken back.
    ticks: dict[int, str] = {}
    for event in events:
        if event.kind == "ticked":
            assert event.data["step"] not in ticks, "nobody's tick was overwritten"
            ticks[event.data["step"]] = event.by
        elif event.kind == "unticked":
            assert ticks.pop(event.data["step"]) == event.data["was"]["by"]
    assert {id_: done.by for id_, done in live.done.items()} == ticks
    steps = [step.id for step in live.plan.steps]
    assert set(ticks) <= set(steps)
    assert len(set(steps)) == len(steps)
    if live.plan.goal.kind == ROUTE:
        arrived = bool(steps) and set(steps) == set(ticks)
        assert reached(live, Counts(), NOON_MS + len(acts)) == arrived
    assert plan_of(plan_dict(live.plan)) == live.plan
