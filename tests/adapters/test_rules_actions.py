"""Problems of what a rule does stand at the action, as those of conditions stand in them."""

from __future__ import annotations

import pytest

from app.config import load
from app.core.errors import ConfigError
from app.rules_problems import placed
from app.settings import CONFIG

ROW = '[[row]]\nid = "rest"\nwhen = "true"\nthen = { queue = "service" }\nwhy = "Look."\n'


def places(do: str, on: str = "mention") -> list[tuple[int, int, str]]:
    """Line within the rule's text, column and key of each problem."""
    head = f'title = "Own"\n[[rule]]\nid = "own"\non = "{on}"\nwhen = "true"\nwhy = "So."\n'
    text = f"{head}{do}\n{ROW}"
    texts = {"10.toml": text}
    try:
        load(CONFIG, rule_texts=texts)
    except ConfigError as error:
        found = [placed(sentence, texts) for sentence in error.problems]
        return [(one.line - head.count("\n"), one.column, one.key) for one in found]
    return []


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ('do = [{ label = "a" }, { priority = 200 }]', (1, 26, "do.1.priority")),
        ('do = [\n  { label = "a" },\n  { lable = "b" },\n]', (3, 5, "do.1.lable")),
        (
            'do = [\n  # {, "[\n  { draft = "a] # }, \\"" }, { queue = "no" },\n]',
            (3, 31, "do.queue"),
        ),
        ('do = [{ label = "a" }, {}]', (1, 24, "do.1")),
        ('do = [\n{ macro = "a" },\n{ label = "x" },\n{ macro = "b" }]', (4, 1, "do")),
        ('do = [{ queue = "service" }, { escalate = true }]', (1, 30, "do")),
        ('do = []', (1, 6, "do")),
        (
            'do = [\n  { notify = { to = "sre", text = "A" } },\n'
            '  { notify = { text = "nobody", to = "nobdy" } },\n]',
            (3, 33, "do.notify.to"),
        ),
        ('do = [{ notify = { to = "sre" } }]', (1, 9, "do.0.notify.text")),
        ('do = [{ skills = ["en", "No"] }]', (1, 25, "do.0.skills.1")),
        ('do = [{ "label" = "A B" }]', (1, 9, "do.0.label")),
        ('do = [{ hand_off = "nobody" }]', (1, 9, "do.hand_off")),
        ("do = 7", (1, 6, "do")),
        ('[[rule.do]]\nlabel = "a"\n[[rule.do]]\nqueue = "no"', (3, 1, "do.queue")),
    ],
)  # fmt: skip
def test_a_problem_of_an_action_is_placed_at_it(do: str, expected: tuple[int, int, str]) -> None:
    """A4.1: whoever writes rules is shown where, with line and column."""
    assert places(do) == [expected]


@pytest.mark.parametrize("action", ["escalate = true", 'queue = "urgent"'])
def test_an_action_that_is_not_possible_at_its_event_is_placed_too(action: str) -> None:
    do = f'do = [{{ label = "a" }},\n  {{ {action} }}]'
    assert places(do, "breached") == [(2, 5, "do.queue")]


def test_the_name_that_was_meant_is_not_taken_for_the_wrong_one() -> None:
    """A guess names the right one, which another action may have."""
    do = (
        'do = [{ notify = { to = "supervisor", text = "A" } },\n'
        '{ notify = { to = "supervisr", text = "B" } }]'
    )
    assert places(do) == [(2, 14, "do.notify.to")]


def test_texts_of_several_lines_and_line_ends_of_another_kind_are_counted() -> None:
    do = 'do = [{ draft = """\nDear {name}, ] }\n""" }, { priority = 0 }]'
    assert places(do) == [(3, 10, "do.1.priority")]
    assert places(do.replace("\n", "\r\n")) == [(3, 10, "do.1.priority")]
