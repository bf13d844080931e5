"""Configuration: the catalogue and the rules, read from TOML; all errors come at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    model_validator,
)

from app import config_sla
from app.config_checks import broken_references, doubles
from app.config_entry import Entry, Name, Seconds, Sentence
from app.config_sla import CalendarFile, SlaFile, Surroundings
from app.core.catalogue import Catalogue, Channel, Overflow, Queue, Relaxation, Rep
from app.core.errors import ConfigError
from app.core.rules import Row

Skill = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}(:[1-9])?$")]


class _Relaxation(Entry):
    after: Seconds
    drop: tuple[Name, ...] = Field(min_length=1)


class _Overflow(Entry):
    after: Seconds
    to: Name


class _Queue(Entry):
    title: str
    window: Seconds = 1800.0
    priority: int = Field(50, ge=0, le=100)
    skills: tuple[Skill, ...] = ()
    relax: tuple[_Relaxation, ...] = ()
    overflow: _Overflow | None = None
    first_reply: Seconds = 0.0
    wrap_up: Seconds = 60.0
    preempts: bool = False
    interruptible: bool = False


class _Channel(Entry):
    title: str
    public: bool = False
    weight: float = Field(1.0, gt=0, le=50, allow_inf_nan=False)


class _Rep(Entry):
    name: Name
    title: str
    role: Literal["agent", "supervisor", "analyst", "sre", "admin"]
    skills: tuple[Skill, ...] = ()
    queues: tuple[Name, ...] = ()
    capacity: float = Field(3, ge=1, le=50, allow_inf_nan=False)
    channels: dict[Name, Annotated[int, Field(ge=0, le=50)]] = Field(default_factory=dict)
    demo: bool = False


class _Then(Entry):
    queue: str = ""
    priority: int = Field(0, ge=0, le=100)
    window: Seconds = 0.0
    skills: tuple[Skill, ...] = ()
    close: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> _Then:
        if self.close and self.queue:
            raise ValueError("expected a queue or close = true, got both")
        return self


class _Row(Entry):
    id: Name
    when: str = Field(min_length=1, max_length=2000)
    then: _Then
    why: Sentence


class _Queues(Entry):
    queue: dict[Name, _Queue] = Field(min_length=1)


class _Channels(Entry):
    channel: dict[Name, _Channel]


class _Staff(Entry):
    rep: list[_Rep]


class _Table(Entry):
    title: str
    row: list[_Row] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the files say. `version` changes whenever a rule or the catalogue does."""

    catalogue: Catalogue
    rows: tuple[Row, ...]
    version: str


RowCheck = Callable[[Row], Iterator[str]]


def load(
    folder: Path, window_scale: float = 1.0, check_row: RowCheck = lambda _row: iter(())
) -> Config:
    """Read every file of the folder; raise `ConfigError` with all problems, by file and key.

    `window_scale` stretches or shrinks all SLA windows (a demo or a test runs them faster).
    `check_row` tells what is wrong with a row's condition.
    """
    problems: list[str] = []
    queues = _parse(folder / "queues.toml", _Queues, problems)
    channels = _parse(folder / "channels.toml", _Channels, problems)
    staff = _parse(folder / "staff.toml", _Staff, problems)
    policies = _parse(folder / "sla.toml", SlaFile, problems)
    calendars = _parse(folder / "calendars.toml", CalendarFile, problems)
    tables = [
        (path.name, _parse(path, _Table, problems))
        for path in sorted((folder / "rules").glob("*.toml"))
    ]
    if not tables:
        problems.append("rules/: expected at least one file of rules, found none")
    if problems or not (queues and channels and staff and policies and calendars):
        raise ConfigError(problems)
    problems.extend(doubles([rep.name for rep in staff.rep]))
    catalogue = _catalogue(queues, channels, staff, window_scale)
    rows = tuple(_rows([(name, table) for name, table in tables if table], window_scale))
    problems.extend(broken_references(catalogue, rows))
    problems.extend(problem for row in rows for problem in check_row(row))
    around = Surroundings(catalogue=catalogue, rows=rows, scale=window_scale)
    problems.extend(config_sla.problems(policies, calendars, around))
    if problems:
        raise ConfigError(problems)
    catalogue = replace(catalogue, slas=config_sla.slas(policies, calendars, around))
    return Config(catalogue=catalogue, rows=rows, version=_version(catalogue, rows))


_M = TypeVar("_M", bound=BaseModel)


def _parse(path: Path, model: type[_M], problems: list[str]) -> _M | None:
    name = f"{path.parent.name}/{path.name}"
    try:
        return model.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        problems.append(f"{name}: the file is missing")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{name}: {error}")
    except ValidationError as error:
        problems.extend(f"{name}: {_sentence(problem)}" for problem in error.errors())
    return None


def _sentence(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    return f"{key}: {problem['msg']}, got {str(problem['input'])[:80]!r}"


def _catalogue(queues: _Queues, channels: _Channels, staff: _Staff, scale: float) -> Catalogue:
    return Catalogue(
        queues={name: _queue(name, queue, scale) for name, queue in queues.queue.items()},
        channels={
            name: Channel(name=name, **channel.model_dump())
            for name, channel in channels.channel.items()
        },
        reps={
            rep.name: Rep(**rep.model_dump() | {"channels": tuple(sorted(rep.channels.items()))})
            for rep in staff.rep
        },
    )


def _queue(name: str, queue: _Queue, scale: float) -> Queue:
    """All times of a queue stretch with its window, or a faster demo would never see them."""
    over = queue.overflow
    return Queue(
        name=name,
        title=queue.title,
        window_s=queue.window * scale,
        priority=queue.priority,
        skills=queue.skills,
        relax=tuple(Relaxation(after_s=r.after * scale, drop=r.drop) for r in queue.relax),
        overflow=Overflow(after_s=over.after * scale, to=over.to) if over else None,
        first_reply_s=queue.first_reply * scale,
        wrap_up_s=queue.wrap_up * scale,
        preempts=queue.preempts,
        interruptible=queue.interruptible,
    )


def _rows(tables: list[tuple[str, _Table]], scale: float) -> Iterator[Row]:
    for file, table in tables:
        for row in table.row:
            yield Row(
                id=row.id,
                when=row.when,
                why=row.why,
                queue="" if row.then.close else row.then.queue,
                priority=row.then.priority,
                window_s=row.then.window * scale,
                skills=row.then.skills,
                source=f"rules/{file}: row {row.id}: {'close' if row.then.close else 'queue'}",
            )


def _version(catalogue: Catalogue, rows: tuple[Row, ...]) -> str:
    return hashlib.sha256(repr((catalogue, rows)).encode()).hexdigest()[:12]
