"""Who is compared with whom: particulars by node, and nodes by the keys that they share."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa

from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.core.blocking import MOST_ALIKE, MOST_COMPARED, blocks, means
from app.core.particulars import Particulars
from app.core.resolving import Candidate

_CONTACT: Final = "k|"  # of blocks that are a mail, a phone or an id: they come before all others


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A node as it is now. `source`: a digest of what it was made from, to see changes by."""

    node: str
    known: Particulars
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Who shares a key with a node, among how many, and the keys that too many share.

    `person` is whom the node itself belongs to.
    """

    person: str
    candidates: tuple[Candidate, ...]
    too_common: tuple[str, ...]
    population: int


class Nodes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, entries: Sequence[Entry], now_ms: int) -> list[Entry]:
        """Keep these; returns those that are new or have changed since they were `compared`.

        Raises Unavailable.
        """
        if not entries:
            return []
        return await self._database.write(lambda c: self.enter_now(c, entries, now_ms))

    def enter_now(
        self, connection: sa.Connection, entries: Sequence[Entry], now_ms: int
    ) -> list[Entry]:
        """`enter` in a transaction of the caller."""
        old = _bodies(connection, [entry.node for entry in entries])
        fresh = [e for e in entries if e.node not in old or old[e.node][1] != e.source]
        if not fresh:
            return []
        rows = [
            {
                "node": entry.node,
                "body": msgspec.json.encode(entry.known),
                "source": "",
                "too_common": "",
                "seen_ms": now_ms,
            }
            for entry in fresh
        ]
        self._put(connection, rows)
        self._put_keys(connection, fresh, {node: body for node, (body, _) in old.items()})
        return fresh

    def _put(self, connection: sa.Connection, rows: list[dict[str, object]]) -> None:
        statement = self._database.insert_new(t.nodes)
        connection.execute(statement, rows)
        known = sa.update(t.nodes).where(t.nodes.c.node == sa.bindparam("which"))
        change = known.values(
            {name: sa.bindparam(f"new_{name}") for name in ("body", "source", "seen_ms")}
        )
        changed = [
            {"which": row["node"]} | {f"new_{n}": row[n] for n in ("body", "source", "seen_ms")}
            for row in rows
        ]
        connection.execute(change, changed)

    def _put_keys(
        self, connection: sa.Connection, fresh: Sequence[Entry], old: dict[str, Particulars]
    ) -> None:
        query = sa.select(t.nodes.c.node, t.nodes.c.number)
        query = query.where(t.nodes.c.node.in_([entry.node for entry in fresh]))
        numbers = {node: int(number) for node, number in connection.execute(query)}
        gone, made = [], []
        for entry in fresh:
            before = hashes(old[entry.node]) if entry.node in old else set()
            after, number = hashes(entry.known), numbers[entry.node]
            gone += [{"k": key, "n": number} for key in before - after]
            made += [{"key": key, "number": number} for key in after - before]
        if gone:
            connection.execute(
                sa.delete(t.keys).where(
                    t.keys.c.key == sa.bindparam("k"), t.keys.c.number == sa.bindparam("n")
                ),
                gone,
            )
        if made:
            connection.execute(self._database.insert_new(t.keys), made)

    async def around(self, node: str, known: Particulars) -> Around:
        """Who shares a key with these particulars, whoever shares most first."""
        return await self._database.read(lambda c: around(c, node, known))

    async def compared(self, entry: Entry, too_common: Sequence[str]) -> None:
        """Remember that this was done, and by what nobody could be told apart: people see it."""
        change = sa.update(t.nodes).where(t.nodes.c.node == entry.node)
        values = {"source": entry.source, "too_common": "\n".join(too_common)}
        await self._database.write(lambda c: c.execute(change.values(values)))

    async def by_key(self, key: str) -> list[str]:
        """The nodes that have this mail, phone or id, as many as make a block."""

        def work(connection: sa.Connection) -> list[str]:
            numbers = _sharing(connection, hash_of(_CONTACT + key))
            found = connection.execute(
                sa.select(t.nodes.c.node, t.nodes.c.body).where(t.nodes.c.number.in_(numbers))
            )
            return sorted(node for node, body in found if key in decoded(body).keys)

        return await self._database.read(work)


def around(connection: sa.Connection, node: str, known: Particulars) -> Around:
    """`Nodes.around` in a transaction of the caller."""
    sharing: Counter[int] = Counter()
    common: list[str] = []
    for block in set(blocks(known)):
        numbers = _sharing(connection, hash_of(block))
        if len(numbers) > MOST_ALIKE:
            common.append(means(block))
        else:
            weight = MOST_ALIKE if block.startswith(_CONTACT) else 1
            sharing.update(dict.fromkeys(numbers, weight))
    best = [number for number, _ in sharing.most_common(MOST_COMPARED + 1)]
    query = (
        sa.select(t.nodes.c.number, t.nodes.c.node, t.nodes.c.body, t.groups.c.person)
        .outerjoin(t.groups, t.groups.c.node == t.nodes.c.node)
        .where(t.nodes.c.number.in_(best))
    )
    rows = {int(row.number): row for row in connection.execute(query)} if best else {}
    found = [
        Candidate(node=row.node, person=row.person or row.node, known=decoded(row.body))
        for number in best
        if (row := rows.get(number)) and row.node != node
    ]
    last = connection.scalar(sa.select(sa.func.max(t.nodes.c.number)))
    own = connection.scalar(sa.select(t.groups.c.person).where(t.groups.c.node == node))
    return Around(
        person=own or node,
        candidates=tuple(found[:MOST_COMPARED]),
        too_common=tuple(sorted(common)),
        population=int(last or 0),
    )


def decoded(body: bytes) -> Particulars:
    return msgspec.json.decode(body, type=Particulars)


def hash_of(block: str) -> int:
    """64 bits, signed as databases have them. Two blocks of one hash only cost a comparison."""
    return int.from_bytes(hashlib.blake2b(block.encode(), digest_size=8).digest(), signed=True)


def hashes(known: Particulars) -> set[int]:
    return {hash_of(block) for block in blocks(known)}


def known_of(connection: sa.Connection, nodes: Iterable[str]) -> dict[str, Particulars]:
    """The particulars of those of these nodes that are kept."""
    return {node: known for node, (known, _) in _bodies(connection, list(nodes)).items()}


def _sharing(connection: sa.Connection, key: int) -> list[int]:
    query = sa.select(t.keys.c.number).where(t.keys.c.key == key).limit(MOST_ALIKE + 1)
    return list(connection.scalars(query))


def _bodies(connection: sa.Connection, nodes: Sequence[str]) -> dict[str, tuple[Particulars, str]]:
    query = sa.select(t.nodes.c.node, t.nodes.c.body, t.nodes.c.source)
    rows = connection.execute(query.where(t.nodes.c.node.in_(nodes)))
    return {row.node: (decoded(row.body), row.source) for row in rows}
