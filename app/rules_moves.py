"""A row moved within its file, with the comments right above it: every other byte stays."""

from __future__ import annotations

from app.core import toml_text
from app.core.errors import Invalid
from app.rules_blocks import Block, Cut, cut
from app.rules_text import Place, removed


def moved(text: str, row_id: str, place: Place) -> str:
    """The text with this row before or after another one of its kind. Raises Invalid."""
    of = cut(text)
    block, anchor = of.one(row_id), of.one(place.before or place.after)
    if block.kind != anchor.kind or block.id == anchor.id:
        raise Invalid("wrong_place", f"the id of another {block.kind}", repr(anchor.id), "before")
    chunk = "".join(of.lines[block.start : block.end])
    rest = cut(removed(text, row_id))
    anchor = rest.one(anchor.id)
    new = rest.with_rows(anchor.start if place.before else anchor.end, chunk)
    if _order(new, block.kind) != _expected(of, block, place):
        raise Invalid("not_by_rows", "a row that can be moved", "another form", "id")
    return new


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
