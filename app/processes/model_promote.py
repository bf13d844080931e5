"""Promote a candidate, roll back, and say which model is live."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.adapters.model_files import ModelFiles, find, names
from app.adapters.model_named import named
from app.adapters.model_shelf import Shelf
from app.adapters.store.database import Database
from app.adapters.store.model_changes import ModelChanges
from app.core.errors import ConfigError
from app.core.ladder import LEXICON
from app.core.model_changes import BAD, GOOD, ModelChange, Wish, nonsense
from app.core.versions import Actor
from app.settings import MODELS, Scoring, Settings
from app.wiring import scoring
from app.wiring.base import system_ms, user
from app.wiring.promoted import shelf_of

_ENGLISH = "en"  # of BAD and GOOD
_ROLE = "cli"
_ALONE = "asked of a copy of its manifest, model and tokenizer: no other file goes along"

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is decided which model is live: the settings here, the shelf here, one store."""

    settings: Settings
    changes: ModelChanges
    shelf: Shelf

    @property
    def of_setting(self) -> ModelFiles:
        """The model that is live where nothing is promoted. Raises ConfigError."""
        return find(MODELS, self.settings.scoring.model)


def place(settings: Settings, database: Database) -> Place:
    return Place(settings=settings, changes=ModelChanges(database), shelf=shelf_of(settings))


def me() -> Actor:
    """Whoever sits at this command line."""
    return Actor(id=user() or _ROLE, role=_ROLE)


async def promote(where: Place, given: str, reason: str, by: Actor) -> ModelChange:
    """Check the candidate, keep it on this machine, and make it live.

    Raises ConfigError where it is wrong, Conflict where it is live already or somebody else was
    quicker.
    """
    settings, setting = where.settings.scoring, where.of_setting
    seen = await where.changes.newest(1)
    live = await where.changes.live()
    files = named(given, MODELS, settings.model)
    digest = where.shelf.keep(files, lambda copy: _check(copy, setting, settings))
    wish = Wish(
        by=by,
        at_ms=system_ms(),
        reason=reason,
        seen=seen[0].change if seen else 0,
        from_tag=live.to_tag if live else setting.tag,
        to_tag=files.tag,
    )
    return await where.changes.promote(wish, files.name, digest)


async def roll_back(where: Place, reason: str, by: Actor) -> ModelChange:
    """Make live again what was live before.

    Raises ConfigError where its files are not whole on this machine, Conflict where nothing is
    promoted or somebody else was quicker.
    """
    seen = await where.changes.newest(1)
    live = await where.changes.live()
    before = await where.changes.promotion(live.before) if live else None
    if before:
        where.shelf.find(before.digest, before.name)
    wish = Wish(
        by=by,
        at_ms=system_ms(),
        reason=reason,
        seen=seen[0].change if seen else 0,
        from_tag=live.to_tag if live else "",
        to_tag=before.to_tag if before else where.of_setting.tag,
    )
    return await where.changes.roll_back(wish)


def _check(copy: ModelFiles, setting: ModelFiles, given: Scoring) -> None:
    """Of the copy, as workers load that one. Raises ConfigError."""
    try:
        problems = wrong(copy, setting, given)
    except ConfigError as error:
        problems = [f"{problem} ({_ALONE})" for problem in error.problems]
    if problems:
        raise ConfigError(problems)


def wrong(
    files: ModelFiles, setting: ModelFiles, given: Scoring, clock: Clock = time.monotonic
) -> list[str]:
    """Why this model must not go live in the place of the setting's; nothing where it may.

    Its files have been checked against their hashes. Raises ConfigError where it does not load.
    """
    problems, rows = list[str](), []
    model = scoring.models(given, lambda: files)[given.model]  # as a worker will load them all
    if missing := sorted(setting.languages - files.languages):
        expected = f"expected {', '.join(missing)} among them, as {setting.tag} has"
        problems.append(f"languages: {expected}")
    if lacking := sorted(setting.heads.keys() - files.heads.keys()):
        expected = f"expected {', '.join(lacking)} among them, as {setting.tag} has"
        problems.append(f"heads: {expected}")
    for text in (*BAD, *GOOD):
        began = clock()
        rows.append(model.probabilities([text])[0])
        if (took := clock() - began) > given.budget_s:
            waits = f"a worker waits {given.budget_s:g} s (scoring.budget_s)"
            problems.append(f"expected an answer in time: a text took {took:.1f} s, {waits}")
            break
    else:
        problems += _of_rows(files, np.asarray(rows))
    return [f"{files.model}: {problem}" for problem in problems]


def _of_rows(files: ModelFiles, rows: Any) -> list[str]:
    if not np.isfinite(rows).all():
        return ["it says no numbers of some texts"]
    if _ENGLISH not in files.languages:
        return []  # nobody can say here what it should make of them
    moods = [dict(zip(files.labels, map(float, row), strict=False)) for row in rows]
    return nonsense(moods[: len(BAD)], moods[len(BAD) :])


async def overview(where: Place) -> dict[str, Any]:
    """Which model each rung has, since when and by whom, what was done, and what there is."""
    live, settings = await where.changes.live(), where.settings.scoring
    done = await where.changes.newest()
    full = live.to_tag if live else where.of_setting.tag
    shipped = {name: find(MODELS, name).tag for name in names(MODELS)}
    tags = {**shipped, settings.model: full}
    return {
        "live": full,
        "promotion": live.change if live else 0,
        "since_ms": done[0].at_ms if done else None,
        "by": done[0].by.id if done else None,
        "reason": done[0].reason if done else None,
        "setting": where.of_setting.tag,
        "problem": _not_here(where, live),
        "rungs": {
            rung: [tags.get(name, name) for name in asked] or [LEXICON]
            for rung, asked in scoring.by_rung(settings).items()
        },
        "others": tags.get(settings.others, settings.others),
        "shipped": sorted(shipped.values()),
        "changes": [_told(change, where.shelf) for change in done],
    }


def _not_here(where: Place, live: ModelChange | None) -> str:
    try:
        if live:
            where.shelf.find(live.digest, live.name)
    except ConfigError as error:
        return "; ".join(error.problems)
    return ""


def _told(done: ModelChange, shelf: Shelf) -> dict[str, Any]:
    folder: Path | None = shelf.place(done.digest) if done.digest else None
    return {
        "change": done.change,
        "kind": done.kind,
        "at_ms": done.at_ms,
        "by": done.by.id,
        "reason": done.reason,
        "from": done.from_tag,
        "to": done.to_tag,
        "live": done.live,
        "folder": f"{folder}/{done.name}" if folder else "",
    }
