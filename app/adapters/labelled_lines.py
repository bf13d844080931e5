"""Labelled texts from JSON Lines: every bad line is told at once, none is left out silently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.core.errors import HandshakeError, Invalid
from app.core.evaluation import classes_of, label_of

MOST_SHOWN = 20  # problems told of one file: who sees more of them reads none

_BOM = b"\xef\xbb\xbf"  # some editors put it before the first line


class BadLines(HandshakeError):
    """The file cannot be evaluated: each problem with its line and what was expected."""

    code = "bad_lines"

    def __init__(self, problems: Sequence[str]) -> None:
        shown = list(problems[:MOST_SHOWN])
        if len(problems) > MOST_SHOWN:
            shown.append(f"and {len(problems) - MOST_SHOWN} more")
        super().__init__("\n".join(shown))
        self.problems = shown


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their labels, and the classes that these ask for."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]


def read(path: Path) -> Labelled:
    """All of a file's lines, each an object with `text` and `label`. Raises BadLines."""
    try:
        content = path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise BadLines([f"{path}: cannot be read: {error.strerror}"]) from None
    texts, labels, problems = [], [], []
    only_numbers = True
    for number, line in _lines(content):
        try:
            text, (label, as_number) = _example(line)
        except Invalid as error:
            problems.append(f"{path}:{number}: {error}")
            continue
        texts.append(text)
        labels.append(label)
        only_numbers = only_numbers and as_number
    if problems:
        raise BadLines(problems)
    try:
        return Labelled(tuple(texts), tuple(labels), classes_of(labels, only_numbers))
    except Invalid as error:
        raise BadLines([f"{path}: {error}"]) from None


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _example(line: bytes) -> tuple[str, tuple[str, bool]]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        expected = "a JSON object with `text` and `label` on one line"
        raise Invalid("line", expected, f"no JSON ({error})") from None
    if not isinstance(row, dict):
        raise Invalid("line", "a JSON object with `text` and `label`", type(row).__name__)
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        got = repr(text)[:40] if "text" in row else "no such field"
        raise Invalid("text", "a text that is not empty", got, "text")
    if "label" not in row:
        raise Invalid("label", "a label", "no such field", "label")
    return text, label_of(row["label"])
