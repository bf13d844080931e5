"""Cases: what a rule opens at a mention, to be followed until somebody closes it.

A case is two facts of its mention, `case_opened` and `case_closed`. Its id is made of the rule and
the mention, and the facts' ids of that: however often a mention is triaged, a rule opens one case,
and it is closed once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.core.decision import Decision
from app.core.facts import Fact

OPENED: Final = "case_opened"
CLOSED: Final = "case_closed"

_ID_CHARS: Final = 16  # 64 bits: ten million cases share an id with a chance of 3 in a million


def case_id_of(rule: str, mention_id: str) -> str:
    return hashlib.sha256(f"case|{rule}|{mention_id}".encode()).hexdigest()[:_ID_CHARS]


def opened(
    decision: Decision, mention_id: str, source_id: str, person: Mapping[str, str], now_ms: int
) -> Fact | None:
    """The case that the decision opens; None where no rule opens one.

    `person` is whose it is: `handle_key` and `customer_id`, which may be empty.
    """
    if not decision.case:
        return None
    rule = decision.by["case"]
    case = case_id_of(rule, mention_id)
    return Fact(
        op=OPENED,
        op_id=f"case:{case}",
        now_ms=now_ms,
        mention_id=mention_id,
        source_id=source_id,
        data={"case": case, "title": decision.case, "rule": rule, **person},
    )


def closed(fact: Mapping[str, Any], reason: str, now_ms: int, actor: Mapping[str, str]) -> Fact:
    """Somebody closes the case of this `case_opened` fact."""
    return Fact(
        op=CLOSED,
        op_id=str(fact["op_id"]),
        now_ms=now_ms,
        mention_id=str(fact["mention_id"]),
        source_id=str(fact["source_id"]),
        reason=reason,
        data={"case": fact["data"]["case"], "title": fact["data"]["title"]},
        actor=actor,
    )


def case_in(
    trail: Iterable[Mapping[str, Any]], case: str
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The facts in its mention's trail that opened and closed this case; None where there is none.

    What is closed was open, however the two came into the ledger: the first of each counts.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for fact in trail:
        if fact["op"] in (OPENED, CLOSED) and fact["data"].get("case") == case:
            found.setdefault(fact["op"], fact)
    return found.get(OPENED), found.get(CLOSED)


def closed_alike(fact: Mapping[str, Any], reason: str, actor: Mapping[str, str]) -> bool:
    """Is this `case_closed` fact the same person's, with the same words? Then it was one press."""
    return bool(fact["actor"].get("id") == actor["id"] and fact["reason"] == reason)
