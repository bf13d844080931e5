"""What every process has: settings, catalogue, Redis and the store."""

from __future__ import annotations

import time
from dataclasses import dataclass

from app import config
from app.adapters.redis_client import Client, connect, refuse_eviction
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.config import Config
from app.core.catalogue import Rep
from app.settings import CONFIG, Settings

STANDARD_WINDOW_S = 1800.0  # what the windows in config/queues.toml are written for


def system_ms() -> int:
    return time.time_ns() // 1_000_000


def configuration(settings: Settings, check_row: config.RowCheck = lambda _row: iter(())) -> Config:
    """The catalogue and rules, with all windows stretched by the standard one of the settings."""
    return config.load(CONFIG, settings.sla.window_s / STANDARD_WINDOW_S, check_row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What every process has."""

    settings: Settings
    config: Config
    redis: Client
    door: RedisDoor
    database: Database
    ledger: Ledger

    def takers(self) -> list[Rep]:
        """Who takes tasks here: the simulated people only where the demo is on."""
        reps, demo = self.config.catalogue.reps.values(), self.settings.demo.on
        return [rep for rep in reps if rep.queues and (demo or not rep.demo)]

    async def close(self) -> None:
        await self.redis.aclose()
        self.database.close()


async def base(settings: Settings) -> Base:
    """Connect to Redis and the store. Raises ConfigError or Unavailable."""
    redis = connect(settings.redis.url, settings.redis.socket_timeout_s)
    await refuse_eviction(redis)
    door = RedisDoor(redis)
    await door.open()
    database = Database(settings.store_url)
    return Base(
        settings=settings,
        config=configuration(settings),
        redis=redis,
        door=door,
        database=database,
        ledger=Ledger(database),
    )
