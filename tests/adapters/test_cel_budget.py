"""Conditions that nobody could bound are refused when they are loaded, with place and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import config
from app.adapters import cel_budget, cel_checks
from app.adapters.cel_checks import check
from app.core.condition import place

SHIPPED = Path(__file__).parents[2] / "config"


def told(when: str) -> list[str]:
    return [f"{place(when, at)}: {reason}" for at, reason in check(when)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (
            'mention.text.says(r"(.{1,100}){5}q")',
            "1:19: expected a pattern that one character fits in at most 40 places, got 501",
        ),
        ('mention.text.says(r"[ab]*a[ab]{300}c")', "at most 40 places, got 302"),
        ('mention.text.says(r"((a{1,20}){1,20})q")', "at most 40 places, got 400"),
        ('mention.text.says(r"(?:a?){203}a{203}q")', "at most 40 places, got 406"),
        ('mention.text.says("(" + "a")', "1:19: expected the pattern as a text in quotes"),
        (
            " || ".join(["mention.text.says('[ab]{39}c')"] * 6),
            "1:189: expected at most 200 places in all patterns together, got 234 up to here",
        ),
        ('mention.text.says(r"[ab]*a[ab]{36}c|[ab]*b[ab]{1}d")', "1:1: expected at most 5 ms"),
        ('profile.known && mention.text.says(r"\\pL{20}z")', "1:36: the pattern '\\\\pL{20}z': "),
        (
            f"score.lang == 'xx' && labels.map(l, l{' + mention.text' * 12}).size() > 0",
            "1:23: expected at most 5 ms for the longest mention",
        ),
        (
            "labels.exists(l, l == 'x' && mention.text.says('[a-z]*[b-z]*[c-z]*q'))",
            "expected at most 5 ms",
        ),
        (
            f"labels.map(l, {{l: mention.text{' + mention.text' * 11}}}).exists(m, 'q' in m)",
            "1:1: expected at most 5 ms",
        ),
        ("labels.map(l, labels.map(m, m))[0].size() > 0", "1:22: expected no loop inside a loop"),
        ("[1,2,3].map(x, [1,2,3].map(y, x * y)).size() > 0", "1:24: expected no loop inside a"),
        ("(" * 40 + "true" + ")" * 40, "1:25: expected at most 24 levels of nesting"),
        ("lists.range(1000000000).size() > 0", "1:1: nothing is named 'lists'"),
    ],
)
def test_hostile_conditions_are_refused_with_position_and_reason(when: str, expected: str) -> None:
    """A4.2: regular expression bombs, growing texts, loops in loops, deep nests."""
    assert expected in told(when)[0]


def test_the_shipped_rules_are_far_below_their_budget() -> None:
    loaded = config.load(SHIPPED)
    assert not [told(row.when) for row in loaded.every if check(row.when)]
    assert not list(cel_checks.problems_together(loaded.every))
    assert max(cel_budget._costs_s[row.when] for row in loaded.every) < cel_budget.MEASURED_S


def test_conditions_that_are_too_many_together_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    when = 'mention.text.says("so many of them")'
    assert check(when) == ()
    monkeypatch.setitem(cel_budget._costs_s, when, cel_budget.MEASURED_S)
    assert list(cel_budget.together([when] * 19, 1.0)) == []
    [problem] = cel_budget.together([when] * 21, 1.0)
    assert "expected at most 100 ms for the longest mention in all conditions together" in problem


def test_a_rule_in_use_is_measured_leniently(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slower machine than the one that let it in must not refuse it."""
    monkeypatch.setattr(cel_budget, "_cost_s", lambda *_: 2 * cel_budget.MEASURED_S)
    when = 'mention.text.says("twice its budget")'
    assert "expected at most 5 ms" in told(when)[0]
    assert check(when, cel_budget.IN_USE) == ()


def test_what_cel_says_keeps_its_place() -> None:
    when = "profile.known &&\n  score.urgency > 'high'"
    assert told(when)[0].startswith("2:17: found no matching overload for '_>_' applied to")


def test_a_number_without_its_point_beside_a_double_is_told_how_to_be_written() -> None:
    [problem] = told("score.urgency > 1")
    assert problem.endswith("a number beside a double needs its point, such as 1.0")


@pytest.mark.parametrize("when", ["mention.text.says()", "mention.text.size(1) > 2", "size() > 1"])
def test_a_function_with_the_wrong_arguments_is_refused(when: str) -> None:
    assert told(when)


def test_a_condition_that_is_no_question_is_refused() -> None:
    assert told("mention.followers") == ["1:1: expected true or false, got INT"]


class Stumbles:
    """A processor clock on which the first evaluations take long, as on a machine in use."""

    def __init__(self, slow: int) -> None:
        self.now_s, self.calls, self.slow = 0.0, 0, slow

    def thread_time(self) -> float:
        self.calls += 1
        ended = self.calls % 2 == 0
        self.now_s += (0.05 if self.calls <= 2 * self.slow else 0.0001) if ended else 0.0
        return self.now_s


@pytest.mark.parametrize(("slow", "refused"), [(5, False), (6, True)])
def test_a_stumble_of_the_machine_refuses_nothing_but_what_is_slow_again_and_again_is(
    monkeypatch: pytest.MonkeyPatch, slow: int, refused: bool
) -> None:
    monkeypatch.setattr(cel_budget, "time", Stumbles(slow))
    assert bool(check(f'mention.text.says("stumble {slow}")')) is refused
