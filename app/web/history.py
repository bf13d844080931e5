"""The contact history: search, one person's timeline, and what is written into it by hand."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.threads import Posts, Threads
from app.adapters.store.timeline import OF_MATTER, Ask, Person, Timeline
from app.codec import clean
from app.core.community import NEITHER, is_ally
from app.core.facts import Fact
from app.core.history import STATUSES
from app.core.history_lines import KINDS, OFFLINE_KINDS, OFFLINE_UPSHOTS
from app.core.mention import EARLIEST
from app.core.person import person_key
from app.core.sla import to_ms
from app.core.words import Term, excerpt, terms_of
from app.web.problems import Problem, sent, wrong_field
from app.web.state import actor_of, command, parts, text_of, user, whole_number
from app.wiring.base import system_ms

FIELDS: Final = ("kind", "person", "at", "text", "upshot")
TEXT_CHARS, PERSON_CHARS = 10_000, 300
MOST_LINES: Final = 200
_LINES, _QUERY_CHARS, _MOMENT_CHARS, _KEY_CHARS = 50, 300, 40, 100
_SHOWN_CHARS: Final = 5_000  # of one text; the trail of its mention has it whole
_LATER_MS: Final = 5 * 60_000  # their clock and ours differ
_SEQ: Final = 2**63 - 1
_MOMENT: Final = "a moment with its zone, as 2026-01-31T09:00:00Z"

Json = dict[str, Any]


async def history(request: Request) -> Response:
    """What was said and done, the newest first: of one person, or found by words and filters."""
    at, asked = parts(request), request.query_params
    timeline = Timeline(at.base.database)
    terms, key = terms_of(_query(asked.get("q", ""))), _person(asked.get("person", ""))
    person = await timeline.person(key) if key else None
    posts = await Threads(at.base.database).of_person(person.keys) if person else Posts()
    ask = Ask(
        terms=terms,
        keys=person.keys if person else (),
        asked_in=posts.opened,
        thread=_thread(asked.get("thread", "")),
        channel=clean(asked.get("channel", "")),
        kind=_one_of(asked.get("kind", ""), "kind", KINDS),
        status=_one_of(asked.get("status", ""), "status", STATUSES),
        since_ms=_moment_ms(asked.get("since", ""), "since"),
        until_ms=_moment_ms(asked.get("until", ""), "until"),
        before=_before(asked.get("before", "")),
        limit=max(1, whole_number(asked.get("limit", str(_LINES)), "limit", MOST_LINES)),
    )
    found: Json = {"lines": [], "next": "", "person": None}
    if person:
        totals = await timeline.totals(person.keys)
        found["person"] = _whom(key, person, posts) | {"totals": totals}
    if terms or not asked.get("q", "").strip():  # signs alone are in no text
        page = await timeline.page(ask)
        found["lines"] = [line_of(row, terms, ask.keys) for row in page.lines]
        found["next"] = ".".join(map(str, page.next)) if page.next else ""
    return JSONResponse(found)


async def note(request: Request) -> Response:
    """Write an offline interaction into the history; it is there within seconds."""
    at, me = parts(request), user(request)
    given = await command(request, *FIELDS)
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > _KEY_CHARS:
        expected = f"expected a header Idempotency-Key of 1 to {_KEY_CHARS} chars"
        raise Problem(400, "idempotency_key", expected)
    # With other words the same key is another interaction: what is told is never thrown away.
    words = hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    fact = Fact(
        op="noted",
        op_id=f"{me.name}:note:{key}:{words}",
        now_ms=system_ms(),
        data=_noted(given),
        actor=actor_of(me),
    )
    with sent():
        await at.base.door.note([fact])
    return JSONResponse({"fact_id": fact.fact_id, "handle_key": fact.data["handle_key"]}, 202)


def _noted(given: Json) -> Json:
    """What the fact says. Raises Problem 422."""
    now_ms = system_ms()
    at_ms = now_ms
    if when := text_of(given, "at", _MOMENT_CHARS, required=False):
        at_ms = _moment_ms(when, "at")
        if not to_ms(EARLIEST) <= at_ms <= now_ms + _LATER_MS:
            raise wrong_field("at", "a moment since 2000 that has come", when)
    key = person_key(text_of(given, "person", PERSON_CHARS))
    if not key:
        raise wrong_field("person", "channel:handle or a customer's id", given["person"])
    kind = _one_of(text_of(given, "kind", 20), "kind", OFFLINE_KINDS)
    upshot = text_of(given, "upshot", 40, required=False)
    return {
        "handle_key": key,
        "kind": kind,
        "at_ms": at_ms,
        "text": text_of(given, "text", TEXT_CHARS),
        "upshot": _one_of(upshot, "upshot", OFFLINE_UPSHOTS),
    }


def line_of(row: Json, terms: tuple[Term, ...] = (), keys: tuple[str, ...] = ()) -> Json:
    """A line as screens have it; `parts` are the pieces of an excerpt, and whether they match.

    `by_other`: on the timeline of whoever has these keys, what somebody else said in their thread.
    """
    matter = {name: row.pop(f"matter_{name}") for name in OF_MATTER}
    matter["standing"] = orjson.loads(matter["standing"] or b"null")
    text = str(row.pop("text"))
    return row | {
        "text": text[:_SHOWN_CHARS],
        "cut": len(text) > _SHOWN_CHARS,
        "parts": excerpt(text, terms) if terms else None,
        "matter": matter if matter["status"] else None,
        "by_other": bool(keys) and row["handle_key"] not in keys,
    }


def _whom(key: str, person: Person, posts: Posts) -> Json:
    stated = ("advocacy", "advocacy_source", "advocacy_ms")
    return {
        "key": key,
        "keys": list(person.keys),
        "customer_id": person.customer_id,
        "name": person.name,
        "tier": person.tier,
        "standings": [
            one | {"ally": person.advocacy != NEITHER and is_ally(one)} for one in posts.standings
        ],
    } | {name: getattr(person, name) for name in stated}


def _query(text: str) -> str:
    if len(text) > _QUERY_CHARS:
        raise wrong_field("q", f"at most {_QUERY_CHARS} characters", len(text))
    return clean(text)


def _person(text: str) -> str:
    if len(text) > PERSON_CHARS:
        raise wrong_field("person", f"at most {PERSON_CHARS} characters", len(text))
    return person_key(clean(text))


def _thread(text: str) -> str:
    if len(text) > PERSON_CHARS:
        raise wrong_field("thread", f"at most {PERSON_CHARS} characters", len(text))
    return clean(text)


def _one_of(value: str, field: str, known: tuple[str, ...]) -> str:
    """One of these words, or nothing. Raises Problem 422."""
    if value and value not in known:
        raise wrong_field(field, " or ".join(known), value)
    return value


def _moment_ms(text: str, field: str) -> int:
    """A moment in ms; 0 for nothing. Raises Problem 422."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text[:_MOMENT_CHARS])
    except ValueError:
        raise wrong_field(field, _MOMENT, text) from None
    if moment.tzinfo is None:
        raise wrong_field(field, _MOMENT, text)
    return round(moment.timestamp() * 1000)


def _before(text: str) -> tuple[int, int] | None:
    """Where a page begins: the `next` of the one before. Raises Problem 422."""
    if not text:
        return None
    at_ms, _, seq = text.partition(".")
    return whole_number(at_ms, "before", _SEQ), whole_number(seq, "before", _SEQ)
