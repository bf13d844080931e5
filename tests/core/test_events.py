"""Events of a task, pure: what is known then, who waits since when, what rules may do how often."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.decision import Notice
from app.core.event_acts import (
    DONE,
    MOST_ACTS,
    MOST_DEEP,
    MOST_TOLD,
    PENDING,
    STOPPED,
    Act,
    acts,
    depth_of,
)
from app.core.events import (
    EVERY_VARIABLE,
    TASK_VARIABLES,
    Event,
    event_of,
    fact_event,
    seen,
    task_values,
)
from app.core.notices import audience, audiences, of_acts, of_decision
from app.core.recorded import recorded
from app.core.rules import Effects, Rule
from app.core.waiting import Wait, Waits, waiting_event
from tests.builders import NOON_MS
from tests.event_facts import AMIRA, MINUTE_MS, Story


def values_of(story: Story) -> dict[str, object]:
    return task_values(story.facts, fact_event(story.facts[-1], 0))


def rule(id_: str = "r", on: str = "at_risk", after_s: float = 0.0, **does: Any) -> Rule:
    fields = {"when": "true", "why": f"{id_}.", "on": on, "after_s": after_s}
    return Rule(id=id_, does=Effects(**(does or {"priority": 90})), **fields)


def event(story: Story, depth: int = 0) -> Event:
    return fact_event(story.facts[-1], depth)


# What is known


def test_every_variable_of_the_task_has_a_value_of_its_type() -> None:
    values = values_of(Story().decided().queued().task("at_risk", "queued", 24))
    assert values.keys() == TASK_VARIABLES.keys()
    assert {name: type(value) for name, value in values.items()} == TASK_VARIABLES


def test_a_waiting_task_at_risk_is_told_as_it_stands() -> None:
    story = Story().decided().queued(1).task("offered", "offered", 2, rep="ann")
    values = values_of(
        story.task("timed_out", "queued", 3, rep="ann").task("at_risk", "queued", 24)
    )
    wanted = {
        "task.queue": "service",
        "task.state": "queued",
        "task.priority": 50,
        "task.rep": "ann",
        "task.sla": "at_risk",
        "task.clock": "response",
        "task.waited_s": 23 * 60.0,  # an offer that nobody took does not end a wait
        "task.age_s": 24 * 60.0,
        "task.left_s": 6 * 60.0,
        "task.offers": 1,
        "task.replies": 0,
    }
    assert {name: values[name] for name in wanted} == wanted


def test_who_handed_a_task_on_and_why_is_known() -> None:
    story = Story().decided().queued().task("accepted", "accepted", 5, rep="amira", actor=AMIRA)
    moved = {"data": {"from_queue": "service"}, "actor": AMIRA, "reason": "about money"}
    story.task("replied", "accepted", 6).task("transferred", "queued", 8, queue="billing", **moved)
    values = values_of(story)
    assert (values["task.from_queue"], values["task.queue"]) == ("service", "billing")
    assert (values["task.by"], values["task.reason"]) == ("agent", "about money")
    assert (values["task.transfers"], values["task.replies"]) == (1, 1)
    assert (values["task.sla"], values["task.waited_s"]) == ("met", 0.0)


def test_while_somebody_has_it_a_task_does_not_wait() -> None:
    story = Story().decided().queued().task("accepted", "accepted", 5)
    assert values_of(story.task("at_risk", "accepted", 24))["task.waited_s"] == 0.0


def test_the_resolutions_breach_says_which_clock_and_leaves_the_response_as_it_was() -> None:
    story = (
        Story().decided().queued().task("accepted", "accepted", 5).task("replied", "accepted", 6)
    )
    values = values_of(story.task("breached", "accepted", 300, data={"clock": "resolution"}))
    assert (values["task.clock"], values["task.sla"]) == ("resolution", "met")


def test_conditions_see_the_mentions_values_and_the_time_of_the_event() -> None:
    story = Story().decided(labels=("vip",)).queued().task("at_risk", "queued", 90)
    [known] = recorded(story.facts)
    values = seen(known, story.facts, event(story), {}, ["late", "vip"])
    assert values.keys() == EVERY_VARIABLE.keys()
    assert values["mention.text"] == "Where is my order?"
    assert values["labels"] == ["vip", "late"]
    at_mention = known.values["time.minute_of_day"]
    assert values["time.minute_of_day"] == (int(str(at_mention)) + 90) % (24 * 60)


def test_facts_of_no_task_are_no_events() -> None:
    story = Story().decided().queued().task("prioritised", "queued", 1)
    assert [event_of(fact) for fact in story.facts] == ["", "", "", ""]
    assert event_of({"op": "breached", "task_id": ""}) == ""


# Waiting


def due(waits: Waits, minute: float, limit: int = 10) -> list[tuple[str, str]]:
    at_ms = NOON_MS + round(minute * MINUTE_MS)
    return [(wait.fact_id, rule_id) for wait, rule_id in waits.due(at_ms, limit)]


def followed(story: Story, *rules: Rule) -> Waits:
    waits = Waits(rules)
    for fact in story.facts:
        waits.follow(fact)
    return waits


FIVE = rule("five", "waiting", 300.0)
TEN = rule("ten", "waiting", 600.0)


def test_a_rule_comes_due_once_when_the_task_has_waited_long_enough() -> None:
    story = Story().decided().queued()
    waits, begun = followed(story, TEN, FIVE), story.facts[-1]["fact_id"]
    assert due(waits, 4.9) == []
    assert due(waits, 5) == [(begun, "five")]
    assert due(waits, 9) == []
    assert due(waits, 99) == [(begun, "ten")]
    assert due(waits, 999) == []


def test_a_change_of_queue_and_an_untaken_offer_are_the_same_wait() -> None:
    story = Story().decided().queued()
    begun = story.facts[-1]["fact_id"]
    story.task("offered", "offered", 1).task("rejected", "queued", 2)
    story.task("transferred", "queued", 3, queue="billing").task("escalated", "queued", 4)
    assert due(followed(story, FIVE), 5) == [(begun, "five")]


@pytest.mark.parametrize(
    ("op", "to"), [("accepted", "accepted"), ("parked", "parked"), ("cancelled", "cancelled")]
)
def test_whoever_is_taken_in_hand_waits_no_longer(op: str, to: str) -> None:
    waits = followed(Story().decided().queued().task(op, to, 3), FIVE)
    assert (due(waits, 60), len(waits)) == ([], 0)


def test_a_task_that_is_given_back_waits_anew() -> None:
    story = Story().decided().queued().task("accepted", "accepted", 3)
    story.task("transferred", "queued", 10)
    waits = followed(story, FIVE)
    assert due(waits, 14) == []
    assert due(waits, 15) == [(story.facts[-1]["fact_id"], "five")]


def test_a_new_version_of_the_rules_looks_at_all_who_wait() -> None:
    story = Story().decided().queued()
    waits = followed(story, FIVE)
    assert len(due(waits, 20)) == 1
    waits.adopt([TEN])
    assert due(waits, 20) == [(story.facts[-1]["fact_id"], "ten")]


def test_waits_that_have_ended_leave_no_more_behind_than_open_ones_need() -> None:
    """`after` may be a year: nobody keeps what ended so long."""
    rules = [rule(f"r{n}", "waiting", 86_400.0 * (n + 1)) for n in range(5)]
    waits = Waits(rules)
    open_ones = [Story(f"open{n}").decided().queued() for n in range(3)]
    for story in open_ones:
        waits.follow(story.facts[-1])
    for n in range(200):
        for fact in Story(f"{n}").decided().queued().task("accepted", "accepted", 1).facts:
            waits.follow(fact)
            assert waits.planned <= 2 * len(waits) * len(rules)
    found = due(waits, 10 * 86_400, limit=99)
    assert [id_ for _, id_ in found[::3]] == [one.id for one in rules]  # and none is lost
    assert {fact_id for fact_id, _ in found} == {s.facts[-1]["fact_id"] for s in open_ones}
    assert waits.planned == 0


def test_what_has_come_due_leaves_ended_waits_no_room_either() -> None:
    waits = Waits([FIVE, rule("year", "waiting", 366 * 86_400.0)])
    for n in range(4):
        waits.follow(Story(f"open{n}").decided().queued().facts[-1])
    for n in range(3):
        for fact in Story(f"{n}").decided().queued(9).task("parked", "parked", 9).facts:
            waits.follow(fact)
    assert len(due(waits, 5, limit=4)) == 4
    assert waits.planned <= 2 * 4


def test_what_is_put_back_after_its_wait_has_ended_is_forgotten() -> None:
    story = Story().decided().queued()
    waits = followed(story, FIVE)
    pairs = waits.due(NOON_MS + 60 * MINUTE_MS, 10)
    waits.follow(story.task("accepted", "accepted", 1).facts[-1])
    waits.put_back(pairs)
    assert (waits.planned, due(waits, 60)) == (0, [])


def test_facts_that_are_told_again_change_nothing() -> None:
    story = Story().decided().queued()
    waits = followed(story, FIVE)
    assert len(due(waits, 20)) == 1
    waits.follow(story.facts[-1])
    assert due(waits, 20) == []


def test_what_could_not_be_asked_stays_due_and_the_longest_waiting_come_first() -> None:
    waits = Waits([FIVE])
    stories = [Story(str(n)).decided().queued(n) for n in range(3)]
    for story in stories:
        waits.follow(story.facts[-1])
    late = NOON_MS + 60 * MINUTE_MS
    first = waits.due(late, 2)
    assert [wait.mention_id for wait, _ in first] == [s.mention_id for s in stories[:2]]
    waits.put_back(first)
    assert waits.due(late, 2) == first


def test_one_wait_is_one_event_for_one_rule_whenever_it_is_asked() -> None:
    wait = Wait(task_id="t", mention_id="m", fact_id="f", since_ms=1)
    ids = {waiting_event(wait, "five", at_ms, at_ms).event_id for at_ms in (2, 3)}
    assert len(ids) == 1
    assert waiting_event(wait, "ten", 2, 2).event_id not in ids


# What rules do


STORY = Story().decided().queued().task("at_risk", "queued", 24)


def test_an_act_names_rule_and_fact_whoever_makes_it() -> None:
    mover = rule("up", priority=90, route="urgent", skills=("mediator",))
    [one] = acts(event(STORY), [mover], 3, ())
    assert acts(event(STORY), [mover], 4, ())[0].act_id == one.act_id
    assert acts(event(STORY), [rule("other")], 3, ())[0].act_id != one.act_id
    assert (one.state, one.commands, one.number) == (PENDING, ("prioritise", "reroute"), 3)
    assert one.op_id("reroute") == f"rule:1:up:{one.act_id}:reroute"
    assert one.actor == {"type": "system", "id": "rule:up", "role": "service"}
    assert one.reason == "Rule up: up."


def test_a_rule_that_only_tells_and_labels_needs_no_door() -> None:
    teller = rule("tell", labels=("late",), notices=(Notice(to="supervisor", text="Look."),))
    [one] = acts(event(STORY), [teller], 1, ())
    assert (one.state, one.commands) == (DONE, ())
    [notice] = of_acts([one])
    assert (notice.audience, notice.text, notice.rule) == ("role:supervisor", "Look.", "tell")
    assert notice.task_id == STORY.task_id


def caused(op_id: str, **actor: str) -> dict[str, Any]:
    return {"op_id": op_id, "actor": {"type": "system", "id": "x", "role": "service"} | actor}


def test_a_fact_tells_how_many_rules_led_to_it() -> None:
    [one] = acts(event(STORY, depth=1), [rule()], 1, ())
    assert depth_of(caused(one.op_id("reroute"))) == 2
    assert depth_of(caused("amira:transfer:1")) == 0
    # Somebody whose name is `rule` is still somebody.
    assert depth_of(caused("rule:3:k", type="user")) == 0
    assert depth_of(caused("rule:accept:1")) == 0


def test_a_chain_of_rules_ends_with_the_reason() -> None:
    """Item 5: what no check could see is stopped at run time, visibly."""
    [last] = acts(event(STORY, depth=MOST_DEEP - 1), [rule()], 1, ())
    assert (last.state, last.depth) == (PENDING, MOST_DEEP)
    [stopped] = acts(
        event(STORY, depth=MOST_DEEP), [rule(notices=(Notice(to="sre", text="x"),))], 1, ()
    )
    assert stopped.state == STOPPED
    assert stopped.stopped.startswith("3 rules led here, one behind the other")
    assert of_acts([stopped]) == []


def test_a_tasks_budget_ends_with_the_reason() -> None:
    """What moves, what hands off and what was stopped before: in one budget, out of it, in none."""
    before = did(MOST_ACTS - 2, handoffs=("crm",))
    found = acts(event(STORY), [rule(f"r{n}") for n in range(4)], 1, before)
    assert [one.state for one in found] == [PENDING, PENDING, STOPPED, STOPPED]
    assert found[-1].stopped == f"event rules have acted {MOST_ACTS} times on this task already"
    again = acts(event(STORY), [rule("again")], 1, [*before, found[0], found[2], found[3]])
    assert [one.state for one in again] == [PENDING]


def did(count: int, **does: Any) -> list[Act]:
    """What so many rules did at one event."""
    return [acts(event(STORY), [rule(f"d{n}", **does)], 1, ())[0] for n in range(count)]


def test_what_only_tells_never_keeps_a_rule_from_moving_a_task() -> None:
    """Acts that label or notify have a budget of their own, and an end of their own."""
    notices = (Notice(to="supervisor", text="Look."),)
    before = did(MOST_TOLD, labels=("late",))
    found = acts(event(STORY), [rule("up"), rule("tell", notices=notices)], 1, before)
    assert [one.state for one in found] == [PENDING, STOPPED]
    said = f"event rules have labelled or told {MOST_TOLD} times on this task already"
    assert (found[0].stopped, found[1].stopped) == ("", said)
    moved = did(MOST_ACTS)
    both = acts(event(STORY), [rule("up"), rule("tell", notices=notices)], 1, moved)
    assert [one.state for one in both] == [STOPPED, DONE]


# Whom notices reach


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("supervisor", "role:supervisor"),
        ("agent", "role:agent"),
        ("mediator", "skill:mediator"),
        ("amira", "rep:amira"),
    ],
)
def test_a_notice_is_for_a_role_the_mediators_or_one_person(to: str, expected: str) -> None:
    assert audience(to) == expected


def test_nobody_is_addressed_as_somebody_else() -> None:
    assert audiences("amira", "agent", ("en",)) == ("role:agent", "rep:amira")
    assert audiences("miriam", "agent", ("mediator",))[-1] == "skill:mediator"
    assert audiences("milan", "agent", ("mediator:2",))[-1] == "skill:mediator"
    # A person whose name is a role is not that role, and an id cannot be taken for a role.
    assert "role:supervisor" not in audiences("supervisor", "agent", ())


def test_what_rules_say_at_the_mention_are_notices_too() -> None:
    """They name their rule; decisions of older software do not tell whose they are."""
    said = ({"to": "supervisor", "text": "Press.", "rule": "press"}, {"to": "ann", "text": "You."})
    story = Story().decided(notices=said)
    found = [notice for fact in story.facts for notice in of_decision(fact)]
    assert [(one.audience, one.text, one.event, one.rule) for one in found] == [
        ("role:supervisor", "Press.", "mention", "press"),
        ("rep:ann", "You.", "mention", ""),
    ]
    assert len({one.notice_id for one in found}) == 2
    assert {one.task_id for one in found} == {story.task_id}
