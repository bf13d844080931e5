"""Rules tried on one mention: what they would make of it, and why. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.newest_mentions import newest_mentions
from app.adapters.store.rule_drafts import RuleDrafts
from app.adapters.store.rule_versions import RuleVersions
from app.core.decision import Decision
from app.core.errors import ConfigError, Conflict
from app.rules_problems import placed
from app.web.rule_forms import ID_CHARS, refused, rules_command, texts_of
from app.web.state import parts, text_of
from app.web.tried import recorded_values, typed_values
from app.wiring import rules

_SHOWN = 25  # enough to choose from; more is a search
_SHOWN_CHARS = 200
_MENTION_CHARS = 64


async def mentions(request: Request) -> Response:
    """The newest mentions, to try rules on."""
    found = await newest_mentions(parts(request).base.database, _SHOWN)
    return JSONResponse([_brief(fact) for fact in found])


def _brief(fact: Mapping[str, Any]) -> dict[str, Any]:
    said = fact["data"]["mention"]
    return {
        "mention_id": fact["mention_id"],
        "channel": said["channel"],
        "author": said["author"]["name"] or said["author"]["handle"],
        "text": said["text"][:_SHOWN_CHARS],
        "at_ms": fact["now_ms"],
    }


async def try_rules(request: Request) -> Response:
    """What these rules would make of one mention: the decision, each row, the values they saw."""
    given = await rules_command(request)
    texts = await _texts(request, given)
    if "mention_id" in given:
        values = await recorded_values(request, text_of(given, "mention_id", _MENTION_CHARS))
    else:
        values = typed_values(given.get("mention"), parts(request).base.config.catalogue)
    decision = await asyncio.to_thread(_decided, request, texts, values)
    return JSONResponse({"decision": asdict(decision), "values": dict(values)})


async def _texts(request: Request, given: Mapping[str, Any]) -> Mapping[str, str]:
    """The given texts, those of a draft, or the live ones."""
    database = parts(request).base.database
    if "texts" in given:
        return texts_of(given)
    if given.get("draft_id"):
        return (await RuleDrafts(database).get(text_of(dict(given), "draft_id", ID_CHARS))).texts
    versions = RuleVersions(database)
    live = await versions.live()
    if live is None:
        raise Conflict("no_version", "The rules have no version yet")
    return (await versions.version(live.number)).texts


def _decided(request: Request, texts: Mapping[str, str], values: Mapping[str, object]) -> Decision:
    """Raises Problem 422 with everything that keeps these rules from being asked."""
    at = parts(request).base
    try:
        _, compiled = rules.compiled(at.settings, texts, at.config.catalogue)
    except ConfigError as error:
        raise refused([placed(sentence, texts) for sentence in error.problems]) from None
    return compiled.decide(values)
