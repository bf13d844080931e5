"""The log of event rules: at which events they were asked, how they fared, what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.rule_event_tables import acts, events, notices
from app.adapters.store.tables import cursors
from app.codec import clean
from app.core.decision import Trace
from app.core.event_acts import DONE, PENDING, STOPPED, Act
from app.core.events import Event
from app.core.notices import Notice

KEEP_MS = 90 * 86_400_000  # what was asked and done longer ago, the ledger tells as facts
_PRUNED = 500  # rows of one transaction: others wait for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One event at which rules were asked. `version` signs them, `number` is that of their texts.

    `values` are those of the event alone; what the mention's decision saw is in the ledger.
    """

    event: Event
    version: str
    number: int
    values: Mapping[str, object]
    trace: Sequence[Trace]
    acts: Sequence[Act] = ()
    notices: Sequence[Notice] = ()
    problem: str = ""


class RuleEvents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, reader: str, seq: int) -> None:
        """Where this reader has no position yet, it begins here."""
        row = {"name": reader, "seq": seq}
        await self._database.write(
            lambda c: c.execute(self._database.insert_new(cursors), row) and None
        )

    async def take(
        self,
        asked: Sequence[Asked],
        told: Sequence[Notice] = (),
        read: tuple[str, int] | None = None,
    ) -> list[Asked]:
        """Keep these, in one transaction with the position `read` of a reader of the ledger.

        An event that is known already changes nothing. Returns the ones that are new.
        """

        def work(connection: sa.Connection) -> list[Asked]:
            new = [one for one in asked if self._is_new(connection, one)]
            for one in new:
                if one.acts:
                    connection.execute(sa.insert(acts), [_act_row(act) for act in one.acts])
            said = [*told, *(notice for one in new for notice in one.notices)]
            if said:
                rows = [_notice_row(notice) for notice in said]
                connection.execute(self._database.insert_new(notices), rows)
            if read:
                statement = self._database.upsert(cursors, "seq")
                connection.execute(statement, {"name": read[0], "seq": read[1]})
            return new

        return await self._database.write(work)

    def _is_new(self, connection: sa.Connection, one: Asked) -> bool:
        statement = self._database.insert_new(events).values(_event_row(one)).inline()
        options = {"preserve_rowcount": True}
        return bool(connection.execute(statement, execution_options=options).rowcount)

    async def known(self, event_ids: Sequence[str]) -> set[str]:
        """Which of these events are in the log."""
        query = sa.select(events.c.event_id).where(events.c.event_id.in_(event_ids))
        return set(await self._database.read(lambda c: c.execute(query).scalars().all()))

    async def acts_of(self, mention_ids: Sequence[str]) -> dict[str, list[Act]]:
        """What rules did, or were stopped in, for each of these mentions; in order."""
        query = sa.select(acts.c.body).where(acts.c.mention_id.in_(mention_ids))
        found: dict[str, list[Act]] = {id_: [] for id_ in mention_ids}
        for act in await self._acts(query.order_by(acts.c.number)):
            found[act.mention_id].append(act)
        return found

    async def pending(self, limit: int = 100) -> list[Act]:
        """What the door has not been asked yet, or has not answered, the oldest first."""
        query = sa.select(acts.c.body).where(acts.c.state == PENDING)
        return await self._acts(query.order_by(acts.c.number).limit(limit))

    async def settle(self, act: Act, done: Mapping[str, str]) -> None:
        """This came of it."""
        settled = replace(act, state=DONE, done=dict(done))
        statement = sa.update(acts).where(acts.c.act_id == act.act_id, acts.c.state == PENDING)
        values = {"state": DONE, "body": _dumps(settled)}
        await self._database.write(lambda c: c.execute(statement.values(values)) and None)

    async def owed(self, limit: int = 100) -> list[Act]:
        """Acts that hand mentions off, as far as the delivery log does not know them."""
        query = sa.select(acts.c.body).where(acts.c.owed.is_(True))
        return await self._acts(query.order_by(acts.c.number).limit(limit))

    async def after(self, number: int, limit: int = 100) -> list[tuple[int, Act]]:
        """Acts behind this one in the order of acting, each with its number."""
        query = sa.select(acts.c.number, acts.c.body).where(acts.c.number > number)
        query = query.order_by(acts.c.number).limit(limit)
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [(found, _act(orjson.loads(body))) for found, body in rows]

    async def last_act(self) -> int:
        """The number of the newest act; 0 where there is none."""
        query = sa.select(sa.func.max(acts.c.number))
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def handed(self, some: Sequence[Act]) -> None:
        """The delivery log has the hand-offs of these."""
        ids = [act.act_id for act in some]
        statement = sa.update(acts).where(acts.c.act_id.in_(ids)).values(owed=False)
        await self._database.write(lambda c: c.execute(statement) and None)

    async def of_mention(self, mention_id: str) -> list[dict[str, Any]]:
        """Every event at which rules were asked of this mention, with what they did; in order."""
        query = sa.select(events.c.event_id, events.c.body).where(events.c.mention_id == mention_id)
        query = query.order_by(events.c.number)
        rows = await self._database.read(lambda c: c.execute(query).all())
        did: dict[str, list[Act]] = {}
        for act in (await self.acts_of([mention_id]))[mention_id]:
            did.setdefault(act.event_id, []).append(act)
        return [
            orjson.loads(body) | {"acts": [_told(act) for act in did.get(event_id, ())]}
            for event_id, body in rows
        ]

    async def prune(self, now_ms: int) -> int:
        """Forget what is too old; returns how much that was, a bounded number at once."""
        old = now_ms - KEEP_MS

        def work(connection: sa.Connection) -> int:
            gone = 0
            for table, key in ((acts, acts.c.act_id), (events, events.c.event_id)):
                some = sa.select(key).where(table.c.at_ms < old).limit(_PRUNED)
                gone += connection.execute(sa.delete(table).where(key.in_(some))).rowcount
            return gone

        return await self._database.write(work)

    async def _acts(self, query: sa.Select[Any]) -> list[Act]:
        rows = await self._database.read(lambda c: c.execute(query).scalars().all())
        return [_act(orjson.loads(body)) for body in rows]


