"""A row moved within its file, with the comments right above it: every other byte stays."""

from __future__ import annotations

from app.core import toml_text
from app.core.errors import Invalid
from app.rules_blocks import Block, Cut, cut
from app.rules_text import Place, removed


def moved(text: str, row_id: str, place: Place) -> str:
    """The text with this row before or after another one of its kind. Raises Invalid."""
    of = cut(text)
    block, anchor = _one(of, row_id), _one(of, place.before or place.after)
    if block.kind != anchor.kind or block.id == anchor.id:
        raise Invalid("wrong_place", f"the id of another {block.kind}", repr(anchor.id), "before")
    chunk = "".join(of.lines[block.start : block.end])
    rest = cut(removed(text, row_id))
    anchor = _one(rest, anchor.id)
    line = anchor.start if place.before else anchor.end
    new = _joined(rest.before(line), chunk, rest.after(line))
    if _order(new, block.kind) != _expected(of, block, place):
        raise Invalid("not_by_rows", "a row that can be moved", "another form", "id")
    return new


def _joined(before: str, chunk: str, after: str) -> str:
    """The three with an empty line between them."""
    if before and not before.endswith("\n"):
        before += "\n"
    if not chunk.endswith("\n"):
        chunk += "\n"
    gap = "" if not before.strip() or before.endswith("\n\n") else "\n"
    tail = "" if not after or after.startswith(("\n", "\r\n")) else "\n"
    return before + gap + chunk + tail + after


def _order(text: str, kind: str) -> list[object]:
    rows: list[object] = toml_text.loads(text)[kind]
    return rows


def _expected(of: Cut, block: Block, place: Place) -> list[object]:
    """All rows of the kind as they were, this one at its new place."""
    rows = list(of.table[block.kind])
    row = rows.pop(block.index)
    anchor = place.before or place.after
    at = next(n for n, other in enumerate(rows) if other.get("id") == anchor)
    rows.insert(at if place.before else at + 1, row)
    return rows


def _one(of: Cut, row_id: str) -> Block:
    found = [block for block in of.blocks if block.id == row_id]
    if len(found) != 1:
        raise Invalid("unknown_row", "the id of one row", f"{len(found)} rows of {row_id!r}", "id")
    return found[0]
