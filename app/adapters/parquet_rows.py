"""Rows of a Parquet file, a few thousand at a time; needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.adapters.csv_rows import Cells
from app.core.errors import Invalid

_BATCH: Final = 2_000
_RAW_CHARS: Final = 2_000
_MISSING: Final = "CSV; for Parquet install the extra: pip install 'handshake[parquet]'"


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
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    line += 1
                    plain = tuple(_plain(cell) for cell in cells)
                    yield Cells(line, plain, raw=str(plain)[:_RAW_CHARS])
                self.bytes_done = self._bytes * line // rows
        except self._arrow.ArrowException as error:
            raise Invalid("unreadable_file", "a whole Parquet file", str(error), "file") from None


def _plain(cell: Any) -> Any:
    """As a text file has it; a moment without a zone is one in UTC, as Parquet says."""
    if isinstance(cell, datetime) and cell.tzinfo is None:
        return f"{cell.isoformat()}+00:00"
    if isinstance(cell, Decimal):
        return str(cell)
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
