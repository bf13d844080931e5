"""Configuration: the catalogue and the rules, read from TOML; all errors come at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from app.core import duration
from app.core.catalogue import ESCALATION_QUEUE, Catalogue, Channel, Queue, Rep
from app.core.errors import ConfigError
from app.core.rules import Row

Seconds = Annotated[float, BeforeValidator(lambda text: duration.seconds(str(text)))]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Sentence = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=300)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Queue(_Entry):
    title: str
    window: Seconds = 1800.0
    priority: int = Field(50, ge=0, le=100)
    skills: tuple[Name, ...] = ()


class _Channel(_Entry):
    title: str
    public: bool = False


class _Rep(_Entry):
    name: Name
    title: str
    role: Literal["agent", "supervisor", "analyst", "sre", "admin"]
    skills: tuple[Name, ...] = ()
    queues: tuple[Name, ...] = ()
    capacity: int = Field(3, ge=1, le=50)
    demo: bool = False


class _Then(_Entry):
    queue: str = ""
    priority: int = Field(0, ge=0, le=100)
    window: Seconds = 0.0
    skills: tuple[Name, ...] = ()
    close: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> _Then:
        if self.close and self.queue:
            raise ValueError("expected a queue or close = true, got both")
        return self


class _Row(_Entry):
    id: Name
    when: str = Field(min_length=1, max_length=2000)
    then: _Then
    why: Sentence


class _Queues(_Entry):
    queue: dict[Name, _Queue] = Field(min_length=1)


class _Channels(_Entry):
    channel: dict[Name, _Channel]


class _Staff(_Entry):
    rep: list[_Rep]


class _Table(_Entry):
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
    tables = [
        (path.name, _parse(path, _Table, problems))
        for path in sorted((folder / "rules").glob("*.toml"))
    ]
    if not tables:
        problems.append("rules/: expected at least one file of rules, found none")
    if problems or queues is None or channels is None or staff is None:
        raise ConfigError(problems)
    problems.extend(_doubles(staff))
    catalogue = _catalogue(queues, channels, staff, window_scale)
    rows = tuple(_rows([(name, table) for name, table in tables if table], window_scale))
    problems.extend(_broken_references(catalogue, rows))
    problems.extend(problem for row in rows for problem in check_row(row))
    if problems:
        raise ConfigError(problems)
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
        queues={
            name: Queue(
                name=name,
                title=queue.title,
                window_s=queue.window * scale,
                priority=queue.priority,
                skills=queue.skills,
            )
            for name, queue in queues.queue.items()
        },
        channels={
            name: Channel(name=name, title=channel.title, public=channel.public)
            for name, channel in channels.channel.items()
        },
        reps={rep.name: Rep(**rep.model_dump()) for rep in staff.rep},
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


def _doubles(staff: _Staff) -> Iterator[str]:
    counts = Counter(rep.name for rep in staff.rep)
    for name, count in counts.items():
        if count > 1:
            yield f"config/staff.toml: rep {name}: expected one of this name, got {count}"


def _broken_references(catalogue: Catalogue, rows: tuple[Row, ...]) -> Iterator[str]:
    if ESCALATION_QUEUE not in catalogue.queues:
        yield f"queues.toml: queue.{ESCALATION_QUEUE}: expected, breached tasks go there"
    for rep in catalogue.reps.values():
        for queue in rep.queues:
            if queue not in catalogue.queues:
                yield f"staff.toml: rep {rep.name}: queues: no queue is named {queue!r}"
    yield from _skills_of_nobody(catalogue, rows)
    seen: set[str] = set()
    for row in rows:
        place, _, kind = row.source.rpartition(": ")
        if kind == "queue" and row.queue not in catalogue.queues:
            yield f"{place}: then.queue: expected a queue's name or close = true, got {row.queue!r}"
        if row.id in seen:
            yield f"{place}: id: another row has it already"
        seen.add(row.id)


def _skills_of_nobody(catalogue: Catalogue, rows: tuple[Row, ...]) -> Iterator[str]:
    """A task that needs a skill nobody has would wait until it is breached."""
    had = {skill for rep in catalogue.reps.values() for skill in rep.skills}
    wanted = [(f"config/queues.toml: queue.{q.name}", q.skills) for q in catalogue.queues.values()]
    wanted += [(row.source.rpartition(": ")[0], row.skills) for row in rows]
    for place, skills in wanted:
        for skill in skills:
            if skill not in had:
                yield f"{place}: skills: nobody in staff.toml has the skill {skill!r}"


def _version(catalogue: Catalogue, rows: tuple[Row, ...]) -> str:
    return hashlib.sha256(repr((catalogue, rows)).encode()).hexdigest()[:12]
