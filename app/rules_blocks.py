"""A file of rules cut into its rows, so that one can be edited and a problem be placed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.core import toml_text
from app.core.errors import Invalid
from app.core.rule_diff import KINDS

_HEAD = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
_INNER = re.compile(r"\s*\[\[?\s*(\w+)\s*\.")
_QUOTES: Final = ("'''", '"""', "'", '"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One row: lines `head` to `end`, and from `start` on with the comments right above it."""

    kind: str
    index: int
    id: str
    start: int
    head: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A text in lines, what it says, and its rows. `within` are lines that begin inside a value."""

    lines: list[str]
    within: frozenset[int]
    table: dict[str, Any]
    blocks: list[Block]

    def before(self, line: int) -> str:
        return "".join(self.lines[:line])

    def after(self, line: int) -> str:
        return "".join(self.lines[line:])

    def body(self, block: Block) -> str:
        return "".join(self.lines[block.head : block.end])

    def one(self, row_id: str) -> Block:
        """The row of this id. Raises Invalid (`unknown_row`)."""
        found = [block for block in self.blocks if block.id == row_id]
        if len(found) != 1:
            got = f"{len(found)} rows of {row_id!r}"
            raise Invalid("unknown_row", "the id of one row", got, "id")
        return found[0]

    def with_rows(self, line: int, rows: str) -> str:
        """The text with these rows before a line, and an empty line around them."""
        before, after = self.before(line), self.after(line)
        if before and not before.endswith("\n"):
            before += "\n"
        if not rows.endswith("\n"):
            rows += "\n"
        gap = "" if not before.strip() or before.endswith("\n\n") else "\n"
        tail = "" if not after or after.startswith(("\n", "\r\n")) else "\n"
        return before + gap + rows + tail + after

    def line_of(self, block: Block, key: str) -> int | None:
        """The line at which this key of a row begins."""
        begins = re.compile(rf"\s*{re.escape(key)}\s*=")
        for line in range(block.head, block.end):
            if line not in self.within and begins.match(self.lines[line]):
                return line
        return None


def cut(text: str) -> Cut:
    """Raises Invalid: `not_toml`, and `not_by_rows` where rows are not written one by one."""
    try:
        table = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("not_toml", "TOML", str(error)) from None
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    within = frozenset(_within(lines))
    made = Cut(lines=lines, within=within, table=table, blocks=list(_blocks(lines, within, table)))
    _prove(made)
    return made


def _within(lines: list[str]) -> Iterator[int]:
    """The lines that begin inside a string or an array."""
    quote, depth = "", 0
    for number, line in enumerate(lines):
        if quote or depth:
            yield number
        quote, depth = _after_line(line, quote, depth)


def _after_line(line: str, quote: str, depth: int) -> tuple[str, int]:
    """What is open at the end of a line: a string of three quotes, and how many brackets."""
    at = 0
    while at < len(line):
        if quote:
            at, quote = _in_string(line, at, quote)
            continue
        if line[at] == "#":
            break
        opened = next((q for q in _QUOTES if line.startswith(q, at)), "")
        depth += (line[at] in "[{") - (line[at] in "]}")
        at, quote = at + max(1, len(opened)), opened
    return (quote if len(quote) > 1 else "", depth)


def _in_string(line: str, at: int, quote: str) -> tuple[int, str]:
    """One step on in a string of these quotes."""
    if '"' in quote and line[at] == "\\":
        return at + 2, quote
    if not line.startswith(quote, at):
        return at + 1, quote
    end = at + len(quote)
    while len(quote) > 1 and line.startswith(quote[0], end):
        end += 1  # up to two more quotes belong to the string
    return end, ""


def _blocks(lines: list[str], within: frozenset[int], table: dict[str, Any]) -> Iterator[Block]:
    counts = dict.fromkeys(KINDS, 0)
    headers = [n for n, line in enumerate(lines) if n not in within and line.lstrip()[:1] == "["]
    for at, head in enumerate(headers):
        found = _HEAD.match(lines[head])
        if not found or found[1] not in KINDS:
            continue
        kind, index = found[1], counts[found[1]]
        counts[kind] += 1
        inner = (n for n in headers[at + 1 :] if not _is_inner(lines[n], kind))
        rows = table.get(kind, [])
        row = rows[index] if isinstance(rows, list) and index < len(rows) else {}
        yield Block(
            kind=kind,
            index=index,
            id=str(row.get("id", "")) if isinstance(row, dict) else "",
            start=_start(lines, head),
            head=head,
            end=_end(lines, within, (head, next(inner, len(lines)))),
        )


def _is_inner(line: str, kind: str) -> bool:
    found = _INNER.match(line)
    return bool(found) and found is not None and found[1] == kind


def _start(lines: list[str], head: int) -> int:
    start = head
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _end(lines: list[str], within: frozenset[int], span: tuple[int, int]) -> int:
    """After the last line that says something: what follows belongs to nobody or to the next."""
    head, end = span
    while end - 1 > head and end - 1 not in within and not _says(lines[end - 1]):
        end -= 1
    return end


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _prove(made: Cut) -> None:
    """Each block alone must say what the whole says of its row."""
    for kind in KINDS:
        rows = made.table.get(kind, [])
        mine = [block for block in made.blocks if block.kind == kind]
        alone = [_alone(made, block) for block in mine]
        if json.dumps(alone, default=str) != json.dumps(rows, default=str):
            raise Invalid(
                "not_by_rows", f"each {kind} under a [[{kind}]] of its own", "another form"
            )


def _alone(made: Cut, block: Block) -> Any:
    try:
        return toml_text.loads(made.body(block))[block.kind][0]
    except (tomllib.TOMLDecodeError, KeyError):
        return None
