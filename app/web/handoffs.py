"""Hand-offs over HTTP: what partners send us, the delivery log, and a replay by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec, metrics
from app.core.errors import Conflict, Invalid
from app.core.facts import Fact
from app.core.handed_in import GIVEN_BACK, HandedIn, Incoming, incoming, mention_of, told_of
from app.core.handoff import (
    DELIVERED,
    FAILED,
    HANDOFF,
    HANDOFF_TYPE,
    PENDING,
    Handoff,
    Partner,
)
from app.core.mention import mention_id_of
from app.web.problems import Problem, sent, wrong_field
from app.web.state import Parts, actor_of, body, command, parts, text_of, user, whole_number
from app.wiring.base import system_ms

_REASON_CHARS = 500
_PAGE = 500
_STATES = (PENDING, DELIVERED, FAILED)


async def take(request: Request) -> Response:
    """An event of a partner, known by its signature: a mention, or how a hand-off goes.

    The same event again is answered alike and changes nothing.
    """
    at = parts(request)
    partner = at.base.config.partners[user(request).name]
    value = codec.loads(await body(request, codec.MAX_BYTES))
    event = incoming(value, partner.name)
    if event.type == HANDOFF_TYPE:
        return await _mention(at, partner, event)
    return await _status(at, event)


async def log(request: Request) -> Response:
    """The newest events for partners: how far each has come."""
    asked = request.query_params
    names = ("partner", "state", "mention_id")
    only = {name: codec.clean(asked[name]) for name in names if asked.get(name)}
    if only.get("state", PENDING) not in _STATES:
        raise wrong_field("state", " or ".join(_STATES), only["state"])
    limit = whole_number(asked.get("limit", "100"), "limit", _PAGE)
    return JSONResponse([_line(event) for event in await parts(request).handoffs.log(only, limit)])


async def replay(request: Request) -> Response:
    """Send one event once more, with the reason; its id stays, so the partner knows it."""
    at, me, given = parts(request), user(request), await command(request, "reason")
    reason = text_of(given, "reason", _REASON_CHARS)
    event = await _known(at, request.path_params["event_id"])
    partner = at.base.config.partners.get(event.partner)
    if partner is None:
        raise Conflict("unknown_partner", f"No partner is named {event.partner} any more")
    now_ms = system_ms()
    deadline_ms = now_ms + round(partner.within_s * 1000) if event.kind == HANDOFF else 0
    if event.state == PENDING or not await at.handoffs.replay(event, now_ms, deadline_ms):
        raise Conflict("on_its_way", "This event is on its way already")
    fact = _fact(event, f"replay:{event.event_id}:{event.round + 1}", "replayed", reason)
    with sent():
        await at.base.door.note([Fact(**fact, actor=actor_of(me))])
    return JSONResponse(_line(await _known(at, event.event_id)))


async def _mention(at: Parts, partner: Partner, event: Incoming) -> Response:
    if not partner.hands_in:
        raise Problem(403, "not_allowed", f"{partner.name} may not hand mentions in")
    wire = codec.validate(mention_of(event))
    if (size := len(codec.encode_wire(wire))) > codec.HTTP_BYTES:
        raise Invalid("too_large", f"at most {codec.HTTP_BYTES} bytes", f"{size}")
    named = HandedIn(
        key=event.key,
        partner=partner.name,
        mention_id=mention_id_of(wire.channel, codec.clean(wire.id or "")),
        source=event.source,
        event_id=event.id,
        hops=event.hops,
        at_ms=system_ms(),
    )
    await _refuse_known(at, named)
    # Noted first: whatever we are killed in, no stage of it goes by unreported.
    first = await at.parties.hand_in(named)
    if first.mention_id != named.mention_id:
        raise Conflict("event_reused", "This source and id came with another mention before")
    accepted = await at.gate.accept([wire])
    metrics.HANDOFFS.labels(partner.name, "handed_in").inc()
    return JSONResponse({"accepted": accepted}, 202)


async def _refuse_known(at: Parts, named: HandedIn) -> None:
    """Whoever hands in what somebody else brought before would hear of it what is not theirs."""
    parties = (await at.parties.of([named.mention_id])).get(named.mention_id, [])
    if any(party.partner == named.partner for party in parties):
        return
    if await at.base.ledger.seen([named.mention_id]):
        raise Conflict("known_mention", "This mention was here before you handed it in")


async def _status(at: Parts, event: Incoming) -> Response:
    told = told_of(event)
    handoff = await at.handoffs.one(told.handoff)
    if handoff is None or handoff.partner != event.partner or handoff.kind != HANDOFF:
        raise Problem(404, "unknown_handoff", "No hand-off to you has this id")
    if told.stage == GIVEN_BACK and handoff.state == PENDING:
        raise Conflict("on_its_way", "Your answer to it has not been noted yet: try again")
    fact = _fact(handoff, f"told:{event.key}", told.stage, told.reason)
    actor = {"type": "system", "id": event.partner, "role": "partner"}
    with sent():
        await at.base.door.note([Fact(**fact, actor=actor)])
    if told.stage == GIVEN_BACK:
        await at.handoffs.given_back(handoff, f"given back: {told.reason}", system_ms())
    return JSONResponse({"noted": told.handoff}, 202)


def _fact(handoff: Handoff, op_id: str, stage: str, reason: str) -> dict[str, Any]:
    return {
        "op": "handoff_status",
        "op_id": op_id,
        "now_ms": system_ms(),
        "mention_id": handoff.mention_id,
        "reason": reason,
        "data": {"partner": handoff.partner, "event_id": handoff.event_id, "stage": stage},
    }


async def _known(at: Parts, event_id: str) -> Handoff:
    found = await at.handoffs.one(codec.clean(event_id))
    if found is None:
        raise Problem(404, "unknown_handoff", "The delivery log has no event of this id")
    return found


def _line(event: Handoff) -> dict[str, Any]:
    """All but the event itself: it holds what a customer said."""
    return {name: value for name, value in asdict(event).items() if name != "body"}
