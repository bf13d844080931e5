"""A file of rows, CSV or Parquet, whichever it is by its first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from app.adapters.csv_rows import Cells, CsvRows

_PARQUET = b"PAR1"


class TableFile(Protocol):
    """`headers` name the columns; `bytes_done` tells how far the iteration has come."""

    headers: list[str]
    bytes_done: int
    encoding: str
    delimiter: str

    def __iter__(self) -> Iterator[Cells]: ...


def peek(path: Path, encoding: str, delimiter: str, count: int) -> list[Cells]:
    """The first rows. Raises Invalid."""
    return list(islice(opened(path, encoding, delimiter), count))


def opened(path: Path, encoding: str = "", delimiter: str = "") -> TableFile:
    """Raises Invalid (`unreadable_file`) with a sentence."""
    try:
        with path.open("rb") as file:
            parquet = file.read(len(_PARQUET)) == _PARQUET
    except OSError:
        parquet = False  # told as of any file
    if parquet:
        from app.adapters.parquet_rows import ParquetRows  # noqa: PLC0415 (an extra)

        return ParquetRows(path)
    return CsvRows(path, encoding, delimiter)
