"""JSON lines and what is expected in them, with the line in every complaint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.audit.fact import Unreadable


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line that is not empty, with its number. Raises Unreadable."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise Unreadable(f"{path} line {number}: {error}") from None
        if not isinstance(row, dict):
            raise Unreadable(f"{path} line {number}: expected a JSON object")
        yield number, row


def text_of(row: dict[str, Any], name: str) -> str:
    return str(row.get(name) or "")


def number_of(path: Path, line: int, row: dict[str, Any], name: str) -> int:
    """A whole number that must be there. Raises Unreadable."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{path} line {line}: expected {name} as a number, got {value!r}")
    return int(value)
