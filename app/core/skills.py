"""Skills and their levels: `billing:2` asks for level 2 or above; no level is level 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MEDIATOR: Final = "mediator"  # of whoever settles what is escalated; an escalated task asks for it


def level_of(skill: str) -> tuple[str, int]:
    """Split `billing:2` into its name and level."""
    name, _, level = skill.partition(":")
    return name, int(level or 1)


_ISO_LANGUAGE = 2  # skills of two letters are languages


def after_move(queue: Iterable[str], task: Iterable[str], more: Iterable[str] = ()) -> str:
    """What a task needs in its next queue, as the door takes it: languages follow it there."""
    languages = [skill for skill in task if len(skill) == _ISO_LANGUAGE]
    return ",".join(sorted({*queue, *languages, *more}))


def covers(have: Iterable[str], wanted: Iterable[str]) -> bool:
    """Does somebody with these skills have all that are wanted, at their level?"""
    levels = dict(level_of(skill) for skill in have)
    return all(levels.get(name, 0) >= level for name, level in map(level_of, wanted))


def mediates(have: Iterable[str]) -> bool:
    """Is somebody with these skills a mediator? At any level: `mediator:2` is one, too."""
    return covers(have, (MEDIATOR,))
