"""Rows of a Parquet file, a few at a time; needs the extra `parquet`.

A value that Python cannot hold, or that is too long, stands in its row as an `Unread`: no field
takes it, so the row is refused where its column is asked for, and only there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.adapters.csv_rows import CELL_CHARS, RAW_CHARS, Cells
from app.core.errors import Invalid

_BATCH: Final = 50  # rows: a small file may hold cells of megabytes, the same one many times
_UNREADABLE: Final = (ValueError, OverflowError, LookupError)  # of years, texts, zones
_WHY_CHARS: Final = 100
_MISSING: Final = "CSV; for Parquet install the extra: pip install 'handshake[parquet]'"


@dataclass(frozen=True, slots=True)
class Unread:
    """In place of a value; `str` of it says why."""

    why: str

    def __str__(self) -> str:
        return f"a value that {self.why}"


class ParquetRows:
    """A Parquet file. Raises Invalid (`unreadable_file`) when it is opened."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow  # noqa: PLC0415 (an extra)
            import pyarrow.parquet  # noqa: PLC0415
        except ImportError:
            raise Invalid("unreadable_file", _MISSING, "a Parquet file", "file") from None
        try:
            self._file: Any = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise Invalid("unreadable_file", "a Parquet file", str(error), "file") from None
        self._arrow: Any = pyarrow
        self._bytes = path.stat().st_size
        self.headers: list[str] = list(self._file.schema_arrow.names)
        self.encoding = self.delimiter = ""
        self.bytes_done = 0

    def __iter__(self) -> Iterator[Cells]:
        line, rows = 0, max(1, self._file.metadata.num_rows)
        try:
            for batch in self._file.iter_batches(_BATCH):
                columns = [self._values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    line += 1
                    plain = tuple(_plain(cell) for cell in cells)
                    yield Cells(line, plain, raw=str(plain)[:RAW_CHARS])
                self.bytes_done = self._bytes * line // rows
        except self._arrow.ArrowException as error:
            raise Invalid("unreadable_file", "a whole Parquet file", str(error), "file") from None

    def _values(self, column: Any) -> list[Any]:
        """As Python has them; of what is finer than a microsecond the rest is left out."""
        arrow = self._arrow
        if arrow.types.is_timestamp(column.type) and column.type.unit == "ns":
            column = column.cast(arrow.timestamp("us", column.type.tz), safe=False)
        try:
            return list(column.to_pylist())
        except _UNREADABLE:
            return [_value(cell) for cell in column]


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except _UNREADABLE as error:
        return Unread(f"cannot be read: {str(error)[:_WHY_CHARS]}")


def _plain(cell: Any) -> Any:
    """As a text file has it; a moment without a zone is one in UTC, as Parquet says."""
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    long = isinstance(cell, str | list | dict)
    if long and len(cell if isinstance(cell, str) else str(cell)) > CELL_CHARS:
        return Unread(f"is longer than {CELL_CHARS} characters")
    if isinstance(cell, datetime) and cell.tzinfo is None:
        return f"{cell.isoformat()}+00:00"
    if isinstance(cell, Decimal):
        return str(cell)
    return cell
