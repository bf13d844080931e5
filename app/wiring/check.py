"""Is everything that we were given right? Asked before anything starts."""

from __future__ import annotations

from app.adapters.cel_checks import problems_of, problems_together
from app.core.errors import ConfigError
from app.core.versions import APART
from app.settings import Settings
from app.wiring import handoffs, outbound, rules, scoring
from app.wiring.base import configuration


def check(settings: Settings) -> list[str]:
    """Everything that is wrong with configuration, rules and model: empty means ready to start."""
    problems: list[str] = []
    try:
        config = configuration(settings, check_row=problems_of)
        problems.extend(problems_together(config.every))
        problems.extend(_of_live(settings))
        problems.extend(handoffs.problems(config.partners, settings))
        problems.extend(outbound.problems(config.sending, settings))
    except ConfigError as error:
        problems.extend(error.problems)
    return problems + scoring.problems(settings.scoring)


def _of_live(settings: Settings) -> list[str]:
    """What does not fit our catalogue in the live version, where that stays live at the start."""
    found = rules.known(settings)
    if found is None or found.folder != APART:
        return []  # the folder's own texts decide after the start
    number, problems = found.live.number, rules.problems_of_texts(settings, found.version.texts)
    return [f"version {number} of the rules: {problem}" for problem in problems]


def remarks(settings: Settings) -> list[str]:
    """What is right and yet should be known: a folder that is not what decides."""
    found = rules.known(settings)
    return [found.sentence] if found and found.sentence else []
