"""An import: what it reads, how far it is, and what came of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# uploaded: waits for its mapping; then dry or in earnest it runs, until one of the last three.
UPLOADED, RUNNING, DONE, FAILED, CANCELLED = "uploaded", "running", "done", "failed", "cancelled"
STATES: Final = (UPLOADED, RUNNING, DONE, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a file is read: `mapping` gives a field for each column, empty where nobody reads it.

    `at_ms` is since when its rows are so, where no column says it.
    """

    source: str
    at_ms: int
    mapping: Mapping[str, str]
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One run of one file; `counts` by outcome, rejected rows by their reason's code as well."""

    id: str
    file: str
    path: str
    form: Form
    made_by: str
    made_ms: int
    bytes: int
    state: str = UPLOADED
    dry: bool = False
    bytes_done: int = 0
    rows_done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    ended_ms: int = 0
