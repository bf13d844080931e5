"""Permission over HTTP: what people allowed, what went out to them, and why something did not."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.consents import Consents, Outlook
from app.adapters.store.outbound import OutboundLog
from app.codec import clean
from app.core.consent import GIVEN, KINDS, WITHDRAWN, standing
from app.core.outbound import ANSWER, STATES, Outgoing
from app.core.outbound_facts import consent_fact
from app.core.profile import handle_key
from app.web.problems import Problem, sent, wrong_field
from app.web.state import Parts, actor_of, command, parts, text_of, user, whole_number
from app.wiring.base import system_ms

_KEY_CHARS = 1_700
_NAME_CHARS = 40
_EVIDENCE_CHARS = 300
_PAGE = 500


async def of_person(request: Request) -> Response:
    """All that was said about consent, what follows from it, and what could be sent now."""
    at, key = parts(request), clean(request.query_params.get("handle_key", ""))
    if not 0 < len(key) <= _KEY_CHARS or ":" not in key:
        raise wrong_field("handle_key", "a channel and a handle: email:anna@x.example", key)
    consents = Consents(at.base.database)
    keys, events = await consents.of_person(key)
    stands = standing(events)
    outlook = await consents.outlook(key, at.base.config.permission.policy, system_ms())
    return JSONResponse(
        {
            "handle_keys": keys,
            "stop": asdict(stands.stop) if stands.stop else None,
            "given": [asdict(event) for event in stands.given.values()],
            "withdrawn": [asdict(event) for event in stands.withdrawn.values()],
            "events": [asdict(event) for event in events],
            "now": [_told(at, one) for one in outlook],
        }
    )


async def change(request: Request) -> Response:
    """Record what a person told us about consent; `send` takes it in with the ledger.

    The same Idempotency-Key again changes nothing.
    """
    at, me = parts(request), user(request)
    fields = ("handle_key", "kind", "channel", "purpose", "source", "evidence")
    data = _consent(at, await command(request, *fields))
    key = clean(request.headers.get("idempotency-key", ""))[:100] or uuid.uuid4().hex
    fact = consent_fact(data, key, system_ms(), actor_of(me))
    with sent():
        await at.base.door.note([fact])
    return JSONResponse({"recorded": fact.fact_id}, 202)


def _consent(at: Parts, given: dict[str, Any]) -> dict[str, str]:
    """The fields of a consent. Raises Problem 422."""
    data = {name: text_of(given, name, _NAME_CHARS) for name in ("kind", "source")}
    data["handle_key"] = text_of(given, "handle_key", _KEY_CHARS)
    data["evidence"] = text_of(given, "evidence", _EVIDENCE_CHARS)
    one = data["kind"] in (GIVEN, WITHDRAWN)  # a stop and a start are for everything
    for name in ("channel", "purpose"):
        data[name] = text_of(given, name, _NAME_CHARS, required=one)
    if data["kind"] not in KINDS:
        raise wrong_field("kind", " or ".join(KINDS), data["kind"])
    channel, _, handle = data["handle_key"].partition(":")
    if not (channel and handle) or data["handle_key"] != handle_key(channel, handle):
        expected = "a channel and a handle as the history shows them: email:anna@x.example"
        raise wrong_field("handle_key", expected, data["handle_key"])
    known = at.base.config.permission.policy.purposes
    if one and data["purpose"] not in known:
        raise wrong_field("purpose", " or ".join(known), data["purpose"])
    if one and data["channel"] not in at.base.config.catalogue.channels:
        raise wrong_field("channel", "a channel of config/channels.toml", data["channel"])
    return data


async def of_mention(request: Request) -> Response:
    """What became of each message for this mention, and what would become of an answer now."""
    at, mention_id = parts(request), clean(request.path_params["mention_id"])
    found = (await at.base.ledger.seen([mention_id])).get(mention_id)
    if found is None:
        raise Problem(404, "unknown_mention", "The ledger has no fact of this mention")
    policy, key = at.base.config.permission.policy, found.handle_key
    outlook = await Consents(at.base.database).outlook(key, policy, system_ms(), ANSWER)
    answer = [one for one in outlook if one.handle_key == key]
    kept = await OutboundLog(at.base.database).of_mention(mention_id)
    return JSONResponse(
        {
            "messages": [_line(one) | {"text": one.message.text} for one in kept],
            "answer": _told(at, answer[0]) if answer else None,
        }
    )


async def log(request: Request) -> Response:
    """The newest messages to customers: how far each has come."""
    asked = request.query_params
    names = ("channel", "state", "code", "handle_key", "mention_id")
    only = {name: clean(asked[name]) for name in names if asked.get(name)}
    if only.get("state", STATES[0]) not in STATES:
        raise wrong_field("state", " or ".join(STATES), only["state"])
    limit = whole_number(asked.get("limit", "100"), "limit", _PAGE)
    found = await OutboundLog(parts(request).base.database).log(only, limit)
    return JSONResponse([_line(one) for one in found])


def _line(found: Outgoing) -> dict[str, Any]:
    """All but the text: whoever operates it need not read what is said to customers."""
    line = asdict(found)
    message = line.pop("message")
    return {name: value for name, value in (message | line).items() if name != "text"}


def _told(at: Parts, one: Outlook) -> dict[str, Any]:
    refusal = one.refusal
    return {
        "handle_key": one.handle_key,
        "channel": one.channel,
        "purpose": one.purpose,
        "connector": one.channel in at.base.config.sending,
        "allowed": refusal is None,
        "code": refusal.code if refusal else "",
        "why": refusal.why if refusal else "",
        "rule": refusal.rule if refusal else "",
        "again_ms": refusal.again_ms if refusal else 0,
    }
