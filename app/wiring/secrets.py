"""Secrets, as what signs for partners and channels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from app.adapters.signatures import Signer, secret_problem
from app.config_secrets import Section, secret_key, secret_problems
from app.core.errors import ConfigError


def problems(section: Section, names: Collection[str], given: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the secrets; they are never shown."""
    yield from secret_problems(section, names, given)
    for key, secret in given.items():
        if wrong := secret_problem(secret):
            yield f"environment {section.environment(key)}: {wrong}"


def signers(
    section: Section, names: Collection[str], given: Mapping[str, str]
) -> dict[str, Signer]:
    """What signs for each of these. Raises ConfigError where a secret is missing or wrong."""
    if found := list(problems(section, names, given)):
        raise ConfigError(found)
    return {name: Signer(given[secret_key(name)]) for name in names}
