"""What else can be given beside the ledger: pushes, users, live figures, a snapshot, resources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.audit.fact import Unreadable
from app.audit.rows import number_of, rows_of, text_of

STATES = ("queued", "parked", "offered", "accepted", "wrapping", "completed", "cancelled")


@dataclass(frozen=True, slots=True)
class Push:
    """One thing that a browser received over one connection."""

    line: int
    rep: str
    conn: str
    seq: int
    task_id: str
    event: str


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody was known in a role from then until then; `until_ms` 0 is still."""

    name: str
    role: str
    from_ms: int
    until_ms: int

    def at(self, now_ms: int) -> bool:
        return self.from_ms <= now_ms and (not self.until_ms or now_ms < self.until_ms)


@dataclass(frozen=True, slots=True)
class Sample:
    """The live figures at one moment."""

    line: int
    at_ms: int
    created: int
    by_state: dict[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Live tasks by id; at the fact `seq`, or, with 0, at the end of the ledger."""

    seq: int
    tasks: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Canaries:
    """Texts that must be nowhere in these files and folders."""

    texts: list[str]
    paths: list[Path]


@dataclass(frozen=True, slots=True)
class Resources:
    """Samples by process, and what they must not exceed."""

    ceilings: dict[str, float]
    slopes: dict[str, float]  # growth in an hour, once warm
    warm_ms: int
    samples: list[tuple[int, int, str, dict[str, float]]]  # line, at_ms, process, values


def read_users(path: Path) -> list[Stay]:
    """Lines with `name`, `role`, `from_ms`, `until_ms`. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        name, role = text_of(row, "name"), text_of(row, "role")
        if not name or not role:
            raise Unreadable(f"{path} line {number}: expected name and role")
        from_ms, until_ms = (
            number_of(path, number, {key: row.get(key) or 0}, key)
            for key in ("from_ms", "until_ms")
        )
        found.append(Stay(name, role, from_ms, until_ms))
    return found


def read_samples(path: Path) -> list[Sample]:
    """Lines with `at_ms`, `created` and a figure for each state. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        by_state = {state: number_of(path, number, row, state) for state in STATES}
        at_ms, created = (number_of(path, number, row, name) for name in ("at_ms", "created"))
        found.append(Sample(number, at_ms, created, by_state))
    return sorted(found, key=lambda sample: sample.at_ms)


def read_snapshot(path: Path) -> Snapshot:
    """A list of tasks, or an object with `tasks` and perhaps `seq`. Raises Unreadable."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    rows = value.get("tasks") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"{path}: expected a list of tasks, or an object with one as `tasks`")
    tasks = {}
    for row in rows:
        id_ = str(row.get("task_id") or row.get("id") or "")
        if not id_ or "state" not in row:
            raise Unreadable(f"{path}: expected task_id and state of each task")
        tasks[id_] = row
    return Snapshot(int(value.get("seq") or 0) if isinstance(value, dict) else 0, tasks)


def read_canaries(path: Path, search: list[Path]) -> Canaries:
    """One canary a line; where to search is given apart. Raises Unreadable."""
    try:
        texts = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    if not texts:
        raise Unreadable(f"{path}: expected one canary a line")
    if short := [text for text in texts if len(text) < _SHORTEST]:
        raise Unreadable(f"{path}: {short[0]!r} is too short to be told from other bytes")
    for folder in search:
        if not folder.exists():
            raise Unreadable(f"--search: there is no {folder}")
    return Canaries(texts, search)


_SHORTEST = 8


def read_resources(path: Path) -> Resources:
    """A line with `ceilings`, and samples with `at_ms`, perhaps `process`. Raises Unreadable."""
    ceilings: dict[str, float] = {}
    slopes: dict[str, float] = {}
    warm_ms, samples = 0, []
    for number, row in rows_of(path):
        if "ceilings" in row:
            ceilings |= _figures(row["ceilings"])
            slopes |= _figures(row.get("slopes_per_hour"))
            warm_ms = int(row.get("warm_ms") or 0)
            continue
        at_ms = number_of(path, number, row, "at_ms")
        samples.append((number, at_ms, text_of(row, "process"), _figures(row)))
    if not ceilings:
        raise Unreadable(f"{path}: expected a line with `ceilings`")
    return Resources(ceilings, slopes, warm_ms, samples)


def _figures(row: Any) -> dict[str, float]:
    items = row.items() if isinstance(row, dict) else ()
    numbers = {str(k): v for k, v in items if isinstance(v, int | float) and k != "at_ms"}
    return {name: float(value) for name, value in numbers.items()}
