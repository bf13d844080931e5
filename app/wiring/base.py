"""What every process has: settings, catalogue, Redis and the store."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import config, config_rules
from app.adapters.redis_client import Client, connect, refuse_eviction
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.rule_versions import RuleVersions
from app.config import Config
from app.core.catalogue import Catalogue, Rep
from app.core.errors import ConfigError
from app.core.versions import Live, Version
from app.settings import CONFIG, Settings

STANDARD_WINDOW_S = 1800.0  # what the windows in config/queues.toml are written for


def system_ms() -> int:
    return time.time_ns() // 1_000_000


def user() -> str:
    """Whoever sits at this command line, by name; empty where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


def configuration(
    settings: Settings,
    rule_texts: Mapping[str, str] | None = None,
    check_row: config.RowCheck = lambda _row: iter(()),
) -> Config:
    """The catalogue and rules, with all windows stretched by the standard one of the settings.

    `rule_texts` are the rules of a version; without them the folder's are read.
    """
    return config.load(CONFIG, settings.sla.window_s / STANDARD_WINDOW_S, check_row, rule_texts)


def folder_texts() -> dict[str, str]:
    """The rules of the folder. Raises ConfigError."""
    problems: list[str] = []
    texts = config_rules.texts_of(CONFIG, problems)
    if problems:
        raise ConfigError(problems)
    return texts


def write_folder(texts: Mapping[str, str]) -> Path:
    """Make these the rules of the folder, and no others; returns the folder."""
    folder = CONFIG / "rules"
    for path in folder.glob("*.toml"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="")
    return folder


async def live_version(database: Database) -> tuple[Live, Version]:
    """The live version of the rules. Raises Unavailable, and ConfigError before there is any."""
    versions = RuleVersions(database)
    live = await versions.live()
    if live is None:
        raise ConfigError(["the rules have no version yet: `python -m app migrate` takes them in"])
    return live, await versions.version(live.number)


def takers_of(settings: Settings, catalogue: Catalogue) -> list[Rep]:
    """Who takes tasks: the simulated people only where the demo is on."""
    reps, demo = catalogue.reps.values(), settings.demo.on
    return [rep for rep in reps if rep.queues and (demo or not rep.demo)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What every process has. `live` is the version of the rules that `config` was made of."""

    settings: Settings
    config: Config
    redis: Client
    door: RedisDoor
    database: Database
    ledger: Ledger
    live: Live | None = None

    def takers(self) -> list[Rep]:
        """Who takes tasks here."""
        return takers_of(self.settings, self.config.catalogue)

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
    live, version = await live_version(database)
    return Base(
        settings=settings,
        config=configuration(settings, version.texts),
        redis=redis,
        door=door,
        database=database,
        ledger=Ledger(database),
        live=live,
    )
