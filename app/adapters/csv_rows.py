"""Rows of a CSV file, one at a time: encoding and delimiter are found out, bad rows are told."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from app.core.errors import Invalid

ENCODINGS: Final = ("utf-8", "utf-16", "windows-1252")
DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_BYTES: Final = 1 << 20
CELL_CHARS: Final = 65_536  # no field is longer; a quote that nobody closes ends here, too
_LINE_CHARS: Final = 1 << 18
_ROW_CHARS: Final = 1 << 24  # 200 columns of the longest cells; in quotes a row may be many lines
RAW_CHARS: Final = 2_000  # of a row, enough to find it again if it is refused
# What stands where bytes could not be read: in UTF-8 we keep them, elsewhere they are replaced.
_BROKEN: Final = {True: re.compile("[\udc80-\udcff]"), False: re.compile("\ufffd")}
_TOO_LONG: Final = "\x00too long\x00"


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: its first line in the file and its cells, or what is wrong with it."""

    line: int
    cells: tuple[object, ...] = ()
    code: str = ""
    problem: str = ""
    raw: str = ""


@dataclass(slots=True)
class CsvRows:
    """A CSV file. Raises Invalid (`unreadable_file`) when it is opened, with a sentence."""

    path: Path
    encoding: str = ""
    delimiter: str = ""
    headers: list[str] = field(default_factory=list)
    bytes_done: int = 0

    def __post_init__(self) -> None:
        sample = _sample(self.path)
        self.encoding = self.encoding or _encoding(sample)
        if self.encoding not in ENCODINGS:
            raise _unreadable(f"one of the encodings {', '.join(ENCODINGS)}", self.encoding)
        text = _decoded(sample, self.encoding)
        self.delimiter = self.delimiter or _delimiter(text)
        if self.delimiter not in DELIMITERS:
            raise _unreadable("one of the delimiters , ; | or tab", self.delimiter)
        with self.path.open("rb") as raw, self._text(raw) as lines:
            first = _first(_Bounded(lines), self.delimiter)
        if any(_TOO_LONG in cell for cell in first) or any("\ufffd" in cell for cell in first):
            raise _unreadable("a first row with the names of the columns", "no text")
        self.headers = [cell.strip() for cell in first]
        while self.headers and not self.headers[-1]:
            self.headers.pop()  # a delimiter at the end of each row
        if not self.headers:
            raise _unreadable("a first row with the names of the columns", "an empty one")

    def __iter__(self) -> Iterator[Cells]:
        with self.path.open("rb") as raw, self._text(raw) as lines:
            bounded = _Bounded(lines)
            reader = csv.reader(bounded, delimiter=self.delimiter, strict=True)
            before, first = 0, True
            while True:
                bounded.chars = 0
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Cells(before + 1, code="not_csv", problem=f"expected CSV: {error}")
                    before = reader.line_num
                    continue
                line, before = before + 1, reader.line_num
                self.bytes_done = raw.tell()
                if first:
                    first = False
                elif any(cell.strip() for cell in cells):
                    yield self._checked(line, cells)

    def _checked(self, line: int, cells: list[str]) -> Cells:
        raw = self.delimiter.join(cells)
        while len(cells) > len(self.headers) and not cells[-1]:
            cells.pop()
        if _TOO_LONG in raw or any(len(cell) > CELL_CHARS for cell in cells):
            code, problem = "too_long", f"expected cells of at most {CELL_CHARS} characters"
            raw = raw.replace(_TOO_LONG, "...")
        elif len(cells) != len(self.headers):
            code, problem = "wrong_cells", f"expected {len(self.headers)} cells, got {len(cells)}"
        elif _BROKEN[self.encoding == "utf-8"].search(raw):
            code, problem = "wrong_encoding", f"expected text in {self.encoding}"
        else:
            return Cells(line, tuple(cells), raw=raw[:RAW_CHARS])
        return Cells(line, code=code, problem=problem, raw=raw[:RAW_CHARS])

    def _text(self, raw: IO[bytes]) -> io.TextIOWrapper:
        if self.encoding == "utf-8":
            return io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="")
        return io.TextIOWrapper(raw, self.encoding, "replace", newline="")


def _sample(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            sample = file.read(_SAMPLE_BYTES)
    except OSError as error:
        raise _unreadable("a file that can be read", str(error.strerror)) from None
    if not sample.strip():
        raise _unreadable("rows", "an empty file")
    return sample


def _encoding(sample: bytes) -> str:
    """UTF-8 unless it cannot be; of what is mostly UTF-8, the broken rows are told one by one."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in sample:
        raise _unreadable("a text file (CSV)", "bytes of another kind")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        whole = sample.decode("utf-8", "ignore")
        return "utf-8" if any(sign > "\x7f" for sign in whole) else "windows-1252"
    return "utf-8"


def _decoded(sample: bytes, encoding: str) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    return text.removeprefix("\ufeff")


def _delimiter(text: str) -> str:
    """Whichever parts the first row into the most columns."""
    head = text[:_LINE_CHARS]
    columns = {sign: len(_first(io.StringIO(head, newline=""), sign)) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: columns[sign])


def _first(lines: Iterable[str], delimiter: str) -> list[str]:
    """The cells of the first row; none where it cannot be read."""
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return []


class _Bounded:
    """The lines; in place of one beyond all bounds, a mark. `chars` counts those of a row.

    Raises csv.Error where a row has too many; then the next line is as good as the first of a row.
    """

    def __init__(self, lines: io.TextIOWrapper) -> None:
        self._lines = lines
        self.chars = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.chars > _ROW_CHARS:
            raise csv.Error(f"a row of at most {_ROW_CHARS} characters")
        line = self._lines.readline(_LINE_CHARS)
        if not line:
            raise StopIteration
        if not _is_cut(line):
            self.chars += len(line)
            return line
        while _is_cut(line):
            line = self._lines.readline(_LINE_CHARS)
        return f"{_TOO_LONG}\n"


def _is_cut(line: str) -> bool:
    return len(line) == _LINE_CHARS and not line.endswith(("\n", "\r"))


def _unreadable(expected: str, got: str) -> Invalid:
    return Invalid("unreadable_file", expected, got, "file")
