"""A fault: one place in one shipped file, changed as a tired engineer might change it."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`old` occurs exactly once in `file`; with `new` in its place, `caught_by` must fail."""

    id: str
    why: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]

    def planted(self, source: str) -> str:
        """The source with the fault in it. Raises ValueError where the place is not there once."""
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.id}: expected its place once in {self.file}, found {found}")
        return source.replace(self.old, self.new)


def faults() -> list[Fault]:
    """All faults, by file and in its order. Raises ValueError for an id that is there twice."""
    found: list[Fault] = []
    for path in sorted(FOLDER.glob("*.toml")):
        for row in tomllib.loads(path.read_text("utf-8"))["fault"]:
            found.append(Fault(**row | {"caught_by": tuple(row["caught_by"])}))
    twice = [id_ for id_, count in Counter(fault.id for fault in found).items() if count > 1]
    if twice:
        raise ValueError(f"ids that are there twice: {twice}")
    return found
