"""Joins in the store: every one an event, their fold beside them, pairs to be asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.adapters.store.identity_nodes import known_of
from app.adapters.store.statements import chunks
from app.adapters.store.tables import handles, mentions, profiles
from app.core.errors import Conflict
from app.core.joins import JOINED, Draft, Event, Pair, People, Who, fold, pair_of, person_of
from app.core.matching import Verdict
from app.core.particulars import CUSTOMER, split_node

OPEN, SETTLED = "open", "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command by name: done once for each `op_id`; `digest` is of what it said."""

    op_id: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that is known of the persons behind two nodes, all of one moment."""

    people: People
    strong: Mapping[str, Sequence[str]]


Decide = Callable[[Scene], list[Draft]]


class Joins:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def act(self, pair: Pair, decide: Decide, who: Who, said: Said) -> list[Event]:
        """Let `decide` make the next events of two nodes, and fold them.

        Raises Conflict: `unknown_node`, `key_reused` and whatever `decide` does.
        """

        def work(connection: sa.Connection) -> list[Event]:
            take_board(self._database, connection)
            if known := _repeated(connection, said):
                return known
            for node in pair:
                _refuse_unknown(connection, node)
            return self._happened(connection, pair, decide, who, said)

        return await self._database.write(work)

    async def act_on(self, seq: int, decide: Decide, who: Who, said: Said) -> list[Event]:
        """As `act`, of the two nodes of a join. Raises Conflict also with `unknown_join`."""
        query = sa.select(t.events.c.a, t.events.c.b)
        query = query.where(t.events.c.seq == seq, t.events.c.kind == JOINED)
        row = await self._database.read(lambda c: c.execute(query).first())
        if row is None:
            raise Conflict("unknown_join", "No join has this number")
        return await self.act((row.a, row.b), decide, who, said)

    def _happened(
        self, connection: sa.Connection, pair: Pair, decide: Decide, who: Who, said: Said
    ) -> list[Event]:
        scope = {*members(connection, pair[0]), *members(connection, pair[1])}
        before = events_of(connection, scope)
        strong = {node: known.strong for node, known in known_of(connection, scope).items()}
        drafts = decide(Scene(people=fold(before), strong=strong))
        made = [_write(connection, draft, who, said) for draft in drafts]
        if made:
            people = fold([*before, *made])
            _regroup(connection, scope, people)
            _settle(connection, scope, people)
        return made

    async def ask(self, pairs: Sequence[tuple[str, str, Verdict]], now_ms: int) -> int:
        """Put pairs before a person, unless they are one or told apart by now; returns how many.

        A pair that was asked about before keeps its place; its evidence is the newest.
        """

        def work(connection: sa.Connection) -> int:
            take_board(self._database, connection)
            return sum(self._ask(connection, a, b, verdict, now_ms) for a, b, verdict in pairs)

        return await self._database.write(work) if pairs else 0

    def _ask(
        self, connection: sa.Connection, a: str, b: str, verdict: Verdict, now_ms: int
    ) -> bool:
        ours, theirs = members(connection, a), members(connection, b)
        people = fold(events_of(connection, {*ours, *theirs}))
        if b in ours or people.told_apart(ours, theirs) or _asked(connection, ours, theirs, {a, b}):
            return False
        one, other = pair_of(a, b)
        row = {
            "pair": _digest(one, other),
            "a": one,
            "b": other,
            "state": OPEN,
            "confidence": verdict.confidence,
            "data": orjson.dumps(told_of(verdict, flipped=(one, other) != (a, b))),
            "since_ms": now_ms,
        }
        put = self._database.upsert(t.reviews, "state", "confidence", "data")
        connection.execute(put, row)
        return True

    async def reviews(self, limit: int) -> list[dict[str, Any]]:
        """The open pairs, the surest first."""
        query = (
            sa.select(t.reviews)
            .where(t.reviews.c.state == OPEN)
            .order_by(t.reviews.c.confidence.desc(), t.reviews.c.pair)
            .limit(limit)
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [review_of(row) for row in rows]

    async def open_reviews(self) -> int:
        query = sa.select(sa.func.count()).where(t.reviews.c.state == OPEN)
        return await self._database.read(lambda c: int(c.scalar(query) or 0))

    async def since(self, seq: int, limit: int) -> list[Event]:
        """The events after this number, in order."""
        query = sa.select(t.events).where(t.events.c.seq > seq).order_by(t.events.c.seq)
        rows = await self._database.read(lambda c: c.execute(query.limit(limit)).all())
        return [event_of(row) for row in rows]


def take_board(database: Database, connection: sa.Connection) -> None:
    """Let nobody else join or tell apart until this transaction has ended."""
    connection.execute(database.insert_new(t.board), {"one": 1, "change": 0})
    connection.execute(sa.update(t.board).values(change=t.board.c.change + 1))


def members(connection: sa.Connection, node: str) -> set[str]:
    """All nodes that events joined with this one, itself among them."""
    return set(groups_of(connection, [node])[node])


def groups_of(connection: sa.Connection, nodes: Collection[str]) -> dict[str, frozenset[str]]:
    """`members` of each of these nodes."""
    found = {node: frozenset({node}) for node in nodes}
    for chunk in chunks(nodes):
        persons = sa.select(t.groups.c.person).where(t.groups.c.node.in_(chunk))
        query = sa.select(t.groups.c.person, t.groups.c.node).where(t.groups.c.person.in_(persons))
        together: dict[str, set[str]] = {}
        for person, node in connection.execute(query):
            together.setdefault(person, set()).add(node)
        for group in map(frozenset, together.values()):
            found |= dict.fromkeys(group & found.keys(), group)
    return found


def events_of(connection: sa.Connection, nodes: Collection[str]) -> list[Event]:
    """Everything that was ever done to these nodes, in order."""
    found: dict[int, Event] = {}
    for chunk in chunks(nodes):
        query = sa.select(t.events).where(sa.or_(t.events.c.a.in_(chunk), t.events.c.b.in_(chunk)))
        found |= {row.seq: event_of(row) for row in connection.execute(query)}
    return [found[seq] for seq in sorted(found)]


def event_of(row: Any) -> Event:
    names = ("seq", "kind", "a", "b", "at_ms", "by", "role", "of")
    return Event(**{name: getattr(row, name) for name in names}, data=orjson.loads(row.data))


def review_of(row: Any) -> dict[str, Any]:
    names = ("pair", "a", "b", "state", "confidence", "since_ms")
    told: dict[str, Any] = orjson.loads(row.data)
    return {name: getattr(row, name) for name in names} | told


def told_of(verdict: Verdict, flipped: bool = False) -> dict[str, Any]:
    """A verdict as events and reviews keep it; `flipped` where the pair is kept the other way."""
    told = asdict(verdict)
    told.pop("confidence")
    if flipped:
        told["against"] = [[theirs, ours] for ours, theirs in verdict.against]
        for each in told["evidence"]:
            each["ours"], each["theirs"] = each["theirs"], each["ours"]
    return told


def _write(connection: sa.Connection, draft: Draft, who: Who, said: Said) -> Event:
    row: dict[str, Any] = {
        "kind": draft.kind,
        "a": draft.a,
        "b": draft.b,
        "of": draft.of,
        "at_ms": who.at_ms,
        "by": who.name,
        "role": who.role,
    }
    kept = row | {"data": orjson.dumps(draft.data), "op_id": said.op_id, "digest": said.digest}
    made = sa.insert(t.events).values(kept).returning(t.events.c.seq)
    return Event(seq=int(connection.scalar(made) or 0), **row, data=draft.data)


def _regroup(connection: sa.Connection, scope: set[str], people: People) -> None:
    connection.execute(sa.delete(t.groups).where(t.groups.c.node.in_(scope)))
    rows = [
        {"node": node, "person": person_of(group)}
        for group in people.groups()
        for node in group
        if node in scope
    ]
    if rows:
        connection.execute(sa.insert(t.groups), rows)


def _settle(connection: sa.Connection, scope: set[str], people: People) -> None:
    """Pairs are asked about while they need an answer: an un-join may bring a question back."""
    ends = sa.or_(t.reviews.c.a.in_(scope), t.reviews.c.b.in_(scope))
    for row in connection.execute(sa.select(t.reviews).where(ends)).all():
        # The other side may be joined with nodes of which these events say nothing.
        ours, theirs = members(connection, row.a), members(connection, row.b)
        answered = row.b in ours or people.told_apart(ours, theirs)
        change = sa.update(t.reviews).where(t.reviews.c.pair == row.pair)
        connection.execute(change.values(state=SETTLED if answered else OPEN))


def _asked(connection: sa.Connection, ours: set[str], theirs: set[str], pair: set[str]) -> bool:
    """Is a person asked about these two people already, by another pair of their ids?"""
    query = sa.select(t.reviews.c.a, t.reviews.c.b).where(t.reviews.c.state == OPEN)
    rows = connection.execute(query.where(sa.or_(t.reviews.c.a.in_(ours), t.reviews.c.b.in_(ours))))
    return any(
        {a, b} != pair and ((a in ours and b in theirs) or (b in ours and a in theirs))
        for a, b in rows
    )


def _repeated(connection: sa.Connection, said: Said) -> list[Event]:
    """What the same command did, where it was done before. Raises Conflict (`key_reused`)."""
    query = sa.select(t.events).where(t.events.c.op_id == said.op_id).order_by(t.events.c.seq)
    rows = connection.execute(query).all()
    if any(row.digest != said.digest for row in rows):
        raise Conflict("key_reused", "This key was used before, for something else")
    return [event_of(row) for row in rows]


def _refuse_unknown(connection: sa.Connection, node: str) -> None:
    try:
        kind, id_ = split_node(node)
    except ValueError:
        raise Conflict("unknown_node", "Expected customer:ID or handle:CHANNEL:HANDLE") from None
    places = (
        [profiles.c.customer_id]
        if kind == CUSTOMER
        else [handles.c.handle_key, mentions.c.handle_key]
    )
    known = [sa.select(place).where(place == id_).limit(1) for place in places]
    known.append(sa.select(t.nodes.c.node).where(t.nodes.c.node == node))
    if not any(connection.scalar(query) for query in known):
        raise Conflict("unknown_node", f"Nobody is known as {node}")


def _digest(a: str, b: str) -> str:
    return hashlib.sha256(f"{a}\0{b}".encode()).hexdigest()
