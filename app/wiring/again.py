"""Deciding again: the rules that made a recorded decision, where they are still here."""

from __future__ import annotations

from app.adapters.cel_rules import CelRules
from app.config import Config
from app.core.explained import ByTrace, Explains

_compiled: dict[str, CelRules] = {}  # of the version that was asked for last


def rules_of(config: Config, version: str) -> CelRules | None:
    """The compiled rules of this version; None where the configuration is another one."""
    if config.version != version:
        return None
    if version not in _compiled:
        _compiled.clear()
        _compiled[version] = CelRules(config)
    return _compiled[version]


def explains(config: Config, rules: CelRules) -> Explains:
    """Who tells how each rule fares."""
    return ByTrace(rules.decide, {row.id: row.why for row in config.rows})
