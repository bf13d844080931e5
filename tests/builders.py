"""Builders: the nouns of the tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson

from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.statements import Statements
from app.core import sla
from app.core.catalogue import Catalogue, Channel, Queue, Rep
from app.core.decision import Decision, advice
from app.core.facts import Fact
from app.core.mention import Author, Mention, mention_id_of
from app.core.profile import Profile
from app.core.profile_fields import Row, statement_of
from app.core.queueing import order_ms, task_id_of
from app.core.score import Score, Sentiment
from app.ports import Admission, Delivery, NewTask, Seen

NOON_MS = 1_795_000_000_000  # where tests' clocks begin, ms since the epoch
NOON = datetime.fromtimestamp(NOON_MS / 1000, UTC)
WINDOW_S = 1800.0
OFFER_MS = 20_000
STICKY_MS = 30_000
_KEYS = count(1)  # no two commands share one, unless a test gives it

NEGATIVE = Sentiment(label="negative", confidence=0.9, negative=0.9, neutral=0.07, positive=0.03)
NEUTRAL = Sentiment(label="neutral", confidence=0.8, negative=0.1, neutral=0.8, positive=0.1)
POSITIVE = Sentiment(label="positive", confidence=0.9, negative=0.02, neutral=0.08, positive=0.9)

CATALOGUE = Catalogue(
    queues={
        "service": Queue(name="service", title="Service", window_s=WINDOW_S),
        "billing": Queue(
            name="billing", title="Billing", window_s=WINDOW_S, priority=60, skills=("billing",)
        ),
        "escalation": Queue(
            name="escalation", title="Escalation", window_s=WINDOW_S, skills=("mediator",)
        ),
    },
    channels={"x": Channel(name="x", title="X", public=True)},
    reps={
        "ann": Rep(
            name="ann",
            title="Ann",
            role="agent",
            skills=("en", "billing"),
            queues=("service", "billing"),
        ),
        "bob": Rep(name="bob", title="Bob", role="agent", skills=("en",), queues=("service",)),
        "mia": Rep(
            name="mia",
            title="Mia",
            role="agent",
            skills=("en", "mediator"),
            queues=("escalation",),
        ),
        "sue": Rep(name="sue", title="Sue", role="supervisor"),
    },
)


def wire(**given: Any) -> dict[str, Any]:
    """A mention as JSON has it; `handle` and `followers` go into its author."""
    author = {"handle": given.pop("handle", "@kim")}
    if "followers" in given:
        author["followers"] = given.pop("followers")
    return {"id": "1", "channel": "x", "text": "Where is my order?", "author": author} | given


def raw(**given: Any) -> bytes:
    return orjson.dumps(wire(**given))


def delivery(src: str = "mentions/0/0@1", raw_: bytes | None = None, **given: Any) -> Delivery:
    """A delivery of the mention that `given` describes, or of exactly these bytes."""
    body = raw(**given) if raw_ is None else raw_
    return Delivery(src=src, raw=body, topic="mentions", partition=0, offset=0)


def mention(id_: str = "1", **given: Any) -> Mention:
    channel = given.pop("channel", "x")
    author = Author(handle=given.pop("handle", "@kim"), followers=given.pop("followers", 0))
    fields: dict[str, Any] = {"text": "Where is my order?", "detected_at": NOON} | given
    return Mention(
        mention_id=mention_id_of(channel, id_),
        source_id=id_,
        channel=channel,
        author=author,
        **fields,
    )


def score(sentiment: Sentiment = NEGATIVE, **given: Any) -> Score:
    fields: dict[str, Any] = {
        "lang": "en",
        "intent": "complaint",
        "urgency": 0.4,
        "urgency_why": ("negative +0.40",),
        "model": "test@0",
    }
    return Score(sentiment=sentiment, **(fields | given))


def decision(queue: str = "service", **given: Any) -> Decision:
    fields: dict[str, Any] = {
        "priority": 50,
        "window_s": WINDOW_S,
        "skills": (),
        "rule": "complaint",
        "why": "Unhappy with the service.",
        "version": "v1",
    }
    return Decision(queue=queue, **(fields | given))


def admission(id_: str = "1", **given: Any) -> Admission:
    """An admission of a mention with this id; `queue=""` closes it without a task."""
    src = given.pop("src", f"src-{id_}")
    known: Seen | None = given.pop("known", None)
    new = given.pop("new", {})  # what the task has beside the decision: weight, for_rep, ...
    decided = decision(
        queue=given.pop("queue", "service"),
        priority=given.pop("priority", 50),
        window_s=given.pop("window_s", WINDOW_S),
        skills=given.pop("skills", ()),
    )
    said = mention(id_, **given)

    def fact(op: str, data: dict[str, Any]) -> Fact:
        return Fact(
            op=op,
            op_id=src,
            now_ms=NOON_MS,
            mention_id=said.mention_id,
            source_id=id_,
            data=data,
        )

    wording: dict[str, Any] = {"mention": said, "content_hash": said.content_hash}
    card = {"mention": said, "score": score(), "profile": Profile(), "reason": decided.why}
    return Admission(
        src=src,
        mention=said,
        facts=(fact("received", wording), fact("decided", {"decision": decided})),
        task=_new_task(said, decided, new),
        task_id=task_id_of(said.mention_id),
        card=orjson.dumps(card | {"rule": decided.rule, "advice": advice({})}),
        known=known,
        duplicate_fact=fact("duplicate", {}),
        edited_fact=fact("edited", wording),
    )


def _new_task(said: Mention, decided: Decision, new: dict[str, Any]) -> NewTask | None:
    if not decided.queue:
        return None
    times = sla.deadlines(said.detected_at, decided.window_s, 0.8)
    return NewTask(
        task_id=task_id_of(said.mention_id),
        queue=decided.queue,
        skills=decided.skills,
        priority=decided.priority,
        order_ms=order_ms(times, decided.priority),
        detected_ms=times.detected_ms,
        due_ms=times.due_ms,
        at_risk_ms=times.at_risk_ms,
        reason=decided.why,
        **new,
    )


def task_id(id_: str = "1", channel: str = "x") -> str:
    return task_id_of(mention_id_of(channel, id_))


async def ready(door: RedisDoor, *names: str, **changed: Any) -> None:
    """Enrol these reps of the catalogue and make them available, one millisecond apart."""
    for name in names:
        known = CATALOGUE.reps[name]
        fields = {n: getattr(known, n) for n in ("name", "title", "role", "skills", "queues")}
        await door.enrol([Rep(**(fields | {"capacity": 3} | changed))])
        await set_state(door, name, "available")
        door.now_ms += 1


async def set_state(door: RedisDoor, name: str, state: str) -> None:
    await door.set_state(name, state, "", actor_of(name))


def actor_of(rep: str) -> dict[str, str]:
    return {"type": "user", "id": rep, "role": "agent"}


async def do(door: RedisDoor, name: str, task: str, rep: str, **given: Any) -> dict[str, Any]:
    """A rep's command, with an op id of its own unless one is given."""
    op_id = given.pop("op_id", f"{rep}:{name}:{next(_KEYS)}")
    defaults: dict[str, dict[str, Any]] = {
        "accept": {},
        "reject": {"reason": "not mine"},
        "reply": {"text": "We are on it."},
        "complete": {"code": "resolved", "note": ""},
        "transfer": {"queue": "billing", "skills": "billing", "reason": "about money"},
        "wrap": {},
        "park": {"until_ms": door.now_ms + 600_000, "reason": "later"},
        "resume": {"kept_ms": STICKY_MS},
    }
    fields = defaults.get(name, {}) | given
    return await door.command(name, task, op_id, rep=rep, actor=actor_of(rep), **fields)


