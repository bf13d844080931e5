"""The measured check: what a condition costs for the longest text and the longest lists.

`&&` and `||` skip what a particular mention does not need, so every part is measured alone, and
the sum counts. The inputs grow step by step: a hostile condition is caught while it is still
small, and measuring it takes a bounded time. Processor time is counted, not the clock on the
wall, so that a busy machine refuses nothing that a quiet one takes.
"""

from __future__ import annotations

import functools
import math
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from cel_expr_python import cel

from app.adapters.cel_environment import METER, activation, environment
from app.core.condition import CALL, NAME, TEXT, Node
from app.core.condition_limits import Problem
from app.core.condition_parts import leaves, patterns, walk
from app.core.events import EVERY_VARIABLE
from app.core.rules import MAPS, MOST_ITEMS, MOST_NAMES, TEXT_CHARS

RULE_BUDGET_S = 0.02  # of one condition, whatever is said: this is promised
MEASURED_S = RULE_BUDGET_S / 4  # for the inputs below: others may be worse. Shipped: 2.3 ms at most
ALL_MEASURED_S = 0.1  # of all conditions together; the shipped ones take 11 ms
# Asked of rules that are in use: a process on a slower or busier machine than the one that let a
# rule in must not refuse it.
IN_USE = 4.0
_LONGEST = {"mention.url": 2_048, "mention.handle": 200, "profile.name": 512}
_SHORT_CHARS = 512  # of every other text but the mention's
_ITEM_CHARS = 40  # of an item of a list, and of a name in a map
_STEPS = ((1 << 8, 2), (1 << 11, 8), (1 << 13, 32), (TEXT_CHARS, MOST_ITEMS))
_NAMES_AN_ITEM = MOST_NAMES // MOST_ITEMS
_FIXED_S = 5e-6  # of a part that only compares numbers and short texts
_TRIES = 2  # the fastest one counts: the first may pay for what is made once
_DOUBTS = 4  # more of them before anything is refused: a machine that others use stumbles
_SAMPLES: dict[type, object] = {int: 1_000_000, float: 0.5, bool: True}
_MOST_CLASSES = 3
_MOST_WORDS = 500
_WORDS = ("refund", "charged", "you", "the", "late", "is", "a", "my", "emergency", "smoke", "é")


def problems(root: Node, when: str, lenience: float) -> Iterator[Problem]:
    """Told where the first part is that goes beyond the budget."""
    if when in _costs_s:
        return
    most_s, spent_s = MEASURED_S * lenience, 0.0
    for leaf, node in dict(leaves(root, when)).items():
        spent_s += _cost_s(leaf, node, most_s - spent_s)
        if spent_s > most_s:
            reason = f"expected at most {most_s * 1000:g} ms for the longest mention"
            yield node.start, f"{reason}, got {spent_s * 1000:.0f} ms or more up to here"
            return
    _costs_s[when] = spent_s


def together(conditions: Iterable[str], lenience: float) -> Iterator[str]:
    """Conditions that are each within their budget may still be too many."""
    most_s = ALL_MEASURED_S * lenience
    spent_s = sum(_costs_s.get(when, 0.0) for when in conditions)
    if spent_s > most_s:
        yield (
            f"rules/: expected at most {most_s * 1000:g} ms for the longest mention in all"
            f" conditions together, got {spent_s * 1000:.0f} ms"
        )


# What conditions cost at their worst, as far as they were measured in this process.
_costs_s: dict[str, float] = {}


def _cost_s(leaf: str, node: Node, left_s: float) -> float:
    """The processor time of one part at its worst; it ends early where it is beyond the budget."""
    if not _may_be_long(node):
        return _FIXED_S
    try:
        expression = environment().compile(leaf)
    except RuntimeError:  # speaks of a loop's item: the loop is measured as a whole
        return 0.0
    worst_s = 0.0
    hints = [one.value for one in patterns(node) if one.kind == TEXT]
    for chars, items in _STEPS:
        for text in texts(chars, hints):
            worst_s = max(worst_s, measured_s(expression, worst_values(text, items), left_s))
            if worst_s > left_s:
                return worst_s
    return worst_s