def _event_row(one: Asked) -> dict[str, Any]:
    event = one.event
    body = {
        "event": event.name,
        "at_ms": event.at_ms,
        "fact_id": event.fact_id,
        "depth": event.depth,
        "version": one.version,
        "number": one.number,
        "values": dict(one.values),
        "rules": [asdict(trace) for trace in one.trace],
        "problem": one.problem,
    }
    return {
        "event_id": event.event_id,
        "mention_id": clean(event.mention_id),
        "seq": event.seq,
        "at_ms": event.at_ms,
        "body": orjson.dumps(body),
    }


def _act_row(act: Act) -> dict[str, Any]:
    return {
        "act_id": act.act_id,
        "event_id": act.event_id,
        "mention_id": clean(act.mention_id),
        "at_ms": act.at_ms,
        "state": act.state,
        "owed": bool(act.handoffs) and act.state != STOPPED,
        "body": _dumps(act),
    }


def _notice_row(notice: Notice) -> dict[str, Any]:
    """Its texts are those of a fact, which may be older than the checks of today."""
    row = asdict(notice)
    return {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}


def _dumps(act: Act) -> bytes:
    return orjson.dumps(asdict(act))


def _act(body: dict[str, Any]) -> Act:
    lists = {name: tuple(body[name]) for name in ("skills", "labels", "notices", "handoffs")}
    return Act(**body | lists)


def _told(act: Act) -> dict[str, Any]:
    """An act as people and programs are told it."""
    names = ("rule", "why", "event", "at_ms", "state", "stopped", "priority", "queue", "done")
    told: dict[str, Any] = {name: getattr(act, name) for name in names}
    # What was said is for those to whom it was said.
    lists = {"labels": list(act.labels), "handed_to": list(act.handoffs)}
    said = {"told": [one["to"] for one in act.notices], "replied": bool(act.reply)}
    return told | lists | said
