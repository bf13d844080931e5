"""Mentions and the ledger: intake, the trail of one mention, facts as JSON lines, dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app import codec, metrics
from app.adapters.store.rule_events import RuleEvents
from app.core.errors import Invalid
from app.core.later import goes_on, later_of, newest
from app.core.recorded import Recorded, recorded, verdict
from app.web.problems import Problem, field_error
from app.web.state import Parts, body, parts, whole_number
from app.wiring.again import Shelf

_PAGE = 500
_FOLLOW_S = 0.25
_LAST_SEQ = 2**63 - 1  # what a database's integer holds
MAX_LIST = 1000


async def intake(request: Request) -> Response:
    """Accept one mention or a list; each good one is kept before we answer."""
    at = parts(request)
    limits = at.base.settings.web
    raw = await body(request, limits.max_body_bytes)
    webhook_id = request.headers.get("webhook-id", "")[:200]
    if raw.lstrip()[:1] != b"[":
        one = _named(_one(raw), webhook_id)
        return JSONResponse({"accepted": await at.gate.accept([one]), "refused": []}, 202)
    values = _list(raw, limits.max_body_bytes)
    good: list[codec.WireMention] = []
    refused: list[dict[str, Any]] = []
    for index, value in enumerate(values):
        try:
            good.append(_named(_checked(value), webhook_id and f"{webhook_id}-{index}"))
        except Invalid as error:
            metrics.REFUSED.labels(error.code).inc()
            refused.append({"index": index, "code": error.code, "errors": [field_error(error)]})
    if not good:
        errors = [{"index": r["index"], **r["errors"][0]} for r in refused]
        raise Problem(422, "wrong_field", "no mention of the list could be accepted", errors)
    return JSONResponse({"accepted": await at.gate.accept(good), "refused": refused}, 202)


def _one(raw: bytes) -> codec.WireMention:
    try:
        return codec.validate(codec.loads(raw, codec.HTTP_BYTES))
    except Invalid as error:
        metrics.REFUSED.labels(error.code).inc()
        raise


def _named(wire: codec.WireMention, webhook_id: str) -> codec.WireMention:
    """Without an id of its own, a mention has its webhook's: sent again, it is a duplicate."""
    wire.id = wire.id or webhook_id or None
    return wire


def _list(raw: bytes, limit: int) -> list[Any]:
    value = codec.decode(raw, limit)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_LIST:
        raise Problem(422, "wrong_field", f"expected 1 to {MAX_LIST} mentions")
    return value


def _checked(value: Any) -> codec.WireMention:
    codec.refuse_depth(value)
    wire = codec.validate(value)
    size = len(codec.encode_wire(wire))
    if size > codec.HTTP_BYTES:
        raise Invalid("too_large", f"at most {codec.HTTP_BYTES} bytes", f"{size}")
    return wire


async def why(request: Request) -> Response:
    """The whole trail of one mention: what came, what was found out, who did what, and whether
    its recorded values still give the same decision; what event rules were asked and did since,
    and which may still ask."""
    at = parts(request)
    mention_id = codec.clean(request.path_params["mention_id"])
    facts = await at.base.ledger.of_mention(mention_id)
    if not facts:
        raise Problem(404, "unknown_mention", "The ledger has no fact of this mention")
    said = [fact["data"]["mention"] for fact in facts if fact["op"] in ("received", "edited")]
    trail = {"mention_id": mention_id, "mention": said[-1] if said else None, "facts": facts}
    events = await RuleEvents(at.base.database).of_mention(mention_id)
    again = await _again(at.shelf, list(recorded(facts)))
    said_later = await later_rules(at.shelf, facts)
    return JSONResponse(trail | again | {"events": events, "later": said_later})


async def _again(shelf: Shelf, known: list[Recorded]) -> dict[str, Any]:
    """Its decisions made again, and how each rule fares with the values of the newest one."""
    decisions, found = [], None
    for one in known:
        found = await shelf.of(one.version)
        again = verdict(one, found[1].decide if found else None)
        told = {"at_ms": one.at_ms, "edit": one.edit, "version": one.version}
        decisions.append(told | {"reevaluated": again, "untold": list(one.untold)})
    fared = found[1].explain(known[-1].values) if found and known[-1].values else ()
    return {
        "decisions": decisions,
        "reevaluated": decisions[-1]["reevaluated"] if decisions else None,
        "rules": [asdict(one) for one in fared],
    }


async def later_rules(shelf: Shelf, trail: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The live rules that may still ask about the mention's task; none where it has ended."""
    live = await shelf.live() if goes_on(trail) else None
    return later_of(live[0].rules, newest(recorded(trail)), trail) if live else []


async def dead_letters(request: Request) -> Response:
    """The newest dead letters; `?src=` gives the original bytes of one."""
    at, src = parts(request), request.query_params.get("src")
    if src is None:
        return JSONResponse(await at.dead.newest())
    raw = await at.dead.raw(codec.clean(src))
    if raw is None:
        raise Problem(404, "unknown_dead_letter", "No dead letter has this src, or it was empty")
    return Response(raw, media_type="application/octet-stream")


async def facts(request: Request) -> Response:
    """The ledger as JSON lines after `?since=SEQ`; `?follow=1` goes on as facts come."""
    asked = request.query_params
    since = whole_number(asked.get("since", "0"), "since", _LAST_SEQ)
    lines = _lines(parts(request), since, asked.get("follow") == "1")
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def last_fact(request: Request) -> Response:
    """How long the ledger is: the sequence number of its newest fact."""
    return JSONResponse({"seq": await parts(request).base.ledger.last_seq()})


async def _lines(at: Parts, seq: int, follow: bool) -> AsyncIterator[bytes]:
    while True:
        page = await at.base.ledger.sealed_since(seq, _PAGE)
        if page:
            seq = page[-1]["seq"]
            yield b"".join(orjson.dumps(fact) + b"\n" for fact in page)
        elif not follow:
            return
        else:
            await asyncio.sleep(_FOLLOW_S)
