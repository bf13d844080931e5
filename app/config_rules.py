"""The rules as texts: TOML files by name, and the rows that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field, model_validator

from app.config_entry import Entry, Name, Seconds, Sentence, Skill, parse
from app.core.rules import Row


class Then(Entry):
    queue: str = ""
    priority: int = Field(0, ge=0, le=100)
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
    when: str = Field(min_length=1, max_length=2000)
    then: Then
    why: Sentence


class Table(Entry):
    title: str
    row: list[RowEntry] = Field(min_length=1)


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
    found = {name: parse(f"rules/{name}", text, Table, problems) for name, text in texts.items()}
    return {name: table for name, table in sorted(found.items()) if table}


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
