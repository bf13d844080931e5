"""record: fold the ledger into the contact history, and keep the profile cache filled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from app import metrics
from app.adapters import identity_weights
from app.adapters.redis_pasts import RedisPasts
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store.identity_people import PeopleTable
from app.adapters.store.ledger import Ledger
from app.adapters.store.pasts import Pasts
from app.adapters.store.record import Record
from app.adapters.store.score_labels import ScoreLabels
from app.adapters.store.signals import Signals
from app.core.history import fold
from app.core.history_lines import REPLIED
from app.core.label_draw import Draw
from app.processes import service
from app.processes.flights import FOLLOW_S, JUDGE_S, FlightWatch
from app.processes.identity import FOLLOW_S as IDENTITY_S
from app.processes.identity import GO_ROUND_S, IdentityWatch, Surroundings
from app.processes.pasts import KeepPasts
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
    people = PeopleTable(base.database, order_of(settings, base.config.catalogue))
    cache, identity = ProfileCache(store, profiles, people), _identity(base, profiles)
    pasts = KeepPasts(Pasts(base.database), RedisPasts(base.redis))
    fold = Fold(base.ledger, record, keep_owners, pasts)
    flights = FlightWatch(base.database, wiring.system_ms)
    signals, labels = Signals(base.database), ScoreLabels(base.database)
    draw = Draw(**settings.labels.model_dump())

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
                service.patiently("signals", _all_of(signals.take), _PAUSE_S),
                service.patiently("labels", _all_of(partial(labels.take, draw)), _PAUSE_S),
                service.patiently("flight goals", flights.judge, JUDGE_S),
            )
        finally:
            await base.close()


def _all_of(take: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[None]]:
    """One stretch of the ledger after the other, until `take` says that there is none."""

    async def taken() -> None:
        while await take():
            pass

    return taken


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
        self,
        ledger: Ledger,
        record: Record,
        keep_owners: KeepOwners | None = None,
        pasts: KeepPasts | None = None,
    ) -> None:
        self._ledger = ledger
        self._record = record
        self._keep_owners = keep_owners
        self._pasts = pasts

    async def advance(self) -> None:
        """Fold all that is new. Raises Unavailable; doing it again changes nothing."""
        while facts := await self._ledger.since(after := await self._place()):
            folded = fold(facts, await self._record.known(facts))
            if not await self._record.write(READER, facts[-1]["seq"], folded, after):
                continue
            metrics.RECORDED.set(facts[-1]["seq"])
            if self._keep_owners:
                replies = [e for e in folded.entries.values() if e.kind == REPLIED]
                await self._keep_owners({e.handle_key: (e.by, e.at_ms) for e in replies})
            if self._pasts:
                changed = {matter.handle_key for matter in folded.written()}
                await self._pasts.follow(facts[-1]["seq"], changed)
        if self._pasts:
            await self._pasts.mend()

    async def _place(self) -> int:
        """Where it is to go on, which others may have moved."""
        place = await self._ledger.cursor(READER)
        if self._pasts:
            await self._pasts.stand(place)
        return place
