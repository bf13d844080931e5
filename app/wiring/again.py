"""Deciding again: the rules that made a recorded decision, where they are still here."""

from __future__ import annotations

import asyncio

from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.rule_versions import RuleVersions
from app.config import Config
from app.core.errors import ConfigError
from app.settings import Settings
from app.wiring.rules import compiled

_LOOKED_AT = 50  # versions, newest first: older decisions are told as made by rules that have gone
_KEPT = 8  # compiled bundles in memory

Compiled = tuple[Config, CelRules]


class Shelf:
    """Versions of the rules as the store keeps them, compiled when somebody asks for them."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._versions = RuleVersions(database)
        self._names: dict[int, str] = {}  # the number of a version -> what its decisions call it
        self._compiled: dict[str, Compiled] = {}

    async def of(self, version: str) -> Compiled | None:
        """The rules whose decisions are signed with this; None where they have gone.

        Gone are those of another catalogue, too: queues and people decide with the rules.
        Raises Unavailable.
        """
        if version in self._compiled:
            return self._compiled[version]
        for row in await self._versions.newest(_LOOKED_AT):
            number = int(row["number"])
            if self._names.get(number, version) != version:
                continue
            found = await self._compile(number)
            if found and found[0].version == version:
                return found
        return None

    async def live(self) -> Compiled | None:
        """The rules that are live; None where they do not fit here. Raises Unavailable."""
        live = await self._versions.live()
        if live is None:
            return None
        known = self._compiled.get(self._names.get(live.number, ""))
        return known or await self._compile(live.number)

    async def _compile(self, number: int) -> Compiled | None:
        texts = (await self._versions.version(number)).texts
        try:
            found = await asyncio.to_thread(compiled, self._settings, texts)
        except ConfigError:
            self._names[number] = ""  # it does not fit the catalogue of today
            return None
        self._names[number] = found[0].version
        while len(self._compiled) >= _KEPT:
            self._compiled.pop(next(iter(self._compiled)))
        self._compiled[found[0].version] = found
        return found
