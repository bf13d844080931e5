"""Score labels over HTTP: corrections on a card, and what analysts label before they see more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import metrics
from app.adapters.store.score_labels import ScoreLabels
from app.codec import clean
from app.core.errors import Conflict
from app.core.label_draw import KINDS, UNSURE
from app.core.queueing import task_id_of
from app.core.score import UNSUPPORTED
from app.core.score_labels import (
    FIELDS,
    SENTIMENT,
    Given,
    Said,
    Trail,
    corrected,
    has_held,
    labels_in,
    said_in,
)
from app.web.problems import Problem, sent, wrong_field
from app.web.state import (
    Parts,
    actor_of,
    command,
    idempotency_key,
    parts,
    text_of,
    user,
    whole_number,
)
from app.wiring.base import system_ms
from app.wiring.score_labels import report

OF_MENTION: Final = "/api/v1/mentions/{mention_id}/labels"
ROOT: Final = "/api/v1/labels"
ONE: Final = f"{ROOT}/{{mention_id}}"
SKIP: Final = f"{ONE}/skip"
AGREEMENT: Final = f"{ROOT}/agreement"

WHY_CHARS: Final = 500
MOST_LISTED: Final = 50
_SHOWN_CHARS: Final = 5_000  # of one text: whoever reads more to judge a mood judges something else
_WORD_CHARS: Final = 20

Json = dict[str, Any]


async def of_mention(request: Request) -> Response:
    """What the model says of a mention, and what people said in its place, the newest last."""
    trail = await _trail(request)
    said = said_in(trail)
    labels = [
        {name: getattr(one, name) for name in ("by", "role", "at_ms", "blind", *FIELDS)}
        for one in labels_in(trail)
    ]
    return JSONResponse({"model": said.as_dict() if said else None, "labels": labels})


async def correct(request: Request) -> Response:
    """Say what the score of a mention should be; who says it again replaces what they said.

    Nothing that was decided changes. Agents correct what they hold or have held.
    """
    at, me = parts(request), user(request)
    given = await command(request, *FIELDS, "why")
    label = {name: _word(given, name) for name in FIELDS if name in given}
    if not label:
        raise wrong_field(SENTIMENT, f"one or more of {', '.join(FIELDS)}", "none of them")
    why = text_of(given, "why", WHY_CHARS, required=False)
    key, trail = idempotency_key(request), await _trail(request)
    said = _said(trail)
    if me.role == "agent" and not await _holds(at, trail, said.mention_id, me.name):
        raise Conflict("not_yours", "You correct what you hold or have held")
    return await _told(request, trail, said, Given(label=label, why=why), key)


async def waiting(request: Request) -> Response:
    """Mentions to be labelled, the newest first, without what the model says of them."""
    at, asked = parts(request), request.query_params
    kind = asked.get("kind", UNSURE)
    if kind not in KINDS:
        raise wrong_field("kind", " or ".join(KINDS), kind)
    limit = max(1, whole_number(asked.get("limit", "20"), "limit", MOST_LISTED))
    count, ids = await ScoreLabels(at.base.database).waiting(kind, limit)
    trails = await at.base.ledger.of_mentions(ids)
    return JSONResponse({"waiting": count, "mentions": _shown(trails)})


async def label(request: Request) -> Response:
    """Label a mention that was drawn; answered with what the model had said."""
    given = await command(request, SENTIMENT)
    word = _word(given, SENTIMENT)
    key, trail = idempotency_key(request), await _trail(request)
    said = _said(trail)
    if not await ScoreLabels(parts(request).base.database).drawn(said.mention_id):
        raise Problem(404, "unknown_sample", "Nobody is asked to label this mention")
    return await _told(request, trail, said, Given(label={SENTIMENT: word}, blind=True), key)


async def skip(request: Request) -> Response:
    """Ask nobody about this mention any more: nobody can tell."""
    await command(request)
    mention_id = clean(request.path_params["mention_id"])
    labels = ScoreLabels(parts(request).base.database)
    if not await labels.skip(mention_id, user(request).name):
        raise Problem(404, "unknown_sample", "Nobody is asked to label this mention")
    return JSONResponse({"mention_id": mention_id})


async def agreement(request: Request) -> Response:
    """How often people agree with each model, and what they say instead."""
    return JSONResponse({"models": await report(parts(request).base.database)})


async def _trail(request: Request) -> Trail:
    """The trail of the mention in the path. Raises Problem 404."""
    trail = await parts(request).base.ledger.of_mention(clean(request.path_params["mention_id"]))
    if not trail:
        raise Problem(404, "unknown_mention", "The ledger has no fact of this mention")
    return trail


def _said(trail: Trail) -> Said:
    said = said_in(trail)
    if said is None:
        raise Conflict("not_scored", "This mention was not scored, or cannot be read any more")
    return said


async def _holds(at: Parts, trail: Trail, mention_id: str, rep: str) -> bool:
    """By the ledger, or by what is live: an accept of just now is not in the ledger yet."""
    if has_held(trail, rep):
        return True
    card = await at.floor.card(task_id_of(mention_id))
    return bool(card and card["rep"] == rep and card["state"] != "offered")


async def _told(request: Request, trail: Trail, said: Said, given: Given, key: str) -> Response:
    """Put the label on its way to the ledger, once for its key; tell what the model had said."""
    me = user(request)
    fact = corrected(said, given, _op_id(me.name, key, said, given), actor_of(me), system_ms())
    if all(one["fact_id"] != fact.fact_id for one in trail):
        with sent():
            await parts(request).base.door.note([fact])
        _count(said, given)
    agreed = {name: getattr(said, name) == word for name, word in given.label.items()}
    told = {"mention_id": said.mention_id, "label": given.label, "model": said.as_dict()}
    return JSONResponse(told | {"agreed": agreed}, 202)


def _op_id(name: str, key: str, said: Said, given: Given) -> str:
    """With another word or of another mention the same key is another label: none is lost."""
    words = [said.mention_id, dict(given.label), given.why, given.blind]
    told = hashlib.sha256(orjson.dumps(words, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return f"{name}:label:{key}:{told}"


def _count(said: Said, given: Given) -> None:
    if word := given.label.get(SENTIMENT):
        agreed = "yes" if word == said.sentiment else "no"
        how = "blind" if given.blind else "correction"
        # No model said anything: nobody agrees or disagrees with it.
        metrics.SCORE_LABELS.labels(how, "none" if said.sentiment == UNSUPPORTED else agreed).inc()


def _shown(trails: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Json]:
    """What a person sees to label it, and nothing that leads to the model's answer."""
    return [
        {
            "mention_id": mention_id,
            "channel": said.channel,
            "lang": said.lang,
            "at_ms": trail[0]["now_ms"],
            "text": said.text[:_SHOWN_CHARS],
            "cut": len(said.text) > _SHOWN_CHARS,
        }
        for mention_id, trail in trails.items()
        if (said := said_in(trail))
    ]


def _word(given: Json, name: str) -> str:
    """One of the words of this field. Raises Problem 422."""
    word = text_of(given, name, _WORD_CHARS)
    if word not in FIELDS[name]:
        raise wrong_field(name, " or ".join(FIELDS[name]), word)
    return word
