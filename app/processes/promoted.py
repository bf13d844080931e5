"""Follows which model is live: a worker takes a promoted one over, and never ends for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import structlog

from app import metrics
from app.adapters.model_files import ModelFiles
from app.adapters.model_shelf import Look, Shelf
from app.adapters.store.model_changes import ModelChanges
from app.core.errors import ConfigError
from app.core.facts import Fact
from app.core.model_changes import ModelChange

log = structlog.get_logger()

T = TypeVar("T")

_SETTING = "the model of the setting"


class Said(Protocol):
    """Who is asked which promotion is live: the store."""

    async def live(self) -> ModelChange | None: ...


class Note(Protocol):
    """Keeps a fact for whoever tells the ledger."""

    def __call__(self, op: str, reason: str, **data: object) -> None: ...


class Notes(Protocol):
    """Where facts go: the door."""

    async def note(self, facts: Sequence[Fact]) -> None: ...


@dataclass(slots=True, kw_only=True)
class Promoted:
    """The promoted model of one worker. `look` is repeated; whoever loads models asks `files`.

    A promotion whose files are not whole here is not taken: what is in use goes on, which is told.
    """

    said: Said
    shelf: Shelf
    taken: ModelChange | None = None  # to be loaded; None: the model of the setting
    problem: str = ""
    settled: int = 0  # how often what is live was found whole: each time it is worth a try
    _troubled: int = 0  # the change that the problem is about
    _given: ModelChange | None = None  # whose files were asked for last
    _loaded: ModelChange | None = None  # in use
    _seen: tuple[int, Look] = (0, ())
    _untold: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Changes where other files are to be loaded."""
        return self.taken.change if self.taken else 0

    def files(self) -> ModelFiles | None:
        """The files to load in the place of the setting's; None for these. Raises ConfigError."""
        self._given = taken = self.taken  # asked on a thread beside the loop that changes it
        return self.shelf.find(taken.digest, taken.name) if taken else None

    def loaded(self) -> None:
        """What was loaded with these files is in use."""
        self._loaded = self._given

    def files_in_use(self) -> ModelFiles | None:
        """The files of the model in use, to load it again. None as above. Raises ConfigError."""
        loaded = self._loaded
        return self.shelf.find(loaded.digest, loaded.name) if loaded else None

    async def look(self, note: Note | None = None) -> None:
        """Has another one been promoted, or have its files changed? Raises Unavailable.

        What there is to tell is kept until there is a `note`.
        """
        wanted = await self.said.live()
        seen = (wanted.change, self.shelf.look(wanted.digest)) if wanted else (0, ())
        if seen != self._seen:
            self._seen = seen
            self._settle(wanted, await asyncio.to_thread(self._wrong, wanted))
        if note:
            for op, reason, data in self._untold:
                note(op, reason, **data)
            self._untold.clear()

    def begun(self, build: Callable[[], T]) -> T:
        """Build with `files_in_use`, at the start; without any where that fails, which is told.

        Raises ConfigError where the models of the settings are wrong themselves.
        """
        self._loaded = self.taken
        try:
            return build()
        except ConfigError as error:
            if self.taken is None:
                raise
            refused, self.taken, self._loaded = self.taken, None, None
            built = build()
            self._settle(refused, error.problems)
            return built

    def _wrong(self, wanted: ModelChange | None) -> list[str]:
        try:
            if wanted:
                self.shelf.find(wanted.digest, wanted.name)
        except ConfigError as error:
            return error.problems
        return []

    def _settle(self, wanted: ModelChange | None, problems: Sequence[str]) -> None:
        used = self._loaded
        same = wanted is not None and used is not None and used.change == wanted.change
        if wanted and problems:
            tag, why = wanted.to_tag, "; ".join(problems)
            if same:
                told = (
                    f"the files of {tag} are no longer those promoted: {why}; as loaded, it goes on"
                )
            else:
                told = f"model {tag} is promoted and not in use here: {why}; {self._kept} goes on"
            log.error("promoted_model_refused", model=tag, problems=[*problems], kept=self._kept)
            self._untold.append(("degraded", told, {"model": tag, "promotion": wanted.change}))
            self.problem, self._troubled = told, wanted.change
        else:
            if wanted and same and self._troubled == wanted.change:
                told = f"the files of {wanted.to_tag} are those promoted again"
                more = {"model": wanted.to_tag, "promotion": wanted.change}
                self._untold.append(("configured", told, more))
            self.taken, self.problem, self._troubled = wanted, "", 0
            self.settled += 1
        metrics.DEGRADED.labels("promoted").set(bool(self.problem))

    @property
    def _kept(self) -> str:
        return self._loaded.to_tag if self._loaded else _SETTING


class Told:
    """Makes a fact of every promotion and rollback."""

    def __init__(self, changes: ModelChanges, door: Notes) -> None:
        self._changes = changes
        self._door = door

    async def turn(self) -> None:
        """Raises Unavailable; what has not been told then is told later, once."""
        if done := await self._changes.untold():
            await self._door.note([_fact(change) for change in done])
            await self._changes.told([change.change for change in done])


def _fact(done: ModelChange) -> Fact:
    return Fact(
        op="configured",
        op_id=f"model:{done.change}",
        now_ms=done.at_ms,
        reason=done.reason,
        data={
            "model_change": done.kind,
            "change": done.change,
            "from": done.from_tag,
            "to": done.to_tag,
            "digest": done.digest,
        },
        actor={"type": done.by.type, "id": done.by.id, "role": done.by.role},
    )
