"""record: fold the ledger into the contact history, and keep the profile cache filled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app import metrics
from app.adapters import identity_weights
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store.identity_people import PeopleTable
from app.adapters.store.record import Record
from app.core.history import entry_of, standing_of
from app.core.profile import handle_key
from app.processes import service
from app.processes.flights import FOLLOW_S, JUDGE_S, FlightWatch
from app.processes.identity import FOLLOW_S as IDENTITY_S
from app.processes.identity import GO_ROUND_S, IdentityWatch, Surroundings
from app.processes.profile_cache import FOLLOW_S as PROFILES_S
from app.processes.profile_cache import ProfileCache
from app.settings import IDENTITY, Settings
from app.wiring import base as wiring
from app.wiring.profiles import order_of, statements

READER = "record"
_PAUSE_S = 0.25
_REFRESH_S = 60.0  # owners that a wiped cache has lost are back within a minute
_DAY_S = 24 * 3600

KeepOwners = Callable[[dict[str, tuple[str, int]]], Awaitable[None]]


async def main(settings: Settings) -> None:
    base = await wiring.base(settings)
    record = Record(base.database)
    profiles = RedisProfiles(base.redis)
    keep_s = round(settings.offer.sticky_days * _DAY_S)

    async def keep_owners(owners: dict[str, tuple[str, int]]) -> None:
        await profiles.put_owners(owners, keep_s)

    async def refresh_owners() -> None:
        since_ms = wiring.system_ms() - keep_s * 1000
        await keep_owners(await record.owners(since_ms))

    store = statements(base.database, settings, base.config.catalogue)
    known = order_of(settings, base.config.catalogue)
    cache = ProfileCache(store, profiles, PeopleTable(base.database, known))
    identity = _identity(base, profiles)
    fold = Fold(base, record, keep_owners)
    flights = FlightWatch(base.database, wiring.system_ms)

    async with service.health(service.always_ready):
        try:
            await asyncio.gather(
                service.patiently("record", fold.advance, _PAUSE_S),
                service.patiently("owners", refresh_owners, _REFRESH_S),
                service.patiently("profiles", cache.turn, PROFILES_S),
                service.patiently("identity", identity.follow, IDENTITY_S),
                service.patiently("customers", identity.go_round, GO_ROUND_S),
                service.once("refold", store.refold),
                service.patiently("flights", flights.follow, FOLLOW_S),
                service.patiently("flight goals", flights.judge, JUDGE_S),
            )
        finally:
            await base.close()


def _identity(base: wiring.Base, profiles: RedisProfiles) -> IdentityWatch:
    return IdentityWatch(
        Surroundings(
            database=base.database,
            weights=identity_weights.load(IDENTITY),
            cache=profiles,
            now_ms=wiring.system_ms,
            order=order_of(base.settings, base.config.catalogue),
            channels=base.config.catalogue.channels,
        )
    )


class Fold:
    """Reads the ledger from where it stopped; the position moves with what was written."""

    def __init__(
        self, base: wiring.Base, record: Record, keep_owners: KeepOwners | None = None
    ) -> None:
        self._ledger = base.ledger
        self._record = record
        self._keep_owners = keep_owners

    async def advance(self) -> None:
        """Fold all that is new. Raises Unavailable; doing it again changes nothing."""
        async for facts in self._ledger.unread(READER):
            who = await self._who(facts)
            entries = [e for fact in facts if (e := entry_of(fact, who))]
            standings = [s for fact in facts if (s := standing_of(fact, who))]
            await self._record.write(READER, facts[-1]["seq"], entries, standings)
            metrics.RECORDED.set(facts[-1]["seq"])
            if self._keep_owners:
                replies = [entry for entry in entries if entry.kind == "replied"]
                await self._keep_owners({e.handle_key: (e.by, e.at_ms) for e in replies})

    async def _who(self, facts: Sequence[dict[str, Any]]) -> dict[str, tuple[str, str]]:
        """Handle key and channel of every mention these facts speak of."""
        who: dict[str, tuple[str, str]] = {}
        for fact in facts:
            if fact["op"] == "received":
                said = fact["data"]["mention"]
                key = handle_key(said["channel"], said["author"]["handle"])
                who[fact["mention_id"]] = (key, said["channel"])
        for mention_id in {f["mention_id"] for f in facts} - who.keys() - {""}:
            standing = await self._record.standing(mention_id)
            if standing:
                who[mention_id] = (standing["handle_key"], standing["channel"])
        return who
