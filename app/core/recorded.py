"""Recorded decisions: what the conditions saw, so that deciding again gives the same decision.

The fact `decided`, and an edit that was decided anew, carry the values of all variables but the
text, which the same trail has in `received` or `edited`. Scores are among them: a model that
scores a text again may differ a little with the batch that it stands in, and is not asked. The
state of the queues is packed under `queues`; what a history or a profile is silent about is left
out, as `NO_PAST_VALUES`, `NO_PROFILE_VALUES` and `NO_COMMUNITY_VALUES` have it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from app.core.community import NO_COMMUNITY_VALUES
from app.core.decision import Decision
from app.core.past import NO_PAST_VALUES, OPEN_CASES
from app.core.profile_values import MISSING, NO_PROFILE_VALUES
from app.core.queue_state import QUEUE_VARIABLES, packed, unpacked
from app.core.rules import NO_SCORE_VALUES, NOT_KNOWN, VARIABLES
from app.core.sealing import UNREADABLE
from app.core.sla import FIRST_RESPONSE

TEXT: Final = "mention.text"
QUEUES: Final = "queues"  # where a fact has the state of the queues; older ones have none

# What deciding again came to.
SAME, DIFFERENT = "same", "different"
RULES_GONE, NOT_RECORDED = "rules no longer here", "inputs not recorded"

Decide = Callable[[Mapping[str, object]], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision as its facts tell it. `values` are empty where an older version kept none.

    `content_hash` names the wording that was decided, `edit` that it was not the first one.
    `untold` are the variables that the software of then did not record: they are `NOT_KNOWN`.
    """

    mention_id: str
    content_hash: str
    at_ms: int
    edit: bool
    mention: Mapping[str, Any]
    decision: Mapping[str, Any]
    values: Mapping[str, object]
    clock: str = FIRST_RESPONSE
    untold: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        return str(self.decision.get("version", ""))


def kept(values: Mapping[str, object]) -> dict[str, object]:
    """What a fact keeps of the values that the conditions saw."""
    told = {name: value for name, value in values.items() if name not in _NOT_PLAIN}
    more = {name: values[name] for name, none in _SILENT if values[name] != none}
    return {**told, **more, QUEUES: packed(values)}


_SILENT: Final = (*{**NO_PAST_VALUES, **NO_PROFILE_VALUES}.items(), *NO_COMMUNITY_VALUES.items())
_NOT_PLAIN: Final = frozenset({TEXT, *(name for name, _ in _SILENT), *QUEUE_VARIABLES})


def recorded(facts: Iterable[Mapping[str, Any]]) -> Iterator[Recorded]:
    """The decisions in the trail of one mention, in order."""
    said: Mapping[str, Any] = {}
    for fact in facts:
        op, data = fact["op"], fact.get("data") or {}
        if UNREADABLE in fact:
            continue  # of somebody who was erased: nobody can decide it again
        if op == "received" or (op == "edited" and "mention" in data):
            said = data
        if op in ("decided", "edited") and "decision" in data and said:
            yield Recorded(
                mention_id=str(fact["mention_id"]),
                content_hash=str(said["content_hash"]),
                at_ms=int(fact["now_ms"]),
                edit=op == "edited",
                mention=said["mention"],
                decision=data["decision"],
                values=_seen(data.get("values"), said["mention"]),
                clock=data.get("clock", FIRST_RESPONSE),
                untold=_untold(data.get("values")),
            )


def _seen(values: Mapping[str, Any] | None, mention: Mapping[str, Any]) -> dict[str, object]:
    """The values as the conditions saw them: JSON has one kind of number, conditions have two."""
    if not values:
        return {}
    seen = {
        name: float(value) if VARIABLES.get(name) is float and isinstance(value, int) else value
        for name, value in values.items()
        if name != QUEUES
    }
    silent = {**NO_COMMUNITY_VALUES, **NOT_KNOWN}
    return {**silent, **unpacked(values.get(QUEUES, {})), **seen, TEXT: mention["text"]}


def _untold(values: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What older software did not record: the last thing that each of its kind records tells."""
    if not values:
        return ()
    around = () if QUEUES in values else (*NO_PAST_VALUES, *QUEUE_VARIABLES)
    since = () if MISSING in values else (MISSING, *NO_PROFILE_VALUES, OPEN_CASES)
    score = (name for name in NO_SCORE_VALUES if name not in values)
    return tuple(dict.fromkeys((*around, *since, *score)))


def verdict(known: Recorded, decide: Decide | None) -> str:
    """Does deciding again give the same, bit for bit? None stands for rules that are gone."""
    if not known.values:
        return NOT_RECORDED
    if decide is None:
        return RULES_GONE
    again = canonical(_as_told_then(decide(known.values), known.decision))
    return SAME if again == canonical(known.decision) else DIFFERENT


def _as_told_then(again: Decision, then: Mapping[str, Any]) -> Mapping[str, Any]:
    """What facts of older software do not say is not compared, where nothing is said of it now.

    So with a reply, before rules could give one, and with the rule of a notice.
    """
    found = {name: of for name, of in _named(again).items() if of is not None or name in then}
    said = then.get("notices") or ()
    if said and not any("rule" in one for one in said):
        found["notices"] = [{"to": one.to, "text": one.text} for one in again.notices]
    return found


def canonical(decision: Decision | Mapping[str, Any]) -> str:
    """A decision as one text, the same before and after it went through the ledger."""
    return json.dumps(decision, sort_keys=True, separators=(",", ":"), default=_named)


def _named(one: Any) -> dict[str, Any]:
    """A dataclass as JSON has it: `asdict` copies everything, and costs more than deciding."""
    return {field.name: getattr(one, field.name) for field in fields(one)}


def fingerprint(decision: Decision) -> str:
    """sha256 over the whole decision, its trace and version included."""
    return hashlib.sha256(canonical(decision).encode()).hexdigest()


def line_of(known: Recorded, again: Decision) -> str:
    """One line of the digest. It names no delivery: partitions and offsets decide nothing."""
    return f"{known.mention_id} {known.content_hash} {fingerprint(again)}"


def digest(lines: Iterable[str]) -> str:
    """sha256 over these lines, sorted: partitions may have brought them in any order."""
    whole = hashlib.sha256()
    for line in sorted(lines):
        whole.update(line.encode() + b"\n")
    return whole.hexdigest()
