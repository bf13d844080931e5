"""The contact history as people read it: the timeline of one person, and search over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store import full_text
from app.adapters.store.database import Database
from app.adapters.store.identity_whole import handles_in, whole_of
from app.adapters.store.tables import history, mentions, profiles
from app.core.feedback import SATISFIED, UNSATISFIED
from app.core.history_lines import CLOSED, WORDS_OF_CUSTOMERS
from app.core.joins import person_of
from app.core.particulars import CUSTOMER, node_of_customer, node_of_handle, split_node
from app.core.person import customer_key, customer_of
from app.core.words import Term

_MOST_HANDLES: Final = 200  # of one person; who has more is no person
_ENDED: Final = ("completed", "cancelled", CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose timeline it is. `keys` are all under which they are known: one of a stranger."""

    keys: tuple[str, ...]
    customer_id: str = ""
    name: str = ""
    tier: str = ""
    advocacy: str = ""  # ally or advocate, as `advocacy_source` states since `advocacy_ms`
    advocacy_source: str = ""
    advocacy_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for. Times in ms, `until_ms` not included; empty and 0 stand for anything.

    `keys` are a person's; without them everybody's lines are meant. `before` is the `next` of the
    page before. `thread` is one thread of a community, whoever speaks there; `asked_in` are those
    that the person opened, where what others say is an answer to them.
    """

    terms: tuple[Term, ...] = ()
    keys: tuple[str, ...] = ()
    channel: str = ""
    kind: str = ""
    status: str = ""
    since_ms: int = 0
    until_ms: int = 0
    thread: str = ""
    asked_in: tuple[str, ...] = ()
    before: tuple[int, int] | None = None
    limit: int = 50

    @property
    def by_time(self) -> bool:
        """A person's or thread's lines are ordered by when it was, others by when we heard."""
        return bool(self.keys or self.thread) and not self.terms

    @property
    def narrowed(self) -> bool:
        """By more than words: not every line that has them is meant."""
        filters = (self.keys, self.channel, self.kind, self.status, self.since_ms, self.until_ms)
        return any(filters) or bool(self.thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Lines, the newest first, each with how its mention stands; and where the next page begins."""

    lines: list[dict[str, Any]]
    next: tuple[int, int] | None


class Timeline:
    """Reads only. Raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, key: str) -> Person:
        """Who is known under this key."""
        return await self._database.read(lambda connection: _person(connection, key))

    async def page(self, ask: Ask) -> Page:
        """The lines that are asked for, at most `limit`."""
        return await self._database.read(lambda connection: _page(connection, ask))

    async def totals(self, keys: Sequence[str]) -> dict[str, int]:
        """Of a person: how many mentions, how many still open, their feedback, open cases."""
        ended, verdict = mentions.c.status.in_(_ENDED), mentions.c.feedback
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((ended, 0), else_=1)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((verdict == SATISFIED, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((verdict == UNSATISFIED, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(mentions.c.cases), 0),
        ).where(mentions.c.handle_key.in_(keys))
        row = await self._database.read(lambda c: c.execute(query).one())
        names = ("mentions", "open", SATISFIED, UNSATISFIED, "cases")
        return {name: int(value) for name, value in zip(names, row, strict=True)}


def _keys_of(connection: sa.Connection, nodes: set[str]) -> tuple[str, ...]:
    """Every key under which one person's lines are kept: of all ids and handles joined."""
    ids = sorted(id_ for kind, id_ in map(split_node, nodes) if kind == CUSTOMER)
    return (*handles_in(connection, nodes)[:_MOST_HANDLES], *map(customer_key, ids))


def _person(connection: sa.Connection, key: str) -> Person:
    customer_id = customer_of(key)
    node = node_of_customer(customer_id) if customer_id else node_of_handle(key)
    nodes = whole_of(connection, node)
    kind, first = split_node(person_of(nodes))
    keys = _keys_of(connection, nodes)
    if kind != CUSTOMER:
        return Person(keys=keys if key in keys else (key, *keys))
    customer_id = customer_id or first
    body = connection.scalar(
        sa.select(profiles.c.body).where(profiles.c.customer_id == customer_id)
    )
    known: dict[str, Any] = orjson.loads(body) if body else {}
    return Person(
        keys=keys if key in keys else (key, *keys),
        customer_id=customer_id,
        name=str(known.get("name", "")),
        tier=str(known.get("tier", "")),
        advocacy=str(known.get("advocacy", "")),
        advocacy_source=str(known.get("advocacy_source", "")),
        advocacy_ms=int(known.get("advocacy_ms", 0)),
    )


