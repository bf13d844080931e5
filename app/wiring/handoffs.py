"""Hand-offs: the partners' secrets, as what signs for each and knows their signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.adapters.signatures import Signer
from app.config_secrets import HANDOFFS
from app.core.handoff import Partner
from app.settings import Settings
from app.wiring import secrets


def problems(partners: Mapping[str, Partner], settings: Settings) -> Iterator[str]:
    """What is wrong with the secrets; they are never shown."""
    yield from secrets.problems(HANDOFFS, partners, settings.handoffs)


def signers(partners: Mapping[str, Partner], settings: Settings) -> dict[str, Signer]:
    """What signs for each partner. Raises ConfigError where a secret is missing or wrong."""
    return secrets.signers(HANDOFFS, partners, settings.handoffs)
