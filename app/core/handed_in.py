"""What partners send us: CloudEvents that hand a mention in, or tell how a hand-off goes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import Invalid
from app.core.handoff import HANDOFF_TYPE, MOST_HOPS, STATUS_TYPE

_LONGEST_ID = 200
_LONGEST_SOURCE = 300
_LONGEST_STAGE = 40
_LONGEST_REASON = 500
_LONGEST_MENTION_ID = 512

# With this stage a partner gives back what it had taken: the alternative route is used.
GIVEN_BACK = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One checked CloudEvent of a partner; (partner, source, id) names it for ever."""

    partner: str
    source: str
    id: str
    type: str
    hops: int
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.partner}\0{self.source}\0{self.id}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A mention that a partner handed in. `event_id` is the id of its own event."""

    key: str
    partner: str
    mention_id: str
    source: str
    event_id: str
    hops: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a partner says of a hand-off that we made to it."""

    handoff: str
    stage: str
    reason: str


def incoming(value: Any, partner: str) -> Incoming:
    """Check a decoded event of a hand-off or its status. Raises Invalid with the field."""
    return event_of(value, partner, (HANDOFF_TYPE, STATUS_TYPE))


def event_of(value: Any, partner: str, types: Sequence[str]) -> Incoming:
    """Check a decoded event of one of these types. Raises Invalid with the field."""
    if not isinstance(value, Mapping):
        raise Invalid("wrong_field", "a CloudEvent, a JSON object", type(value).__name__)
    if value.get("specversion") != "1.0":
        raise _wrong("specversion", "1.0", value.get("specversion"))
    kind = _text(value, "type", 100)
    if kind not in types:
        raise _wrong("type", " or ".join(types), kind)
    data = value.get("data")
    if not isinstance(data, Mapping):
        raise _wrong("data", "an object", data)
    return Incoming(
        partner=partner,
        source=_text(value, "source", _LONGEST_SOURCE),
        id=_text(value, "id", _LONGEST_ID),
        type=kind,
        hops=_hops(value.get("hops", 0)),
        data=data,
    )


def mention_of(event: Incoming) -> dict[str, Any]:
    """The mention of a hand-in, as intake takes it; without an id of its own it has the event's.

    Raises Invalid where there is none.
    """
    said = event.data.get("mention")
    if not isinstance(said, Mapping):
        raise _wrong("data.mention", "a mention, an object", said)
    named = f"{event.source}#{event.id}"
    own = named if len(named) <= _LONGEST_MENTION_ID else event.key
    meta = said.get("meta") if isinstance(said.get("meta"), Mapping) else {}
    origin = {"partner": event.partner, "source": event.source, "id": event.id}
    return {**said, "id": said.get("id") or own, "meta": {**(meta or {}), "handed_in": origin}}


def told_of(event: Incoming) -> Told:
    """What a status says. Raises Invalid with the field."""
    return Told(
        handoff=_text(event.data, "handoff", _LONGEST_ID, "data."),
        stage=_text(event.data, "stage", _LONGEST_STAGE, "data."),
        reason=_text(event.data, "reason", _LONGEST_REASON, "data.", needed=False),
    )


def _hops(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise _wrong("hops", "a whole number", given)
    if given > MOST_HOPS:
        raise Invalid("too_many_hops", f"at most {MOST_HOPS}", str(given), "hops")
    return given


def _text(
    given: Mapping[str, Any], name: str, longest: int, where: str = "", *, needed: bool = True
) -> str:
    value = given.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()) or len(value) > longest:
        raise _wrong(f"{where}{name}", f"a text of 1 to {longest} characters", value)
    return value.replace("\x00", "\ufffd")


def _wrong(field: str, expected: str, got: Any) -> Invalid:
    return Invalid("wrong_field", expected, "nothing" if got is None else repr(got)[:60], field)
