"""Identity over HTTP: who somebody is, which pairs wait for a decision, and the decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse

from app import codec, metrics
from app.adapters.normal_forms import mail, phone
from app.adapters.store.identity_joins import Decide, Joins, Said
from app.adapters.store.identity_nodes import Nodes
from app.adapters.store.identity_people import PeopleTable, Person
from app.adapters.store.persons import keys_of_person
from app.adapters.store.timeline import Ask, Timeline
from app.core import joins
from app.core.catalogue import READING
from app.core.errors import Conflict
from app.core.joins import Event, Who
from app.core.particulars import (
    CUSTOMER,
    HANDLE,
    MAIL,
    PHONE,
    Particulars,
    node_of_customer,
    node_of_handle,
    split_node,
)
from app.core.person import customer_key
from app.web.history import line_of
from app.web.problems import Problem, wrong_field
from app.web.state import command, parts, text_of, user, whole_field
from app.wiring.base import system_ms
from app.wiring.profiles import order_of

REASON_CHARS, NODE_CHARS = 500, 1_800
_KEY_CHARS = 100
_LARGEST: Final = 2**53
_REVIEWS = 50  # shown at once: nobody decides more without a break
_HISTORY = 50
_FOUND = 20

Json = dict[str, Any]


async def reviews(request: Request) -> JSONResponse:
    """The pairs that wait for a person, the surest first, each with both sides and evidence."""
    kept, table = Joins(parts(request).base.database), _people(request)
    found = []
    for review in await kept.reviews(_REVIEWS):
        sides = {side: _side(await table.person(review[side]), review[side]) for side in "ab"}
        found.append(review | sides)
    return JSONResponse({"reviews": found, "open": await kept.open_reviews()})


async def people(request: Request) -> JSONResponse:
    """Persons by a customer id, a handle key, an address or a number: `?find=`."""
    text = codec.clean(request.query_params.get("find", "")).strip()[:NODE_CHARS]
    if not text:
        raise wrong_field("find", "a customer id, channel:handle, a mail or a phone", "nothing")
    table, found = _people(request), {}
    for node in await _nodes(request, text):
        try:
            person = await table.person(node)
        except Conflict:
            continue  # nobody is known by this reading of the text
        found[person.id] = _side(person, person.id)
    return JSONResponse({"people": list(found.values())[:_FOUND]})


async def person(request: Request) -> JSONResponse:
    """One person: all ids and handles, what agrees between them, and the newest history.

    `history` is null for a role that may not read what customers said.
    """
    table = _people(request)
    found = await table.person(_node(codec.clean(str(request.path_params["person"]))))
    return JSONResponse(
        {
            "id": found.id,
            "name": _name(found),
            "profile": asdict(found.profile) if found.profile.known else None,
            "nodes": [_node_of(found, node) for node in found.nodes],
            "handle_keys": found.handle_keys,
            "joins": [_event(event) for event in found.joins],
            "events": [_event(event) for event in reversed(found.events)],
            "apart": found.apart,
            "reviews": found.reviews,
            "history": await _history(request, found) if user(request).role in READING else None,
        }
    )


async def _history(request: Request, found: Person) -> list[Json]:
    """The newest lines under all keys of a person: their own, and no answers of others to them."""
    database = parts(request).base.database
    kind, id_ = split_node(found.id)
    key = customer_key(id_) if kind == CUSTOMER else id_
    keys = await database.read(lambda c: keys_of_person(c, key))
    ask = Ask(keys=tuple(keys), limit=_HISTORY)
    return [line_of(row, keys=ask.keys) for row in (await Timeline(database).page(ask)).lines]


async def join(request: Request) -> JSONResponse:
    """Say that two are the same person; once for each Idempotency-Key."""
    given = await command(request, "a", "b", "reason")
    who, pair = _who(request, given), _pair(given)

    def decide(scene: Any) -> list[joins.Draft]:
        return joins.join(scene.people, pair, who, scene.strong, {"confidence": 1.0})

    return await _act(request, given, pair, decide, who)


async def apart(request: Request) -> JSONResponse:
    """Say that two are not the same person: remembered, and nobody is asked again."""
    given = await command(request, "a", "b", "reason")
    who, pair = _who(request, given), _pair(given)
    return await _act(
        request, given, pair, lambda scene: joins.keep_apart(scene.people, pair, who), who
    )


async def unjoin(request: Request) -> JSONResponse:
    """Take a join back, with the reason: both are again who they were."""
    given = await command(request, "join", "reason")
    seq = whole_field(given, "join", 1, _LARGEST)
    text_of(given, "reason", REASON_CHARS)
    who = _who(request, given)
    kept = Joins(parts(request).base.database)
    done = await kept.act_on(
        seq, lambda scene: joins.unjoin(scene.people, seq, who), who, _said(request, given)
    )
    return _done(done)


async def _act(
    request: Request, given: Json, pair: joins.Pair, decide: Decide, who: Who
) -> JSONResponse:
    kept = Joins(parts(request).base.database)
    return _done(await kept.act(pair, decide, who, _said(request, given)))


def _done(events: list[Event]) -> JSONResponse:
    for event in events:
        metrics.IDENTITY_JOINS.labels(event.kind, "person").inc()
    return JSONResponse({"events": [_event(event) for event in events]})


def _people(request: Request) -> PeopleTable:
    base = parts(request).base
    return PeopleTable(base.database, order_of(base.settings, base.config.catalogue))


async def _nodes(request: Request, text: str) -> list[str]:
    """Whom a text may mean: an id, a handle, or whoever has this address or number."""
    found = [_node(text), node_of_handle(text)]
    channel, colon, handle = text.partition(":")
    if colon:
        found.append(node_of_handle(f"{channel}:{handle.strip().removeprefix('@').casefold()}"))
    nodes = Nodes(parts(request).base.database)
    for kind, normal in ((MAIL, mail(text)), (PHONE, phone(text))):
        if normal:
            found += await nodes.by_key(f"{kind}:{normal}")
    return found


def _node(text: str) -> str:
    """`customer:ID` and `handle:KEY` as they are; everything else is a customer id."""
    kind, _, id_ = text.partition(":")
    return text if id_ and kind in (CUSTOMER, HANDLE) else node_of_customer(text)


def _pair(given: Json) -> joins.Pair:
    return text_of(given, "a", NODE_CHARS), text_of(given, "b", NODE_CHARS)


def _who(request: Request, given: Json) -> Who:
    me = user(request)
    reason = text_of(given, "reason", REASON_CHARS, required=False)
    return Who(name=me.name, role=me.role, at_ms=system_ms(), reason=reason)


def _said(request: Request, given: Mapping[str, Any]) -> Said:
    """The command by its Idempotency-Key: one person's, of one kind. Raises Problem 400."""
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > _KEY_CHARS:
        expected = f"expected a header Idempotency-Key of 1 to {_KEY_CHARS} chars"
        raise Problem(400, "idempotency_key", expected)
    named = f"{user(request).name}:{request.url.path}:{key}"
    body = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    return Said(
        op_id=hashlib.sha256(named.encode()).hexdigest(),
        digest=hashlib.sha256(body).hexdigest(),
    )


def _side(person_: Person, node: str) -> Json:
    """One side of a pair, or a line of what was found: whom people would recognise."""
    profile = person_.profile
    return {
        "node": node,
        "person": person_.id,
        "name": _name(person_),
        "tier": profile.tier,
        "known": profile.known,
        "handle_keys": person_.handle_keys,
    }


def _name(person_: Person) -> str:
    """As the record has it, else as they write it themselves, else their id."""
    written = (known.written for known in person_.known.values() if known.written)
    return person_.profile.name or next(written, "") or split_node(person_.id)[1]


def _node_of(person_: Person, node: str) -> Json:
    kind, id_ = split_node(node)
    known = person_.known.get(node, Particulars())
    return {
        "node": node,
        "kind": kind,
        "id": id_,
        "known": {
            "name": known.written,
            "born": known.born,
            "street": f"{known.street} {known.house}".strip(),
            "postcode": known.postcode,
            "place": known.place,
        },
        "keys": known.keys,
        "strong": known.strong,
        "too_common": person_.too_common.get(node, ()),
    }


def _event(event: Event) -> Json:
    return asdict(event)
