"""TOML within bounds: what a parser would need too much memory, or a deep stack, for is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

MOST_LEVELS = 32  # of arrays and tables inside each other
MOST_PARTS = 16  # of a dotted key: each is a table, and a parser keeps every prefix


def loads(text: str) -> dict[str, Any]:
    """As `tomllib.loads`. Raises TOMLDecodeError, also for what is nested too deeply."""
    refuse_deep(text)
    return tomllib.loads(text)


def refuse_deep(text: str) -> None:
    """Raises TOMLDecodeError with the line. It takes a time that grows with the text alone."""
    levels, parts, line = 0, 1, 1
    for sign in _signs(text):
        if sign == "\n":
            line += 1
        levels += (sign in "[{") - (sign in "]}")
        parts = parts + 1 if sign == "." else 1
        if levels > MOST_LEVELS:
            raise _deep(f"at most {MOST_LEVELS} arrays and tables inside each other", line)
        if parts > MOST_PARTS:
            raise _deep(f"at most {MOST_PARTS} parts in a dotted key", line)


def _deep(expected: str, line: int) -> tomllib.TOMLDecodeError:
    return tomllib.TOMLDecodeError(f"Expected {expected} (at line {line}, column 1)")


def _signs(text: str) -> Iterator[str]:
    """Line ends, and the signs that nest or separate; those in strings and comments are none."""
    at = 0
    while at < len(text):
        sign = text[at]
        if sign in "\"'":
            end = after_string(text, at)
            yield from "\n" * text.count("\n", at, end)
            at = end
        elif sign == "#":
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        else:
            if sign in "[]{}.=,\n":
                yield sign
            at += 1


def after_string(text: str, at: int) -> int:
    """Where the string that begins here has ended; one that does not end goes to its line's end."""
    sign = text[at]
    quote = sign * 3 if text.startswith(sign * 3, at) else sign
    at += len(quote)
    while at < len(text):
        if sign == '"' and text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif len(quote) == 1 and text[at] == "\n":
            return at
        else:
            at += 1
    return len(text)
