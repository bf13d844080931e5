"""Event rules after the mention: what they may ask and do at which event, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.decision import Reply
from app.core.event_acts import POSSIBLE
from app.core.events import TASK_VARIABLES
from app.core.rules import EVENTS, MENTION
from tests.adapters.test_config_rules import ROW, folder, loaded, problems, text

__all__ = ["folder"]  # a fixture

CRM = '[partner.crm]\ntitle = "CRM"\nurl = "https://crm.example.org/in"\n'
TELL = '{ label = "seen" }, { notify = { to = "supervisor", text = "Look." } }'
MOVE = '{ queue = "urgent" }, { priority = 90 }'
LATER = [event for event in EVENTS if event != MENTION]


def at(on: str, do: str, when: str = "mention.public", id_: str = "own", more: str = "") -> str:
    after = '\nafter = "5m"' if on == "waiting" else ""
    return text(do, when, f'on = "{on}"{after}\n{more}', id_)


def test_there_is_an_answer_for_each_event() -> None:
    assert POSSIBLE.keys() == set(LATER)


@pytest.mark.parametrize("on", LATER)
def test_a_rule_may_label_and_tell_people_at_every_event(folder: Path, on: str) -> None:
    """A4.1: rules inform and flag; A5.5: people are told, instead of looking."""
    [rule] = loaded(folder, at(on, TELL))
    assert (rule.on, rule.does.labels, rule.does.notices[0].to) == (on, ("seen",), "supervisor")


@pytest.mark.parametrize("on", LATER)
def test_a_rule_may_hand_off_at_every_event(folder: Path, on: str) -> None:
    """A4.7: hand-off between engines, whenever it shows that another one should have it."""
    (folder / "handoffs.toml").write_text(CRM, "utf-8")
    [rule] = loaded(folder, at(on, '{ hand_off = "crm" }'))
    assert rule.does.handoffs == ("crm",)
    assert problems(folder, at(on, '{ hand_off = "bank" }')) == [
        "rule own: do.hand_off: no partner is named 'bank'"
    ]


@pytest.mark.parametrize("on", LATER)
def test_a_rule_may_reply_at_every_event(folder: Path, on: str) -> None:
    """A4.8, A4.11: through the permission gate, whenever it is due."""
    [rule] = loaded(folder, at(on, '{ reply = { text = "It takes longer." } }'))
    assert rule.does.reply == Reply(text="It takes longer.", purpose="answer")


@pytest.mark.parametrize("on", ["waiting", "at_risk", "transferred"])
def test_a_rule_may_move_a_task_that_may_wait(folder: Path, on: str) -> None:
    [rule] = loaded(folder, at(on, MOVE))
    assert (rule.does.route, rule.does.priority) == ("urgent", 90)


def test_a_rule_may_tell_the_mediators(folder: Path) -> None:
    """A4.4: the mediator is told."""
    do = '{ escalate = true }, { notify = { to = "mediator", text = "Settle it." } }'
    [rule] = loaded(folder, at("waiting", do))
    assert (rule.does.route, rule.does.notices[0].to) == ("escalation", "mediator")


def test_the_docs_name_every_variable_of_the_task() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    assert [name for name in TASK_VARIABLES if f"`{name}`" not in page] == []


def test_waits_stretch_with_the_windows(folder: Path) -> None:
    [rule] = loaded(folder, at("waiting", TELL), scale=0.1)
    assert rule.after_s == 30.0


@pytest.mark.parametrize(
    ("on", "do", "reason"),
    [
        ("waiting", "{ close = true }", "do.close: an open task is ended by people alone"),
        ("at_risk", '{ window = "5m" }', "do.window: a deadline moves with its policy alone"),
        ("at_risk", '{ skills = ["de"] }', "do.skills: a task needs what its queue and"),
        ("waiting", '{ draft = "Dear" }', "do.draft: the card of a task is made at the mention"),
        ("waiting", '{ macro = "bag" }', "do.macro: the card of a task is made at the mention"),
        ("waiting", '{ case = "Bag" }', "do.case: a case is opened at the mention"),
        ("breached", '{ queue = "urgent" }', "do.queue: a breached task is the mediator's"),
        ("breached", "{ priority = 9 }", "do.priority: a breached task is the mediator's"),
        ("replied", "{ escalate = true }", "do.queue: an agent has the task in hand"),
        ("completed", "{ priority = 9 }", "do.priority: the task has ended"),
    ],
)
def test_what_cannot_be_done_at_an_event_is_refused_with_the_reason(
    folder: Path, on: str, do: str, reason: str
) -> None:
    [problem] = problems(folder, at(on, do))
    action, _, why = reason.partition(": ")
    assert problem.startswith(f"rule own: {action}: not possible with on = {on!r}: {why}")


@pytest.mark.parametrize("name", TASK_VARIABLES)
@pytest.mark.parametrize("on", ["waiting", "completed"])
def test_the_task_is_known_at_every_later_event(folder: Path, name: str, on: str) -> None:
    kind = {str: '!= "x"', int: "< 9", float: "< 9.5", bool: "|| true"}[TASK_VARIABLES[name]]
    assert loaded(folder, at(on, TELL, f"{name} {kind}"))


def test_the_task_is_not_known_at_the_mention(folder: Path) -> None:
    early = text('{ label = "a" }', "mention.public && task.waited_s > 60.0")
    row = ROW.replace('"true"', "'task.queue == \"urgent\"'") + ROW.replace("rest", "all")
    found = problems(folder, early, rows=row)
    said = "is known at later events alone: at the mention, no task is"
    assert found == [
        f"rule own: when: 1:19: 'task.waited_s' {said}",
        f"row rest: when: 1:1: 'task.queue' {said}",
    ]


def test_a_wrong_type_or_name_of_the_task_is_told_as_any_other(folder: Path) -> None:
    [problem] = problems(folder, at("waiting", TELL, "task.waitd_s > 60.0"))
    assert "nothing is named 'task.waitd_s', did you mean 'task.waited_s'?" in problem
    [problem] = problems(folder, at("waiting", TELL, "task.queue > 60"))
    assert problem.startswith("rule own: when: 1:12: found no matching overload for '_>_'")


def test_a_label_of_a_later_event_is_not_known_at_the_mention(folder: Path) -> None:
    late = at("breached", '{ label = "late" }', id_="late")
    early = text('{ label = "a" }', '"late" in labels')
    assert problems(folder, late, early) == [
        "rule own: when: 1:1: the label 'late' is set after the mention alone"
    ]


def test_labels_of_the_mention_and_of_earlier_rules_are_known_later(folder: Path) -> None:
    when = '"vip" in labels && "late" in labels'
    rules = [
        at("breached", '{ label = "late" }', id_="late"),
        at("completed", TELL, when),
        text('{ label = "vip" }', id_="vip"),
    ]
    assert len(loaded(folder, *rules)) == 3


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "!false",
        "1 == 1",
        "true || mention.public",
        "mention.public || !mention.public",
        'task.queue == "urgent" || task.queue != "urgent"',
    ],
)
def test_a_rule_that_sends_away_whatever_is_handed_on_is_refused(folder: Path, when: str) -> None:
    """Item 5: what is certain to go wrong is refused when it is read."""
    [problem] = problems(folder, at("transferred", '{ queue = "urgent" }', when))
    said = "rule own: when: expected a condition that does not always hold: this one sends away"
    assert problem.startswith(said)


def circle(*pairs: tuple[str, str], more: str = "") -> list[str]:
    return [
        at("transferred", f'{{ queue = "{to}" }}', f'task.queue == "{at_}"{more}', f"r{n}")
        for n, (at_, to) in enumerate(pairs, 1)
    ]


@pytest.mark.parametrize(
    "more", ["", ' && mention.public && score.intent == "complaint"', " && 1 < 2"]
)
def test_rules_that_move_a_task_in_a_circle_are_refused(folder: Path, more: str) -> None:
    pairs = (("service", "sales"), ("sales", "urgent"), ("urgent", "service"))
    assert problems(folder, *circle(*pairs, more=more)) == [
        "rule r1: when: goes in a circle with r2, r3: service to sales to urgent to service"
    ]


@pytest.mark.parametrize(
    "rules",
    [
        circle(("service", "sales"), ("sales", "urgent")),
        circle(("service", "service")),
        circle(("service", "sales"), ("sales", "service"), more=" && task.transfers < 2"),
        circle(("service", "sales"), ("sales", "service"), more=" && time.hour < 8"),
        circle(("service", "sales"), ("sales", "service"), more=" && 1 > 2"),
        circle(("service", "sales"), ("sales", "service"), more=" && queue.free.sales > 0"),
        [*circle(("service", "sales")), *circle(("sales", "service"), more=" && mention.public")],
    ],
    ids=["a road", "to itself", "counts", "time", "never", "queues", "another mention"],
)
def test_what_may_end_is_left_to_the_budget(folder: Path, rules: list[str]) -> None:
    renamed = [rule.replace('"r1"', f'"n{n}"') for n, rule in enumerate(rules)]
    assert len(loaded(folder, *renamed)) == len(rules)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            at("at_risk", '{ notify = { to = "supervisor", text = "Look\\u0000here." } }'),
            "rule own: do.0.notify.text: {}U+0000, got 'Look\\x00here.'",
        ),
        (
            text('{ draft = "Dear\\u001b[31m" }'),
            "rule own: do.0.draft: {}U+001B, got 'Dear\\x1b[31m'",
        ),
        (text('{ case = "A\\u0085" }'), "rule own: do.0.case: {}U+0085, got 'A\\x85'"),
        (
            text('{ label = "a" }', more='for = { customers = ["@kim", "\\u0000"] }'),
            "rule own: for.customers: {}U+0000, got \"['@kim', '\\\\x00']\"",
        ),
        (
            text('{ label = "a" }').replace("Because", "Be\\u007fcause"),
            "rule own: why: {}U+007F, got 'Be\\x7fcause.'",
        ),
    ],
)
def test_a_text_with_control_signs_is_refused(folder: Path, rule: str, said: str) -> None:
    """Nobody can read them, and not every store can keep them."""
    expected = "expected a text without control signs other than line break and tab, found "
    assert problems(folder, rule) == [said.format(expected)]


def test_a_text_may_have_lines_and_tabs(folder: Path) -> None:
    [rule] = loaded(folder, text('{ draft = "Dear,\\n\\tyours\\r\\n." }'))
    assert rule.does.draft == "Dear,\n\tyours\r\n."


WAIT = text('{ label = "a" }', more='on = "waiting"\nafter = "5m"')


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (WAIT.replace("5m", "400d"), "after: expected a duration of at most 366d, got '400d'"),
        (
            WAIT.replace('"5m"', "5"),
            "after: expected a duration such as 90s, 30m or 4h, got '5'",
        ),
        (WAIT.replace("5m", "59s"), 'expected after = "1m" or longer with on = "waiting"'),
        (text("{ priority = true }"), "do.0.priority: Input should be a valid integer, got 'True'"),
        (text('{ priority = "5" }'), "do.0.priority: Input should be a valid integer, got '5'"),
        (
            text('{ label = "a" }', more="level = true"),
            "level: Input should be a valid integer, got 'True'",
        ),
        (text('{ notify = "sue" }'), "do.0.notify: expected a table with keys, got 'sue'"),
        (text('{ label = "a" },' * 21), "do: expected at most 20 entries, got 21"),
    ],
)
def test_what_is_wrong_is_said_as_people_wrote_it(folder: Path, rule: str, said: str) -> None:
    assert problems(folder, rule) == [f"rule own: {said}"]
