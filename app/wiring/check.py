"""Is everything that we were given right? Asked before anything starts."""

from __future__ import annotations

from app.adapters import model_files
from app.adapters.cel_checks import problems_of, problems_together
from app.core.errors import ConfigError
from app.settings import MODELS, Settings
from app.wiring.base import configuration


def check(settings: Settings) -> list[str]:
    """Everything that is wrong with configuration, rules and model: empty means ready to start."""
    problems: list[str] = []
    try:
        config = configuration(settings, problems_of)
        problems.extend(problems_together(config.every))
    except ConfigError as error:
        problems.extend(error.problems)
    return problems + model_files.problems(MODELS, settings.scoring.model)
