"""Identity beside the record: whoever is new is compared, and the profile cache follows joins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from app import metrics
from app.adapters.identity_sources import (
    handle_of,
    of_customer,
    of_mention,
    says_more_than_its_handle,
)
from app.adapters.normal_forms import similar
from app.adapters.store.database import Database
from app.adapters.store.identity_customers import Customers, Position
from app.adapters.store.identity_joins import Joins, Said, Scene, told_of
from app.adapters.store.identity_nodes import Entry, Nodes
from app.adapters.store.identity_people import PeopleTable
from app.adapters.store.identity_reader import MentionReader
from app.core import joins
from app.core.blocking import blocks
from app.core.errors import Conflict
from app.core.joins import MACHINE, Draft, Who
from app.core.known import DEFAULT_ORDER, Order, Value
from app.core.matching import JOIN, Verdict, Weights
from app.core.particulars import Particulars, added, node_of_customer, node_of_handle, split_node
from app.core.resolving import resolve

log = structlog.get_logger()

FOLLOW_S, GO_ROUND_S = 0.25, 1.0
_CUSTOMERS: Final = "identity_customers"  # the change of profiles up to which all are compared
_SHOWN: Final = "identity_shown"  # how far the cache has followed the events
_EVENTS = 200  # of one turn

# Not joined by itself after all, but for a person to decide.
_ASKED: Final = ("contradiction", "needs_person", "too_many_nodes")
_GIVEN = Verdict(
    band=JOIN, score=0.0, confidence=1.0, why="The customer's record names this handle."
)


class Cache(Protocol):
    """Where triage looks profiles up."""

    async def change(self, blobs: Mapping[str, bytes | None]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the watch needs: the store, how to weigh, where triage looks, and the time.

    `channels`: what of handles is a channel's; whatever is none issues ids.
    """

    database: Database
    weights: Weights
    cache: Cache
    now_ms: Callable[[], int]
    order: Order = DEFAULT_ORDER
    channels: Collection[str] = ()


class IdentityWatch:
    """`follow` and `go_round` are repeated: both raise Unavailable, and again is harmless."""

    def __init__(self, around: Surroundings) -> None:
        database = around.database
        self._nodes, self._joins = Nodes(database), Joins(database)
        self._people = PeopleTable(database, around.order)
        self._mentions = MentionReader(database)
        self._customers = Customers(database, self._read, around.order)
        self._around = around
        self._at: Position | None = None

    def _read(self, says: Mapping[str, Value], handle_keys: Sequence[str]) -> Particulars:
        return of_customer(says, handle_keys, self._around.channels)

    async def follow(self) -> None:
        """Compare whoever wrote and is not known, and show what came of it."""
        while True:
            said, upto = await self._mentions.next()
            if not upto:
                break
            owners = await self._mentions.owners(sorted({handle_of(each) for each in said}))
            heard = await self._heard(said, owners)
            for entry in await self._nodes.enter(heard, self._around.now_ms()):
                if owner := owners.get(split_node(entry.node)[1]):
                    await self._take_line(entry.node, node_of_customer(owner))
                await self._compare(entry)
            await self._mentions.done(upto)
        await self.show()

    async def go_round(self) -> None:
        """Compare customers whose profiles are new or have changed."""
        if self._at is None:
            self._at = await self._customers.position(_CUSTOMERS)
        while True:
            entries, at, whole = await self._customers.next(self._at)
            if at == self._at:
                break
            for entry in await self._nodes.enter(entries, self._around.now_ms()):
                await self._compare(entry)
            await self._ask_of_lines({entry.node for entry in entries})
            self._at = at
            await self._mentions.done(whole, _CUSTOMERS)
        metrics.IDENTITY_REVIEWS.set(await self._joins.open_reviews())

    async def show(self) -> None:
        """Let the cache follow what was joined and taken back."""
        while True:
            after = await self._mentions.cursor(_SHOWN)
            events = await self._joins.since(after, _EVENTS)
            if not events:
                return
            nodes = {node for event in events for node in (event.a, event.b)}
            await self._around.cache.change(await self._people.blobs(nodes))
            await self._mentions.done(events[-1].seq, _SHOWN)

    async def _heard(
        self, said: Sequence[Mapping[str, Any]], owners: Mapping[str, str]
    ) -> list[Entry]:
        """What these mentions add to what is known of their authors' handles."""
        telling = [
            each
            for each in said
            if handle_of(each) not in owners or says_more_than_its_handle(each)
        ]
        nodes = sorted({node_of_handle(handle_of(each)) for each in telling})
        known = await self._mentions.known(nodes)
        for each in telling:
            node, new = node_of_handle(handle_of(each)), of_mention(each)
            known[node] = added(known[node], new) if node in known else new
        return [
            Entry(node=node, known=now, source=_digest(now))
            for node, now in known.items()
            if next(blocks(now), None)
        ]

    async def _take_line(self, handle: str, customer: str) -> None:
        """Join what a record brings together, or ask where the handle is somebody else's."""
        if not await self._join(handle, customer, _GIVEN):
            await self._joins.ask([(handle, customer, _GIVEN)], self._around.now_ms())

    async def _ask_of_lines(self, customers: Collection[str]) -> None:
        """What these records say of handles that are somebody else's joins nobody by itself."""
        lines = await self._people.unheld(customers)
        asked = [(line.handle, line.customer, _GIVEN) for line in lines]
        await self._joins.ask(asked, self._around.now_ms())

    async def _compare(self, entry: Entry) -> None:
        around = await self._nodes.around(entry.node, entry.known)
        metrics.IDENTITY_TOO_COMMON.inc(len(around.too_common))
        others = [c for c in around.candidates if c.person != around.person]
        found = resolve(entry.known, others, self._around.weights, similar, around.population)
        asked = [(entry.node, node, verdict) for node, verdict in found.review]
        if found.join and not await self._join(entry.node, *found.join):
            node, verdict = found.join
            asked.insert(0, (entry.node, node, verdict))
        await self._joins.ask(asked, self._around.now_ms())
        await self._nodes.compared(entry, around.too_common)

    async def _join(self, a: str, b: str, verdict: Verdict) -> bool:
        """Join by itself; False where a person is to be asked instead."""
        who = Who(name=MACHINE, role="service", at_ms=self._around.now_ms(), reason=verdict.why)
        flipped = joins.pair_of(a, b) != (a, b)
        told = told_of(verdict, flipped) | {"confidence": verdict.confidence}

        def decide(scene: Scene) -> list[Draft]:
            return joins.join(scene.people, (a, b), who, scene.strong, told)

        try:
            await self._joins.act((a, b), decide, who, Said(op_id=_digest((MACHINE, a, b))))
        except Conflict as error:
            log.info("not_joined", code=error.code, reason=str(error))
            return error.code not in _ASKED
        metrics.IDENTITY_JOINS.labels(joins.JOINED, "machine").inc()
        return True


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()
