"""explain: one mention through every step of triage, with nothing written anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from app import codec, flow
from app.core.decision import Decision
from app.core.errors import Unavailable
from app.core.facts import Fact
from app.core.mention import Mention
from app.core.placing import Heard, place
from app.core.recorded import Recorded
from app.ports import PROFILE, Admission, DeadLetter, Delivery, Seen, SeenMentions
from app.steps.batch import Item, Ports
from app.steps.dedupe import dedupe

# What dedupe would say, and what is said where no store is there to be asked.
NEW, DUPLICATE, EDIT, NOT_ASKED = "new", "duplicate", "edit", "nobody to ask"
MISSING, STRANGER, KNOWN = "missing", "stranger", "known"

# The fields of a recorded mention that a source sends; `source_id` is its `id`.
_SENT: Final = (
    "channel", "text", "author", "posted_at", "detected_at", "url", "in_reply_to", "lang", "meta",
    "community",
)  # fmt: skip


@dataclass(slots=True)
class Listener:
    """Stands before the door and the dead letters, and keeps what they would have been given."""

    admitted: list[Admission] = field(default_factory=list)

    async def admit(self, admissions: Sequence[Admission]) -> list[str]:
        self.admitted += admissions
        return ["explained" for _ in admissions]

    async def note(self, facts: Sequence[Fact]) -> None:
        """A dead letter's fact: its problem is raised before."""

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Nothing is buried: its bytes are where they came from."""


@dataclass(slots=True)
class _Memory:
    """What is remembered, or that nobody could be asked."""

    behind: SeenMentions
    away: bool = False

    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        try:
            return await self.behind.seen(mention_ids)
        except Unavailable:
            self.away = True
            return {}


async def explain(raw: bytes, ports: Ports, listener: Listener) -> dict[str, Any]:
    """What each step makes of these bytes. Raises Invalid where they are no mention."""
    memory = _Memory(ports.seen)
    harmless = replace(ports, seen=memory, door=listener, dead_letters=listener)
    item = Item(delivery=Delivery(src="explain", raw=raw), received_ms=ports.now_ms())
    standing = NEW
    for step in flow.TRIAGE:
        await step([item], harmless)
        if item.problem:
            raise item.problem
        if step is dedupe:
            standing = NOT_ASKED if memory.away else _standing(item)
            item.known = None  # it is thought about as if it came for the first time
    mention, decision = item.mention, item.decision
    if mention is None or decision is None:
        raise AssertionError("without a problem there is a mention, and it was decided")
    return _told(item, mention, standing) | {
        "decide": {k: v for k, v in asdict(decision).items() if k != "trace"},
        "rules": [asdict(one) for one in ports.rules.explain(item.values)],
        "sla": _clocks(item, mention, decision, ports),
        "enqueue": _enqueued(listener.admitted[0]),
    }


def _standing(item: Item) -> str:
    if item.known is None:
        return NEW
    same = item.mention and item.known.content_hash == item.mention.content_hash
    return DUPLICATE if same else EDIT


def _told(item: Item, mention: Mention, standing: str) -> dict[str, Any]:
    profile = item.profile
    known = profile is not None and profile.known
    return {
        "parse": asdict(mention) | {"content_hash": mention.content_hash},
        "dedupe": {"standing": standing, "follows_up": item.follows_up},
        "score": asdict(item.score) if item.score else None,
        "identify": {"handle_key": item.handle_key},
        "join": {
            "profile": KNOWN if known else MISSING if PROFILE in item.degraded else STRANGER,
            "fields": asdict(profile) if profile and known else None,
            "feedback_to": asdict(item.response) if item.response else None,
            "missing": list(item.degraded),
        },
        "values": dict(item.values),
    }


def _clocks(item: Item, mention: Mention, decision: Decision, ports: Ports) -> dict[str, Any]:
    """The arithmetic of the service level; empty where there is no task."""
    heard = Heard(
        channel=mention.channel,
        tier=item.profile.tier if item.profile else "",
        detected_at=mention.detected_at,
        clock=item.clock,
    )
    found = place(decision, heard, ports.catalogue.slas, ports.at_risk_share)
    if found is None:
        return {}
    rest = {k: v for k, v in asdict(found).items() if k != "times"}
    return {"clock": heard.clock, **asdict(found.times), **rest}


def _enqueued(admission: Admission) -> dict[str, Any]:
    """The task that there would be, and the facts beside it."""
    task = admission.task
    return {
        "outcome": "task" if task else "closed",
        "task": asdict(task) if task else None,
        "facts": [fact.op for fact in admission.facts],
    }


def sent(known: Recorded) -> bytes:
    """A recorded mention as its source sent it, so that it can be taken through again."""
    wire = {name: known.mention.get(name) for name in _SENT}
    return codec.dumps(wire | {"id": known.mention["source_id"]})
