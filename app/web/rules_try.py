"""Rules tried on one mention: what they would make of it, and why. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.redis_queue_state import RedisQueueState
from app.adapters.store.newest_mentions import newest_mentions
from app.adapters.store.rule_drafts import RuleDrafts
from app.core.catalogue import Catalogue
from app.core.decision import Decision, Explanation
from app.core.errors import ConfigError, Unavailable
from app.core.queue_state import NO_QUEUES, QueueValues
from app.rules_problems import placed
from app.web.rule_forms import ID_CHARS, live_rules, refused, rules_command, texts_of
from app.web.state import parts, text_of
from app.web.tried import first_decision, typed_values
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
    """What these rules would make of one mention: the decision, how each fared, what they saw."""
    given = await rules_command(request, "texts", "draft_id", "mention_id", "mention")
    texts, catalogue = await _texts(request, given), parts(request).base.config.catalogue
    if "mention_id" in given:
        known = await first_decision(request, text_of(given, "mention_id", _MENTION_CHARS))
        values, untold = known.values, known.untold
    else:
        untold = ()
        values = typed_values(given.get("mention"), catalogue, await _queues(request, catalogue))
    decision, explained = await asyncio.to_thread(_asked, request, texts, values)
    return JSONResponse(
        {
            "decision": asdict(decision),
            "values": dict(values),
            "untold": list(untold),
            "rules": [asdict(one) for one in explained],
        }
    )


async def _queues(request: Request, catalogue: Catalogue) -> QueueValues:
    """As triage would see them now: without Redis nothing is known of them."""
    try:
        return await RedisQueueState(parts(request).base.redis, catalogue).now()
    except Unavailable:
        return NO_QUEUES


async def _texts(request: Request, given: Mapping[str, Any]) -> Mapping[str, str]:
    """The given texts, those of a draft, or the live ones."""
    database = parts(request).base.database
    if "texts" in given:
        return texts_of(given)
    if given.get("draft_id"):
        return (await RuleDrafts(database).get(text_of(dict(given), "draft_id", ID_CHARS))).texts
    return (await live_rules(request)).texts


def _asked(
    request: Request, texts: Mapping[str, str], values: Mapping[str, object]
) -> tuple[Decision, tuple[Explanation, ...]]:
    """Raises Problem 422 with everything that keeps these rules from being asked."""
    at = parts(request).base
    try:
        _, compiled = rules.compiled(at.settings, texts, at.config.catalogue)
    except ConfigError as error:
        raise refused([placed(sentence, texts) for sentence in error.problems]) from None
    return compiled.decide(values), compiled.explain(values)
