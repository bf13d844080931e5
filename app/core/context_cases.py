"""Cases on the context card: those of before, what became of this one, and one to be opened."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import cases
from app.core.clause import WHAT_TO_DO, WHO, Clause, by_rule, clause, ours, told
from app.core.context import DECIDED, Trail, opened_by
from app.core.past import OPEN_CASES


def known_cases(trail: Trail) -> Iterator[Clause]:
    """As a source counts them, and those that rules opened at what they said before.

    Both were counted for the decision, and may have been closed since: the moment is said.
    """
    for key, name, ending in (
        ("cases", "profile.open_cases", ""),
        ("earlier_cases", OPEN_CASES, " of what they said before"),
    ):
        decided = trail.one(DECIDED)
        count = round(decided.number("data", "values", name)) if decided else 0
        if decided and count > 0:
            cases_ = "open case" if count == 1 else "open cases"
            words = (ours(f"{count:,} {cases_}{ending}, as of"),)
            at_ms = round(decided.number("now_ms"))
            yield clause((WHO, key), words, decided, at_ms=at_ms)


def case_clauses(trail: Trail) -> Iterator[Clause]:
    """What was opened and closed, and what a rule asked for that nobody has opened."""
    for case in trail.each(cases.OPENED, cases.CLOSED):
        if not (title := case.text("data", "title")):
            continue
        if case.op == cases.OPENED:
            rule = case.text("data", "rule")
            because = f"The rule {rule} opened it" if rule else ""
            words = (ours("a case was opened: "), told(title))
            yield clause((WHAT_TO_DO, "case"), words, case, because=because)
        else:
            words = (ours("its case was closed: "), told(title))
            yield clause((WHAT_TO_DO, "case_closed"), words, case)
    yield from _to_open(trail)


def _to_open(trail: Trail) -> Iterator[Clause]:
    """An edit opens none, and no decision did before cases were facts: then somebody has to."""
    decided = trail.one(DECIDED)
    if decided is None or not (title := decided.text("data", "decision", "case")):
        return
    rule = decided.text("data", "decision", "by", "case")
    if opened_by(rule) in trail.moment.counts:
        return
    words = (ours("open a case: "), told(title))
    because = by_rule(decided, "case", "proposed it")
    yield clause((WHAT_TO_DO, "case_asked"), words, decided, because=because)
