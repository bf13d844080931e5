"""The labels that rules set at the mention: what a flight may start with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app import config_rules
from app.core.rules import MENTION, Rule


def labels_of_texts(texts: Mapping[str, str]) -> list[str]:
    """The labels that the event rules of these files set, by name; of broken files none."""
    return labels_of(config_rules.rules(config_rules.tables(texts, []), 1.0))


def labels_of(rules: Iterable[Rule]) -> list[str]:
    """Without those of later events: no decision has them, so nothing would ever belong."""
    at_the_mention = (rule for rule in rules if rule.on == MENTION)
    return sorted({label for rule in at_the_mention for label in rule.does.labels})