def _may_be_long(node: Node) -> bool:
    return any(
        visit.node.kind == CALL or (visit.node.kind == NAME and visit.node.value in _LONG_NAMES)
        for visit in walk(node)
    )


_LONG_NAMES = {"mention.text", *(n for n, t in EVERY_VARIABLE.items() if t in (list, dict))}


def measured_s(
    expression: cel.Expression, values: dict[str, object], most_s: float = math.inf
) -> float:
    """Processor time of one evaluation; one that CEL stops counts as long as it took.

    What seems to take more than `most_s` is measured again before it is believed.
    """
    given, best_s = activation(values), math.inf
    for tried in range(_TRIES + _DOUBTS):
        if tried >= _TRIES and best_s <= most_s:
            break
        METER.begin()
        began = time.thread_time()
        with suppress(RuntimeError):  # CEL's own budget of steps
            expression.eval(given)
        best_s = min(best_s, time.thread_time() - began)
    METER.begin()
    return best_s


def texts(chars: int, hints: list[str], seed: int = 0) -> Iterator[str]:
    """Texts of this length: even ones, words, four bytes a character, and what patterns name.

    A search is slowest on texts that nearly fit, in ever new ways: chance over the characters of
    the pattern itself makes them, over each of its classes, and with some of them rare.
    """
    chance = random.Random(f"{seed} {chars}")
    yield "a" * chars
    yield _worded(chance, _WORDS, chars)
    yield "😡" * chars
    for hint in hints:
        letters = _letters(hint)
        for some in [letters, *_classes(hint)]:
            yield _lettered(chance, some, chars)
        chance.shuffle(letters)
        rarer = [one for rank, one in enumerate(letters) for _ in range(256 >> min(rank, 8))]
        yield _lettered(chance, rarer[:256], chars)
        yield _worded(chance, re.findall(r"\w+", hint) or [hint], chars)


def _lettered(chance: random.Random, letters: Sequence[str], chars: int) -> str:
    """Letters by chance, each as often as it is listed; a table makes it fast."""
    table = {code: letters[code % len(letters)] for code in range(256)}
    return chance.randbytes(chars).decode("latin-1").translate(table)


def _worded(chance: random.Random, words: Sequence[str], chars: int) -> str:
    """Words by chance, the same ones again in a text that is long."""
    some = " ".join(chance.choices(words, k=_MOST_WORDS)) + " "
    return (some * (chars // len(some) + 1))[:chars]


def _letters(hint: str) -> list[str]:
    plain = re.sub(r"\\.|[{][^}]*[}]", "", hint)
    found = sorted({one for one in plain if one.isalnum() or one in " -.@"})
    return found or ["a", "b"]


def _classes(hint: str) -> list[list[str]]:
    """The letters of each class such as `[a-z]`, of the first few that differ."""
    found = dict.fromkeys(re.findall(r"\[\^?([^\]]+)\]", hint))
    return [_letters(one) for one in found][:_MOST_CLASSES]


def worst_values(text: str, items: int) -> dict[str, object]:
    """Every text as long as it may be; every list, and every map beside it, as full."""
    values: dict[str, object] = {}
    for name, type_ in EVERY_VARIABLE.items():
        if type_ is str:
            values[name] = text[: _LONGEST.get(name, _SHORT_CHARS)]
        elif type_ is list:
            values[name] = [f"{number}{text[:_ITEM_CHARS]}" for number in range(items)]
        elif type_ is not dict:
            values[name] = _SAMPLES[type_]
    return {**values, **_full_maps(items * _NAMES_AN_ITEM), "mention.text": text}


@functools.cache
def _full_maps(count: int) -> dict[str, object]:
    names = [f"{number:a>{_ITEM_CHARS}}" for number in range(count)]
    return {name: dict.fromkeys(names, _SAMPLES[type_]) for name, type_ in MAPS.items()}