def _page(connection: sa.Connection, ask: Ask) -> Page:
    if ask.by_time:
        # Each handle has its lines in order; the newest of all are among the newest of each.
        queries = [_by_time(ask, whose) for whose in _whose(ask)]
    else:
        queries = [_by_seq(ask, connection.dialect.name)]
    rows = [row for query in queries for row in connection.execute(query).mappings()]
    rows.sort(key=lambda row: _place(row, ask), reverse=True)
    # A column named as a word of SQL has a name of a kind of its own.
    shown = [{str(name): value for name, value in row.items()} for row in rows[: ask.limit]]
    return Page(lines=shown, next=_place(shown[-1], ask) if len(rows) > ask.limit else None)


def _place(row: Any, ask: Ask) -> tuple[int, int]:
    return (row["at_ms"] if ask.by_time else 0, row["seq"])


def _whose(ask: Ask) -> list[sa.ColumnElement[bool]]:
    """Each handle's own lines, and the words of others where the person had asked."""
    if not ask.keys:
        return [sa.true()]
    found: list[sa.ColumnElement[bool]] = [history.c.handle_key == key for key in ask.keys]
    if ask.asked_in:
        # By the mentions of these threads, as they are few: else all the history would be read.
        there = sa.select(mentions.c.mention_id).where(mentions.c.thread.in_(ask.asked_in))
        others = sa.and_(
            history.c.mention_id.in_(there),
            history.c.handle_key.not_in(ask.keys),
            history.c.kind.in_(WORDS_OF_CUSTOMERS),
        )
        found.append(others)
    return found


def _by_time(ask: Ask, whose: sa.ColumnElement[bool]) -> sa.Select[Any]:
    lines = _lines(ask, history).where(whose)
    if ask.before:
        lines = lines.where(sa.tuple_(history.c.at_ms, history.c.seq) < sa.tuple_(*ask.before))
    return lines.order_by(history.c.at_ms.desc(), history.c.seq.desc()).limit(ask.limit + 1)


def _by_seq(ask: Ask, dialect: str) -> sa.Select[Any]:
    source: sa.FromClause = history
    seq: sa.ColumnElement[int] = history.c.seq
    conditions: list[sa.ColumnElement[bool] | sa.TextClause] = []
    if ask.terms:
        before, most = (ask.before or (0, 0))[1], 0 if ask.narrowed else ask.limit + 1
        words, seq, said = full_text.found(ask.terms, dialect, before, most)
        source = words.join(history, seq == history.c.seq)
        conditions += said
    if ask.keys:
        conditions.append(history.c.handle_key.in_(ask.keys))
    if ask.before:
        conditions.append(seq < ask.before[1])
    return _lines(ask, source).where(*conditions).order_by(seq.desc()).limit(ask.limit + 1)


def _lines(ask: Ask, source: sa.FromClause) -> sa.Select[Any]:
    matter = [mentions.c[name].label(f"matter_{name}") for name in OF_MATTER]
    joined = source.outerjoin(mentions, mentions.c.mention_id == history.c.mention_id)
    lines = sa.select(history, *matter).select_from(joined)
    for column, wanted in (
        (history.c.channel, ask.channel),
        (history.c.kind, ask.kind),
        (mentions.c.status, ask.status),
        (mentions.c.thread, ask.thread),
    ):
        if wanted:
            lines = lines.where(column == wanted)
    if ask.since_ms:
        lines = lines.where(history.c.at_ms >= ask.since_ms)
    if ask.until_ms:
        lines = lines.where(history.c.at_ms < ask.until_ms)
    return lines


OF_MATTER: Final = (
    "status", "queue", "upshot", "rep", "feedback", "cases", "thread", "position", "standing",
    "known_as",
)  # fmt: skip
