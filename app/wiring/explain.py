"""What `explain` needs: triage's own parts, and the store to read from where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.core.errors import Unavailable
from app.core.rules import Rule
from app.ports import DeadLetters, Door, Known, Profiles, Seen, SeenMentions
from app.settings import Settings
from app.steps.batch import Ports
from app.wiring import scoring
from app.wiring.base import system_ms
from app.wiring.profiles import order_of
from app.wiring.promoted import promoted_files
from app.wiring.rules import live_configuration
from app.wiring.triage import sticky


class Writes(Door, DeadLetters, Protocol):
    """Whatever triage writes to."""


class Nobody:
    """Stands where there is no store: nothing is remembered, and nobody known."""

    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        raise Unavailable(f"no store to ask for {len(mention_ids)} mentions")

    async def of(self, keys: Sequence[str]) -> Known:
        raise Unavailable(f"no store to ask for {len(keys)} profiles")


def parts(
    settings: Settings, database: Database | None, writes: Writes
) -> tuple[Ports, tuple[Rule, ...]]:
    """Triage's ports with the live rules, and the event rules among them. Raises ConfigError."""
    config = live_configuration(settings)
    rules = CelRules(config)
    seen: SeenMentions = Ledger(database) if database else Nobody()
    order = order_of(settings, config.catalogue)
    profiles: Profiles = KnownProfiles(database, order) if database else Nobody()
    ports = Ports(
        seen=seen,
        scorer=scoring.patient(settings.scoring, lambda: promoted_files(settings, database)),
        profiles=profiles,
        rules=rules,
        door=writes,
        dead_letters=writes,
        catalogue=config.catalogue,
        at_risk_share=settings.sla.at_risk_share,
        now_ms=system_ms,
        sticky=sticky(settings.offer),
    )
    return ports, tuple(config.rules)
