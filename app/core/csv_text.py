"""CSV for a spreadsheet: what others wrote must not become a formula on somebody's desk."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

REJECT_COLUMNS: Final = ("line", "code", "reason", "row")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(cells: Iterable[object]) -> str:
    """One row; a text that a spreadsheet would calculate has an apostrophe before it."""
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
