"""Hand-offs: the partners' secrets, as what signs for each and knows their signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.adapters.signatures import Signer, secret_problem
from app.config_handoffs import secret_key, secret_problems
from app.core.errors import ConfigError
from app.core.handoff import Partner
from app.settings import Settings


def problems(partners: Mapping[str, Partner], settings: Settings) -> Iterator[str]:
    """What is wrong with the secrets; they are never shown."""
    yield from secret_problems(partners, settings.handoffs)
    for key, secret in settings.handoffs.items():
        if wrong := secret_problem(secret):
            yield f"environment HANDSHAKE_HANDOFFS__{key.upper()}: {wrong}"


def signers(partners: Mapping[str, Partner], settings: Settings) -> dict[str, Signer]:
    """What signs for each partner. Raises ConfigError where a secret is missing or wrong."""
    if found := list(problems(partners, settings)):
        raise ConfigError(found)
    return {name: Signer(settings.handoffs[secret_key(name)]) for name in partners}
