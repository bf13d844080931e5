"""Lines and matters of the contact history, with what a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from app.core.history import Folded, Matter
from app.core.history_lines import Entry
from tests.builders import NOON_MS


def line(seq: int, **given: Any) -> Entry:
    """A line of @kim's, said at noon on X, unless `given` says otherwise."""
    fields: dict[str, Any] = {
        "fact_id": f"f{seq}",
        "mention_id": "m1",
        "handle_key": "x:kim",
        "kind": "said",
        "channel": "x",
        "at_ms": NOON_MS,
        "by": "@kim",
        "text": "Help",
    }
    return Entry(seq=seq, **(fields | given))


def mention_json(**given: Any) -> dict[str, Any]:
    """What a fact tells of a mention of @kim's."""
    return {"author": {"handle": "@kim"}, "text": "Help", "channel": "x"} | given


def folded(*made: Entry | Matter) -> Folded:
    """What a stretch of facts came to: these."""
    found = Folded()
    for one in made:
        if isinstance(one, Entry):
            found.entries[one.fact_id] = one
        else:
            found.matters[one.mention_id] = one
            found.changed.add(one.mention_id)
    return found
