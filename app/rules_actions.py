"""Where an action of an event rule stands in its file, so that a problem can be placed at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.core.toml_text import after_string
from app.rules_blocks import Block, Cut

_TABLE = re.compile(r"\s*\[\[\s*rule\s*\.\s*do\s*\]\]")
_DOUBLED = re.compile(r"expected one action for (.*), got more")
_KEY = re.compile(r"""\s*("[^"\n]*"|'[^'\n]*'|[\w-]+)[^=\n]*=\s*""")
_GUESS = ", did you mean "  # what comes behind it is another name


def spot(of: Cut, block: Block, key: str, message: str) -> tuple[int, int]:
    """Line and column, both from 1, of what `do.0.priority` or `do.notify.to` speaks of.

    That is the key of the action, or of what is inside of it; the whole `do`, or the rule, where
    nobody can tell.
    """
    number, path = _which(_said(of, block), key.split(".")[1:], message)
    line = of.line_of(block, "do")
    if line is None:
        return _of_table(of, block, number)
    text = of.lines[line] + "".join(of.lines[line + 1 : block.end])
    at = _blank(text, text.index("=") + 1)
    starts = list(_elements(text, at)) if number is not None else []
    if number is not None and number < len(starts):
        at = _inside(text, starts[number], path)
    return line + 1 + text.count("\n", 0, at), at - text.rfind("\n", 0, at)


def _said(of: Cut, block: Block) -> list[Mapping[str, Any]]:
    do = of.table[block.kind][block.index].get("do")
    return [one if isinstance(one, dict) else {} for one in do] if isinstance(do, list) else []


def _of_table(of: Cut, block: Block, number: int | None) -> tuple[int, int]:
    """Of actions that are written as tables of their own."""
    lines = range(block.head, block.end)
    heads = [n for n in lines if n not in of.within and _TABLE.match(of.lines[n])]
    return (heads[number] if number is not None and number < len(heads) else block.head) + 1, 1


def _which(
    do: Sequence[Mapping[str, Any]], path: list[str], message: str
) -> tuple[int | None, list[str]]:
    """The number of the action in `do`, and the way inside of it.

    An escalation is a way to a queue: `do.queue` is said of it, too.
    """
    if not path:
        doubled = _DOUBLED.match(message)
        names = set(re.split(", | or ", doubled[1])) if doubled else set()
        return next(iter(_with(do, names)[1:]), None), []
    if path[0].isdecimal():
        return int(path[0]), path[1:]
    found = _with(do, {path[0]})
    if not found and path[0] == "queue":
        found, path = _with(do, {"escalate"}), ["escalate"]
    told = message.partition(_GUESS)[0]
    named = [n for n in found if repr(_value(do[n], path)) in told]
    return next(iter(named or found), None), path


def _with(do: Sequence[Mapping[str, Any]], names: set[str]) -> list[int]:
    return [number for number, action in enumerate(do) if names & action.keys()]


def _value(action: Any, path: Sequence[str]) -> Any:
    for name in path:
        action = action.get(name) if isinstance(action, dict) else None
    return action


def _inside(text: str, at: int, path: Sequence[str]) -> int:
    """The place that the path leads to from this value on, as far as it goes."""
    if not path:
        return at
    if text[at] == "[" and path[0].isdecimal():
        starts = list(_elements(text, at))
        number = int(path[0])
        return _inside(text, starts[number], path[1:]) if number < len(starts) else at
    for name, key_at, value_at in _fields(text, at) if text[at] == "{" else ():
        if name == path[0]:
            deeper = _inside(text, value_at, path[1:])
            return key_at if deeper == value_at else deeper
    return at


def _elements(text: str, at: int) -> Iterator[int]:
    """Where each value of the array begins that begins here."""
    at = _blank(text, at + 1) if text[at] == "[" else len(text)
    while at < len(text) and text[at] != "]":
        yield at
        at = _blank(text, _after_value(text, at))
        at = _blank(text, at + 1) if text[at : at + 1] == "," else len(text)


def _fields(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Each key of the inline table that begins here, where it begins, and where its value does."""
    at = _blank(text, at + 1)
    while found := _KEY.match(text, at):
        yield found[1].strip("\"'"), found.start(1), found.end()
        at = _blank(text, _after_value(text, found.end()))
        at = _blank(text, at + 1) if text[at : at + 1] == "," else len(text)


def _after_value(text: str, at: int) -> int:
    """Where the value that begins here has ended."""
    depth = 0
    while at < len(text):
        sign = text[at]
        if depth == 0 and sign in ",]}":
            return at
        if sign in "\"'":
            at = after_string(text, at)
        elif sign == "#":
            at = _blank(text, at)
        else:
            depth += (sign in "[{") - (sign in "]}")
            at += 1
            if depth == 0 and sign in "]}":
                return at
    return at


def _blank(text: str, at: int) -> int:
    """The next place where something is said: behind spaces, line ends and comments."""
    while at < len(text) and (text[at].isspace() or text[at] == "#"):
        end = text.find("\n", at) if text[at] == "#" else at
        at = end + 1 if end >= 0 else len(text)
    return at
