"""Configuration: the catalogue and the rules, read from TOML; all errors come at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from app import (
    config_channels,
    config_handoffs,
    config_permission,
    config_rules,
    config_signals,
    config_sla,
)
from app.config_channels import ChannelFile
from app.config_checks import broken_references, doubles
from app.config_entry import Entry, Name, Seconds, Skill, read
from app.config_permission import Permission
from app.config_sla import CalendarFile, SlaFile, Surroundings
from app.core.catalogue import Catalogue, Overflow, Queue, Relaxation, Rep
from app.core.errors import ConfigError
from app.core.handoff import Partner
from app.core.outbound import Sending
from app.core.rules import Row, Rule, asked_in_order
from app.core.signal import SignalKind


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


class _Rep(Entry):
    name: Name
    title: str
    role: Literal["agent", "supervisor", "analyst", "sre", "admin"]
    skills: tuple[Skill, ...] = ()
    queues: tuple[Name, ...] = ()
    capacity: float = Field(3, ge=1, le=50, allow_inf_nan=False)
    channels: dict[Name, Annotated[int, Field(ge=0, le=50)]] = Field(default_factory=dict)
    demo: bool = False


class _Queues(Entry):
    queue: dict[Name, _Queue] = Field(min_length=1)


class _Staff(Entry):
    rep: list[_Rep]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the files say. `version` changes whenever a rule or the catalogue does."""

    catalogue: Catalogue
    rows: tuple[Row, ...]
    version: str
    partners: Mapping[str, Partner] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    permission: Permission = field(default_factory=Permission)
    sending: Mapping[str, Sending] = field(default_factory=dict)
    signals: Mapping[str, SignalKind] = field(default_factory=dict)

    @property
    def every(self) -> tuple[Row | Rule, ...]:
        """All event rules and rows, in the order in which they are asked."""
        return asked_in_order(self.rows, self.rules)


RowCheck = Callable[[Row | Rule], Iterator[str]]


def load(
    folder: Path,
    window_scale: float = 1.0,
    check_row: RowCheck = lambda _row: iter(()),
    rule_texts: Mapping[str, str] | None = None,
) -> Config:
    """Read every file of the folder; raise `ConfigError` with all problems, by file and key.

    `window_scale` stretches all SLA windows (a demo or a test runs them faster); `check_row` tells
    what is wrong with a condition; `rule_texts` are rules by file name, in place of the folder's.
    """
    problems: list[str] = []
    queues = read(folder / "queues.toml", _Queues, problems)
    channels = read(folder / "channels.toml", ChannelFile, problems)
    staff = read(folder / "staff.toml", _Staff, problems)
    policies = read(folder / "sla.toml", SlaFile, problems)
    calendars = read(folder / "calendars.toml", CalendarFile, problems)
    partners = config_handoffs.partners(folder, problems)
    permission = config_permission.permission(folder, problems)
    signals = config_signals.kinds(folder, problems)
    texts = config_rules.texts_of(folder, problems) if rule_texts is None else rule_texts
    tables = config_rules.tables(texts, problems)
    if problems or not (queues and channels and staff and policies and calendars):
        raise ConfigError(problems)
    catalogue = _catalogue(queues, channels, staff, calendars, window_scale)
    rows = tuple(config_rules.rows(tables, window_scale))
    rules = tuple(config_rules.rules(tables, window_scale))
    problems += (*_doubles(staff), *broken_references(catalogue, rows, rules))
    problems.extend(config_handoffs.problems_of(partners, catalogue, rules))
    problems.extend(config_permission.unknown_names(permission, catalogue, rules))
    problems.extend(problem for one in asked_in_order(rows, rules) for problem in check_row(one))
    around = Surroundings(catalogue=catalogue, rows=asked_in_order(rows, rules), scale=window_scale)
    problems.extend(config_sla.problems(policies, calendars, around))
    _refuse(problems)
    catalogue = replace(catalogue, slas=config_sla.slas(policies, calendars, around))
    return Config(
        catalogue=catalogue, rows=rows, rules=rules, version=_version(catalogue, rows, rules),
        partners=partners, permission=permission, sending=config_channels.sending(channels),
        signals=signals,
    )  # fmt: skip


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ConfigError(problems)


def _doubles(staff: _Staff) -> Iterator[str]:
    return doubles([rep.name for rep in staff.rep])


def _catalogue(
    queues: _Queues, channels: ChannelFile, staff: _Staff, calendars: CalendarFile, scale: float
) -> Catalogue:
    return Catalogue(
        queues={name: _queue(name, queue, scale) for name, queue in queues.queue.items()},
        channels=config_channels.channels(channels),
        reps={
            rep.name: Rep(**rep.model_dump() | {"channels": tuple(sorted(rep.channels.items()))})
            for rep in staff.rep
        },
        calendars=config_sla.calendars(calendars),
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


def _version(catalogue: Catalogue, rows: tuple[Row, ...], rules: tuple[Rule, ...]) -> str:
    return hashlib.sha256(repr((catalogue, rows, rules)).encode()).hexdigest()[:12]