async def hand_to(door: RedisDoor, task: str, rep: str, to_rep: str, **given: Any) -> Any:
    """A rep hands a task on to a colleague."""
    fields = {"to_rep": to_rep, "reason": "yours", "kept_ms": STICKY_MS} | given
    op_id = f"{rep}:transfer:{next(_KEYS)}"
    return await door.command("transfer", task, op_id, rep=rep, actor=actor_of(rep), **fields)


async def supervise(door: RedisDoor, name: str, task: str, **given: Any) -> dict[str, Any]:
    """A supervisor's command, with an op id of its own unless one is given."""
    op_id = given.pop("op_id", f"sue:{name}:{next(_KEYS)}")
    defaults: dict[str, dict[str, Any]] = {
        "assign": {"expires_ms": OFFER_MS},
        "park": {"until_ms": door.now_ms + 600_000},
        "resume": {"kept_ms": STICKY_MS},
        "prioritise": {"priority": 90},
    }
    actor = {"type": "user", "id": "sue", "role": "supervisor"}
    fields = {"reason": "the boss says so"} | defaults.get(name, {}) | given
    return await door.command(name, task, op_id, actor=actor, **fields)


async def keep_customer(
    database: Database, customer_id: str, *keys: str, source: str = "crm", **fields: object
) -> None:
    """Let the store know a customer, with the handle keys that lead to them."""
    given = [("customer_id", customer_id), *fields.items()]
    for key in keys:
        channel, _, handle = key.partition(":")
        given.append((f"handle.{channel}", handle))
    row = Row(line=1, statement=statement_of(given, source, NOON_MS, NOON_MS))
    taken = await Statements(database).take([row])
    assert not taken.rejected


async def keep_profiles(database: Database, found: dict[str, Profile]) -> None:
    """Let the store know these customers, each by all handle keys that lead to them here."""
    for profile in {one.customer_id: one for one in found.values()}.values():
        keys = [key for key, one in found.items() if one.customer_id == profile.customer_id]
        said = {name: getattr(profile, name) for name in ("name", "tier", "lang", "zone")}
        said |= {"preferred_channel": profile.preferred_channel, "products": [*profile.products]}
        await keep_customer(database, profile.customer_id, *keys, **said)
