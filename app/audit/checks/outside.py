"""Outside the ledger: what must be found nowhere, and what must not grow."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from app.audit.beside import Canaries, Resources
from app.audit.invariant import Invariant, Violation

_CHUNK = 1 << 22
_HALVED = 16  # a text this long is known by either of its halves
_HOUR_MS = 3_600_000
_FEWEST = 3  # samples from which a slope can be told


class Private(Invariant):
    id = "I25"
    of_facts = False
    sentence = "What was erased is found nowhere: not plain, escaped, encoded or split in two."
    canaries: Canaries | None = None

    def end(self) -> Iterator[Violation]:
        if self.canaries is None:
            return
        forms = [(text, form) for text in self.canaries.texts for form in forms_of(text)]
        for root in self.canaries.paths:
            for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
                if path.is_file():
                    yield from self._in_file(path, forms)

    def _in_file(self, path: Path, forms: list[tuple[str, bytes]]) -> Iterator[Violation]:
        found: dict[str, int] = {}
        try:
            for at, data in _pieces(path, max(len(form) for _, form in forms)):
                for text, form in forms:
                    if text not in found and form in data:
                        found[text] = at + data.index(form)
        except (OSError, EOFError, zlib.error) as error:
            yield Violation(self.id, f"{path} cannot be searched: {error}")
        for text, at in found.items():
            yield Violation(self.id, f"{text!r} is in {path}, at byte {at}")

    def missing(self) -> str:
        if self.canaries and self.canaries.paths:
            return ""
        return "what was erased and where to search: --canaries FILE --search PATH"

    def blind(self) -> bool:
        return bool(self.missing())


def forms_of(text: str) -> set[bytes]:
    """The bytes by which a text is known: its halves, too, where a page ends in its middle."""
    parts = [text]
    if len(text) >= _HALVED:
        parts = [text[: len(text) // 2], text[len(text) // 2 :]]
    found: set[bytes] = set()
    for part in parts:
        raw = part.encode()
        escaped = json.dumps(part)[1:-1].encode()
        found |= {raw, escaped, escaped.replace(b"\\", b"\\\\"), quote(part).encode()}
        found |= {part.encode("utf-16-le"), raw.hex().encode()}
        for shift in range(3):  # base64 depends on where in three bytes the text begins
            coded = base64.b64encode(b"\0" * shift + raw)
            # Signs that hold bits of a neighbour, too, are left out.
            inner = coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def _pieces(path: Path, overlap: int) -> Iterator[tuple[int, bytes]]:
    """A file in pieces that overlap, with the place of each; compressed ones are opened."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        at, held = 0, b""
        while chunk := file.read(_CHUNK):
            data = held + chunk
            yield at, data
            held = data[-overlap:]
            at += len(data) - len(held)


class Bounded(Invariant):
    id = "I26"
    of_facts = False
    sentence = "Memory, files, queues and labels stay under their ceilings and do not creep up."
    resources: Resources | None = None

    def end(self) -> Iterator[Violation]:
        if self.resources is None:
            return
        series: dict[tuple[str, str], list[tuple[int, float]]] = {}
        told: set[tuple[str, str]] = set()
        for line, at_ms, process, values in self.resources.samples:
            for name, value in values.items():
                series.setdefault((process, name), []).append((at_ms, value))
                ceiling = self.resources.ceilings.get(name)
                if ceiling is not None and value > ceiling and (process, name) not in told:
                    told.add((process, name))
                    yield self._of(
                        process, f"line {line}: {name} is {value:g}, at most {ceiling:g}"
                    )
        for (process, name), points in series.items():
            yield from self._creep(process, name, points)

    def _creep(
        self, process: str, name: str, points: list[tuple[int, float]]
    ) -> Iterator[Violation]:
        assert self.resources is not None  # noqa: S101 (for the type checker)
        limit = self.resources.slopes.get(name)
        begin = min(at_ms for at_ms, _ in points) + self.resources.warm_ms
        warm = [point for point in points if point[0] >= begin]
        if limit is None or len(warm) < _FEWEST:
            return
        hourly = _slope(warm) * _HOUR_MS
        if hourly > limit:
            yield self._of(process, f"{name} grows by {hourly:g} an hour, at most {limit:g}")

    def _of(self, process: str, detail: str) -> Violation:
        return Violation(self.id, f"{process}: {detail}" if process else detail)

    def missing(self) -> str:
        if self.resources is None:
            return "memory, handles, queue lengths and labels over time: --resources"
        names = {name for _, _, _, values in self.resources.samples for name in values}
        unseen = sorted(self.resources.ceilings.keys() - names)
        return f"samples of {', '.join(unseen)}" if unseen else ""

    def blind(self) -> bool:
        return self.resources is None or not self.resources.samples


def _slope(points: list[tuple[int, float]]) -> float:
    """The straight line through these points by least squares, its growth in a millisecond."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


CHECKS = (Private, Bounded)
