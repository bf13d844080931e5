"""Conditions read into a tree: positions, parts, and what may not be written."""

from __future__ import annotations

import pytest

from app.core import condition_limits
from app.core.condition import DEEPEST, LONGEST, Unreadable, parse, place, position
from app.core.condition_parts import (
    conjuncts,
    keys_asked,
    labels_asked,
    leaves,
    names,
    patterns,
)
from app.core.condition_truth import form
from app.core.rules import VARIABLES


def problems(when: str) -> list[str]:
    try:
        found = condition_limits.problems(parse(when), VARIABLES)
        return [f"{place(when, at)}: {reason}" for at, reason in found]
    except Unreadable as error:
        return [f"{place(when, error.at)}: {error.reason}"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("score.urgency >", "1:16: expected a value, got the end"),
        ("a b", "1:3: expected the end or an operator, got 'b'"),
        ("(true", "1:6: expected ')', got the end"),
        ("[1 2]", "1:4: expected ',' or ']', got '2'"),
        ("labels.", "1:8: expected a name after the dot, got the end"),
        ("mention.text == 'abc", "1:17: this text has no end"),
        ("true &&\n  score # 1", "2:9: unexpected '#'"),
        ("in", "1:1: expected a value, got 'in'"),
        ("google.protobuf.Struct{}", "1:23: expected the end or an operator, got '{'"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_column(when: str, expected: str) -> None:
    """A4.2: whoever writes a rule is told where it is wrong."""
    assert problems(when) == [expected]


@pytest.mark.parametrize(
    "when",
    [
        "(" * 25 + "true" + ")" * 25,
        "!" * 30 + "true",
        "[" * 30 + "1" + "]" * 30,
        " + ".join(["1"] * 40) + " > 1",
        "labels" + "[0]" * 30,
        "true ? " * 30 + "true" + " : true" * 30,
    ],
)
def test_deep_nesting_is_refused_however_it_is_made(when: str) -> None:
    [problem] = problems(when)
    assert f"at most {DEEPEST} levels of nesting" in problem or "expected ':'" in problem


def test_a_condition_that_is_too_long_is_refused() -> None:
    assert f"at most {LONGEST} characters" in problems("true && " * 300 + "true")[0]


def test_many_conjuncts_side_by_side_are_no_nesting() -> None:
    assert problems(" && ".join(["true"] * 200)) == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("mention.txt == 'a'", "1:1: nothing is named 'mention.txt', did you mean 'mention.text'?"),
        ("true &&\n followers > 3", "2:2: nothing is named 'followers', did you mean"),
        ("score > 1.0", "1:1: nothing is named 'score'; of score there are sentiment"),
        ("mention.text.sayz('a')", "1:14: no function is named 'sayz', did you mean 'says'?"),
        ("lists.range(9).size() > 0", "1:1: nothing is named 'lists'"),
        ("mention.text.matches('a')", '1:14: expected .says("..."), which compiles'),
        ("dyn(mention.text) > 3", "1:1: expected typed values, got dyn(...)"),
        ("mention.text.says(mention.url)", "1:19: expected the pattern as a text in quotes"),
        ("labels.exists(l, labels.all(m, m == l))", "1:25: expected no loop inside a loop"),
        ("labels.exists('x', true)", "1:8: expected .exists(item, condition)"),
        ("mention.url == null", "1:16: expected a value, got null"),
    ],
)
def test_what_may_not_be_written_is_told_with_its_place_and_a_guess(
    when: str, expected: str
) -> None:
    assert problems(when)[0].startswith(expected)


def test_all_problems_of_a_condition_come_at_once_in_order() -> None:
    found = problems("mention.txt == 'a' && foo(1) && score.urgncy > 0.5")
    assert [one.partition(": ")[0] for one in found] == ["1:1", "1:23", "1:33"]


def test_the_name_that_a_loop_gives_to_its_items_is_known_there_and_nowhere_else() -> None:
    assert problems("labels.exists(l, l.startsWith('a'))") == []
    assert problems("labels.exists(l, true) && l == 'a'")[0].startswith("1:27: nothing is named")


def sources(when: str) -> list[str]:
    return [when[node.start : node.end] for node in conjuncts(parse(when))]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("a && (b && c) && (d || e)", ["a", "b", "c", "(d || e)"]),
        ("(a || b) == c", ["(a || b) == c"]),
        ("true", []),
        ("!(a && b)", ["!(a && b)"]),
        ("a ? b : c && d", ["a ? b : c && d"]),
    ],
)
def test_a_condition_is_cut_where_all_parts_must_hold(when: str, expected: list[str]) -> None:
    assert sources(when) == expected


def test_spaces_brackets_and_quotes_make_no_difference_to_the_form() -> None:
    assert form(parse('a=="x"&&(b)')) == form(parse("( a == 'x' ) && b // why"))
    assert form(parse("a - b")) != form(parse("b - a"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'a\tb'", "a\tb"),
        (r"r'a\tb'", r"a\tb"),
        (r"'\x41\u00e9\U0001F621\101'", "Aé😡A"),
        ("'''a'b'''", "a'b"),
        (r'"\"q\""', '"q"'),
        ('""', ""),
    ],
)
def test_texts_are_read_as_cel_reads_them(text: str, value: str) -> None:
    assert parse(text).value == value


def test_labels_are_found_however_they_are_asked_for() -> None:
    when = "'a' in labels || labels.exists(l, l == 'b' || 'c' == l || l in ['d']) || 'x' == 'y'"
    assert [label for _, label in labels_asked(parse(when))] == ["a", "b", "c", "d"]


def test_calendars_are_found_however_they_are_asked_for() -> None:
    when = "calendar.open['a'] || calendar.open.b || 'c' in calendar.open || labels[0] == 'd'"
    assert [name for _, name in keys_asked(parse(when), "calendar.open")] == ["a", "b", "c"]
    assert list(keys_asked(parse(when), "queue.waiting")) == []


def test_names_and_patterns_are_found_inside_of_everything() -> None:
    when = "labels.all(l, l.says('p') && [mention.url][0].says(r'q\\w'))"
    root = parse(when)
    assert [variable for _, variable in names(root, VARIABLES)] == ["labels", "mention.url"]
    assert [node.value for node in patterns(root)] == ["p", r"q\w"]


def test_nothing_that_could_be_skipped_is_left_out_when_a_condition_is_measured() -> None:
    when = "a && (b || labels.exists(l, l == 'x' || c)) && (d ? e : f)"
    assert [text for text, _ in leaves(parse(when), when)] == [
        "a",
        "b",
        "(labels).map(l, l == 'x')",
        "(labels).map(l, c)",
        "d",
        "e",
        "f",
    ]


@pytest.mark.parametrize(("line", "column"), [(1, 1), (1, 4), (2, 1), (3, 2)])
def test_a_place_and_a_position_are_the_same_thing(line: int, column: int) -> None:
    text = "abc\n\nde"
    assert place(text, position(text, line, column)) == f"{line}:{column}"
