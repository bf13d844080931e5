"""Rows of a file of rules, edited one at a time: everything else stays as it is, byte by byte.

A file is cut into blocks, one for each `[[row]]` or `[[rule]]`, with the comments right above it.
Only the block in question is written anew, and there comments stay with their lines.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Item, String, StringType, Table, Trivia

from app.core import toml_text
from app.core.errors import Invalid
from app.rules_blocks import Cut, cut

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row goes: before or after another one, or to the end."""

    before: str = ""
    after: str = ""


def replaced(text: str, row_id: str, row: Row) -> str:
    """The text with this row in place of the one of that id. Raises Invalid."""
    of = cut(text)
    block = of.one(row_id)
    if row.get("id") != row_id:
        _refuse_known(of, row)
    written = _updated(of.body(block), block.kind, row)
    new = of.before(block.head) + written + of.after(block.end)
    return _proven(new, of, {(block.kind, block.index): row})


def inserted(text: str, row: Row, place: Place, kind: str = "row") -> str:
    """The text with one more row. Raises Invalid."""
    of = cut(text)
    _refuse_known(of, row)
    anchor = of.one(place.before or place.after) if place.before or place.after else None
    if anchor and anchor.kind != kind:
        raise Invalid("wrong_place", f"the id of a {kind}", f"that of a {anchor.kind}", "before")
    line = (anchor.start if place.before else anchor.end) if anchor else len(of.lines)
    new = of.with_rows(line, _written(kind, row))
    at = sum(1 for block in of.blocks if block.kind == kind and block.head < line)
    return _proven(new, of, {(kind, at): row}, grown=(kind, at))


def removed(text: str, row_id: str) -> str:
    """The text without this row and the comments right above it. Raises Invalid."""
    of = cut(text)
    block = of.one(row_id)
    end = block.end
    while end < len(of.lines) and not of.lines[end].strip():
        end += 1
    new = of.before(block.start) + of.after(end)
    return _proven(new, of, {}, shrunk=(block.kind, block.index))


def _refuse_known(of: Cut, row: Row) -> None:
    """Of two rows with one id neither could be edited any more. Raises Invalid."""
    if any(block.id == row.get("id") for block in of.blocks):
        raise Invalid("known_row", "an id that no other row here has", repr(row.get("id")), "id")


def has(text: str, row_id: str) -> bool:
    """Is there a row of this id in the text? What is no TOML has none."""
    try:
        return any(block.id == row_id for block in cut(text).blocks)
    except Invalid:
        return False


def _proven(
    new: str,
    of: Cut,
    changed: Mapping[tuple[str, int], Row],
    grown: tuple[str, int] | None = None,
    shrunk: tuple[str, int] | None = None,
) -> str:
    """The new text, if it says exactly what it should. Raises Invalid."""
    expected = json.loads(_canonical(of.table))
    if shrunk:
        del expected[shrunk[0]][shrunk[1]]
        if not expected[shrunk[0]]:
            del expected[shrunk[0]]
    if grown:
        expected.setdefault(grown[0], []).insert(grown[1], {})
    for (kind, index), row in changed.items():
        expected[kind][index] = dict(row)
    try:
        said = toml_text.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("not_toml", "a row that TOML can say", str(error), "row") from None
    if _canonical(said) != _canonical(expected):
        raise Invalid("not_toml", "a row that TOML can say as it is", "another one", "row")
    return new


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _updated(body: str, kind: str, row: Row) -> str:
    """The block with these values; where that cannot be done in place, written anew."""
    try:
        document = tomlkit.parse(body)
        _update(document[kind][0], row)
        made = tomlkit.dumps(document)
        if _canonical(toml_text.loads(made)) == _canonical({kind: [dict(row)]}):
            return made
    except (TOMLKitError, tomllib.TOMLDecodeError, ValueError, TypeError, AttributeError):
        pass  # the library has its limits; comments within this one row are lost then
    return _written(kind, row)


def _update(table: Table | InlineTable, row: Row) -> None:
    for key in [key for key in table if key not in row]:
        del table[key]
    said = table.unwrap()
    for key, value in row.items():
        old = table.get(key)
        if isinstance(old, Table | InlineTable) and isinstance(value, Mapping):
            _update(old, value)
        elif key not in said or _canonical(said[key]) != _canonical(value):
            table[key] = _item(value)


def _written(kind: str, row: Row) -> str:
    """A new block. Raises Invalid for what TOML has no form for."""
    lines = [f"[[{kind}]]\n"]
    try:
        for key, value in row.items():
            lines.append(f"{tomlkit.key(key).as_string()} = {_item(value).as_string()}\n")
    except (TOMLKitError, ValueError, TypeError) as error:
        raise Invalid("not_toml", "a row that TOML can say", str(error), "row") from None
    return "".join(lines)


def _item(value: Any) -> Item:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        made = tomlkit.inline_table()
        for key, inner in value.items():
            made[key] = _item(inner)
        return made
    if isinstance(value, list):
        array = tomlkit.array()
        for inner in value:
            array.append(_item(inner))
        return array
    plain: Item = tomlkit.item(value)
    return plain


def _string(value: str) -> Item:
    """As a person would write it: patterns and long conditions without escapes."""
    plain = all(sign.isprintable() or sign == "\n" for sign in value)
    if plain and "\n" in value and "'''" not in value and value[-1:] != "'":
        # TOML drops a line break right after the quotes: one more than the value has
        return String(StringType.MLL, value, "\n" + value, Trivia())
    if plain and "\n" not in value and "'" not in value and ('"' in value or "\\" in value):
        return tomlkit.string(value, literal=True)
    return tomlkit.item(value)
