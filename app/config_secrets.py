"""Secrets of those we sign for, from the environment: each has one, and nobody shares it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the settings with secrets, and whose they are: `partner`, in which file."""

    name: str
    whose: str
    file: str

    def environment(self, key: str) -> str:
        return f"HANDSHAKE_{self.name.upper()}__{key.upper()}"


HANDOFFS = Section(name="handoffs", whose="partner", file="config/handoffs.toml")
CHANNELS = Section(name="channels", whose="channel", file="config/channels.toml")


def secret_key(name: str) -> str:
    """The key of somebody's secret in their section of the settings."""
    return f"{name.replace('-', '_')}_secret"


def secret_problems(
    section: Section, names: Iterable[str], secrets: Mapping[str, str]
) -> Iterator[str]:
    """Who has no secret, and secrets of nobody; never the secrets themselves."""
    wanted = {secret_key(name): name for name in names}
    for key, name in wanted.items():
        if not secrets.get(key):
            where = f"{section.file}: {section.whose}.{name}"
            yield f"{where}: expected its secret in {section.environment(key)}"
    for key in secrets:
        if key not in wanted:
            yield f"environment {section.environment(key)}: no {section.whose} has this secret"
    shared = Counter(one for text in secrets.values() for one in text.split())
    for key, text in secrets.items():
        if any(shared[one] > 1 for one in text.split()):
            where = f"environment {section.environment(key)}"
            yield f"{where}: expected a secret of this {section.whose} alone"
