"""The rules as texts: TOML files by name, and the rows and event rules that they hold."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from app.config_actions import Action, effects, twice
from app.config_entry import Entry, Name, Seconds, Sentence, Skill, told
from app.core import toml_text
from app.core.condition import LONGEST
from app.core.condition_limits import meant
from app.core.rules import EVERYBODY, SHORTEST_WAIT_S, WAITING, Row, Rule, Whom, person

MOST_RULES = 1_000  # rows and event rules of all files together
_MOST_ACTIONS = 20
_MOST_CUSTOMERS = 1_000  # whom one individual rule may name


class Then(Entry):
    queue: str = ""
    priority: int = Field(0, ge=0, le=100, strict=True)
    window: Seconds = 0.0
    skills: tuple[Skill, ...] = ()
    close: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Then:
        if self.close and self.queue:
            raise ValueError("expected a queue or close = true, got both")
        return self


class RowEntry(Entry):
    id: Name
    when: str = Field(min_length=1, max_length=LONGEST)
    then: Then
    why: Sentence


class For(Entry):
    customers: tuple[str, ...] = Field((), max_length=_MOST_CUSTOMERS)
    rep: str = ""
    tier: str = ""

    @model_validator(mode="after")
    def _somebody(self) -> For:
        if not (self.rep or self.tier or any(map(person, self.customers))):
            raise ValueError("expected customers, a rep or a tier; without `for` it is for all")
        return self


class RuleEntry(Entry):
    id: Name
    on: Literal["mention", "waiting", "at_risk", "breached", "replied", "transferred", "completed"]
    when: str = Field(min_length=1, max_length=LONGEST)
    do: tuple[Action, ...] = Field(max_length=_MOST_ACTIONS)
    why: Sentence
    whom: For | None = Field(None, alias="for")
    level: int = Field(0, ge=0, le=9, strict=True)
    after: Seconds = 0.0

    @field_validator("do")
    @classmethod
    def _each_once(cls, do: tuple[Action, ...]) -> tuple[Action, ...]:
        if not do:
            raise ValueError("expected at least one action, got none")
        if doubled := twice(do):
            raise ValueError(f"expected one action for {doubled[0]}, got more")
        return do

    @model_validator(mode="after")
    def _waits_only_when_waiting(self) -> RuleEntry:
        if self.on == WAITING and self.after < SHORTEST_WAIT_S:
            raise ValueError('expected after = "1m" or longer with on = "waiting"')
        if self.on != WAITING and self.after:
            raise ValueError('expected after only with on = "waiting"')
        return self


_MODELS: Mapping[str, type[Entry]] = {"then": Then, "for": For}


class Table(Entry):
    title: str
    row: list[RowEntry] = Field(default_factory=list)
    rule: list[RuleEntry] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> Table:
        if not (self.row or self.rule):
            raise ValueError("expected at least one [[row]] or [[rule]]")
        return self


def texts_of(folder: Path, problems: list[str]) -> dict[str, str]:
    """The rule files of a configuration by name, in the order in which they are asked."""
    found = {}
    for path in sorted((folder / "rules").glob("*.toml")):
        try:
            found[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            problems.append(f"rules/{path.name}: {error}")
    return found


def tables(texts: Mapping[str, str], problems: list[str]) -> dict[str, Table]:
    """The tables of these files; what is wrong is added to `problems`, by file and key."""
    if not texts:
        problems.append("rules/: expected at least one file of rules, found none")
    found = {name: _table(f"rules/{name}", text, problems) for name, text in texts.items()}
    read = {name: table for name, table in sorted(found.items()) if table}
    count = sum(len(table.row) + len(table.rule) for table in read.values())
    if count > MOST_RULES:
        problems.append(f"rules/: expected at most {MOST_RULES} rows and rules, got {count}")
    return read


def _table(name: str, text: str, problems: list[str]) -> Table | None:
    try:
        read = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{name}: {error}")
        return None
    try:
        return Table.model_validate(read)
    except ValidationError as error:
        problems.extend(f"{name}: {_sentence(one, read)}" for one in error.errors())
    return None


def _sentence(problem: Any, read: Mapping[str, Any]) -> str:
    """As of any file, but by the id of the row or rule where it has one, and with a guess."""
    loc = list(problem["loc"])
    where = ""
    if len(loc) > 1 and loc[0] in ("row", "rule"):
        entry = read[loc[0]][loc[1]]
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            where, loc = f"{loc[0]} {entry['id']}: ", loc[2:]
    key = ".".join(str(part) for part in loc)
    if problem["type"] == "extra_forbidden":
        action = len(loc) > 1 and loc[0] == "do"
        known = _keys(Action if action else _MODELS.get(str(loc[0]) if len(loc) > 1 else "", None))
        said = (
            f"no {'action' if action else 'key'} is named {loc[-1]!r}{meant(str(loc[-1]), known)}"
        )
        return f"{where}{key}: {said}"
    return f"{where}{key}: {told(problem)}".replace(": : ", ": ")


def _keys(model: type[Entry] | None) -> list[str]:
    models: list[type[Entry]] = [model] if model else [RowEntry, RuleEntry]
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def rows(tables: Mapping[str, Table], scale: float) -> Iterator[Row]:
    """All rows in their order; `scale` stretches their windows."""
    for file, table in tables.items():
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


def rules(tables: Mapping[str, Table], scale: float) -> Iterator[Rule]:
    """All event rules in their order; `scale` stretches their windows and waits."""
    for file, table in tables.items():
        for rule in table.rule:
            yield Rule(
                id=rule.id,
                when=rule.when,
                why=rule.why,
                does=effects(rule.do, scale),
                on=rule.on,
                whom=_whom(rule.whom),
                level=rule.level,
                after_s=rule.after * scale,
                source=f"rules/{file}: rule {rule.id}: {rule.on}",
            )


def place(rule: Row | Rule) -> str:
    """Where people find a rule: its file and id."""
    return rule.source.rpartition(": ")[0]


def windows(entries: Iterable[Row | Rule]) -> dict[str, float]:
    """The window that each row and each event rule gives, 0 for none."""
    return {
        entry.id: entry.window_s if isinstance(entry, Row) else entry.does.window_s
        for entry in entries
    }


def _whom(entry: For | None) -> Whom:
    if entry is None:
        return EVERYBODY
    people = (person(one) for one in entry.customers)
    customers = tuple(dict.fromkeys(one for one in people if one))
    return Whom(customers=customers, rep=entry.rep, tier=entry.tier)
