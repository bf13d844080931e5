"""The rules between the folder and the store: what is live, and how the folder stands to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
import structlog

from app.adapters.cel_checks import problems_of
from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.rule_pointer import pointer, version
from app.adapters.store.rule_versions import RuleVersions
from app.config import Config
from app.config_checks import broken_references
from app.core.catalogue import Catalogue
from app.core.errors import ConfigError, Unavailable
from app.core.versions import APART, CHANGED, Live, Version, digest_of, sentence, standing
from app.settings import Settings
from app.wiring.base import configuration, folder_texts, system_ms

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The live version, and how the folder stands to it: same, changed or apart."""

    live: Live
    version: Version
    folder: str

    @property
    def sentence(self) -> str:
        """What somebody should do; empty where nothing is to be done."""
        return sentence(self.folder, self.live.number)


def problems_of_texts(
    settings: Settings, texts: Mapping[str, str], running: Catalogue | None = None
) -> list[str]:
    """Everything that is wrong with these rules under our catalogue, and under the running one."""
    try:
        compiled(settings, texts, running)
    except ConfigError as error:
        return error.problems
    return []


def compiled(
    settings: Settings, texts: Mapping[str, str], running: Catalogue | None = None
) -> tuple[Config, CelRules]:
    """These rules, ready to decide. Raises ConfigError.

    A process that runs keeps its queues, channels and people until it is started again, whatever
    their files say by now: half of it would not know the others.
    """
    config = configuration(settings, texts, problems_of)
    if running is not None:
        if problems := list(broken_references(running, config.rows, config.rules)):
            raise ConfigError(problems)
        config = replace(config, catalogue=replace(running, slas=config.catalogue.slas))
    return config, CelRules(config)


async def take_in(settings: Settings) -> Rules:
    """At the start: the folder's texts become a version where they are the newest word.

    Raises Unavailable, and ConfigError where the folder is wrong, which is then not taken in, or
    where the live version does not fit our catalogue.
    """
    texts = folder_texts()
    if problems := problems_of_texts(settings, texts):
        raise ConfigError(problems)
    database = Database(settings.store_url)
    try:
        versions = RuleVersions(database)
        state, live = await versions.take_in(texts, system_ms())
        found = Rules(live=live, version=await versions.version(live.number), folder=state)
    finally:
        database.close()
    if state == CHANGED:
        log.info("rules_taken_in", version=live.number, digest=live.digest[:12])
    elif state == APART:
        log.warning("rules_apart", version=live.number, what=sentence(state, live.number))
    if found.version.texts != texts:  # the folder's own have been looked at above
        problems = problems_of_texts(settings, found.version.texts)
        if problems:
            raise ConfigError([f"version {live.number} of the rules: {p}" for p in problems])
    return replace(found, folder=standing(digest_of(texts), live))


def standing_of(live: Live) -> str:
    """How the folder stands to the live version now. Raises ConfigError."""
    return standing(digest_of(folder_texts()), live)


def known(settings: Settings) -> Rules | None:
    """What is live as far as the store can be asked; None where it is away or empty.

    Raises ConfigError where the folder cannot be read.
    """
    file = settings.store_url.removeprefix("sqlite:///")
    if file != settings.store_url and not Path(file).exists():
        return None  # asking would make it
    database = Database(settings.store_url)
    try:
        found = database.run_now(_read, reading=True)
    except (Unavailable, sa.exc.ProgrammingError):  # away, or of before there were versions
        return None
    finally:
        database.close()
    if found is None:
        return None
    live, of = found
    return Rules(live=live, version=of, folder=standing_of(live))


def live_configuration(settings: Settings) -> Config:
    """The catalogue with the live rules; where the store knows of none yet, with the folder's.

    Raises ConfigError.
    """
    found = known(settings)
    return configuration(settings, found.version.texts if found else None, problems_of)


def _read(connection: sa.Connection) -> tuple[Live, Version] | None:
    live = pointer(connection)
    return (live, version(connection, live.number)) if live else None
