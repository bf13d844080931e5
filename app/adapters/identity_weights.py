"""The fitted weights of matching, from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

from app.core.errors import ConfigError
from app.core.levels import FIELDS, LEVELS
from app.core.matching import Weights


def load(path: Path) -> Weights:
    """Raises ConfigError with everything that is wrong in the file."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError([f"{path}: {error}"]) from None
    problems: list[str] = []
    numbers = {name: _number(path, given, name, problems) for name in ("join", "review", "people")}
    bits: dict[tuple[str, str], float] = {}
    fields = given.get("bits", {})
    for field in fields if isinstance(fields, dict) else ():
        for level in fields[field]:
            if field not in FIELDS or level not in LEVELS:
                problems.append(f"{path}: bits.{field}.{level}: no such field and level")
            bits[field, level] = _number(path, fields[field], level, problems, f"bits.{field}.")
    if not bits:
        problems.append(f"{path}: bits: expected weights for fields")
    if not problems and (numbers["review"] > numbers["join"] or numbers["people"] < 1):
        problems.append(f"{path}: expected review below join, and at least one of people")
    if problems:
        raise ConfigError(problems)
    return Weights(
        bits=bits,
        join=numbers["join"],
        review=numbers["review"],
        people=int(numbers["people"]),
        version=str(given.get("version", "")),
    )


def _number(
    path: Path, given: dict[str, object], name: str, problems: list[str], where: str = ""
) -> float:
    value = given.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    problems.append(f"{path}: {where}{name}: expected a number, got {value!r}")
    return 0.0
