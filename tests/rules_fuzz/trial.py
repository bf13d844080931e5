"""One fuzzed condition on trial: is it let in, and what does it cost at its worst?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random

from app.adapters import cel_budget
from app.adapters.cel_checks import check
from app.adapters.cel_environment import METER, activation
from app.adapters.cel_table import Table
from app.core.condition import parse
from app.core.condition_parts import patterns
from app.core.events import EVERY_VARIABLE
from app.core.queue_state import unpacked
from tests.rules_fuzz.generate import event, fuzzed
from tests.rules_fuzz.nearly import nearly

HTTP_BYTES = 262_144  # as long as a mention may be
_MENTIONS = 6  # by chance, beside those with the worst texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`refused` has position and reason of each problem; `worst_s` is processor time."""

    number: int
    condition: str
    refused: tuple[tuple[int, str], ...] = ()
    check_s: float = 0.0
    worst_s: float = 0.0

    @property
    def over(self) -> bool:
        return self.worst_s > cel_budget.RULE_BUDGET_S


def trial(number: int) -> Verdict:
    """Check a condition, and evaluate it where it is let in."""
    when = fuzzed(number)
    began = time.thread_time()
    refused = check(when, on=event(when))
    check_s = time.thread_time() - began
    if refused:
        return Verdict(number=number, condition=when, refused=refused, check_s=check_s)
    worst_s = _worst_s(when, Random(f"values of {number}"))
    return Verdict(number=number, condition=when, check_s=check_s, worst_s=worst_s)


def _worst_s(when: str, chance: Random) -> float:
    """By the shipped table, for inputs that the check at load has not seen."""
    table = Table([when])
    hints = [node.value for node in patterns(parse(when))]
    texts = list(cel_budget.texts(HTTP_BYTES, hints, seed=chance.randrange(1 << 30)))
    texts += [text for hint in hints for text in nearly(hint, HTTP_BYTES, chance)]
    worst_s = 0.0
    for text in texts:
        worst_s = max(worst_s, _seconds(table, cel_budget.worst_values(text, 64)))
    for _ in range(_MENTIONS):
        values = cel_budget.worst_values(chance.choice(texts), chance.choice((0, 1, 64)))
        worst_s = max(worst_s, _seconds(table, varied(values, chance)))
    return worst_s


def varied(values: dict[str, object], chance: Random) -> dict[str, object]:
    """Other branches are taken where the short values are others."""
    words = ("negative", "complaint", "gold", "en", "x", "email", "", "monday", "vip")
    for name, type_ in EVERY_VARIABLE.items():
        if name not in values:
            continue  # of a task, where there is none
        if name != "mention.text" and type_ is str and chance.random() < 0.7:
            values[name] = chance.choice(words)
        elif type_ is bool:
            values[name] = chance.random() < 0.5
        elif type_ is int:
            values[name] = chance.choice((0, 1, 1000, 2**53))
        elif type_ is float:
            values[name] = chance.choice((0.0, 0.5, -1.0, 1e300))
    known = chance.choice(((), ("urgent",), ("urgent", "service")))
    rows = {queue: [chance.choice((0, 9)), 1e3, chance.choice((0, 2)), 0.5] for queue in known}
    return {**values, **unpacked(rows)}


def _seconds(table: Table, values: dict[str, object]) -> float:
    given = activation(values)
    best_s = float("inf")
    for _ in range(2):  # the faster one: the first may pay for what is made once
        METER.begin()
        began = time.thread_time()
        table.ask(given)
        best_s = min(best_s, time.thread_time() - began)
    return best_s
