"""What differs between two bundles of rules: line by line in the files, and row by row."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core import toml_text

KINDS: Final = ("row", "rule")  # the arrays of a file that hold one thing each, with an `id`


def entries(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each row as its file says it, with `file` and `kind`, in the order in which it is asked.

    A file that is no TOML has none.
    """
    found = []
    for file, text in sorted(texts.items()):
        try:
            table = toml_text.loads(text)
        except tomllib.TOMLDecodeError:
            continue
        for kind in KINDS:
            rows = table.get(kind, [])
            named = rows if isinstance(rows, list) else []
            found += [
                {"file": file, "kind": kind, **_plain(row)}
                for row in named
                if isinstance(row, dict)
            ]
    return found


def _plain(value: Any) -> Any:
    """As JSON can say it: TOML knows times and infinite numbers too."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    sayable = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return value if sayable else str(value)


def titles(texts: Mapping[str, str]) -> dict[str, str]:
    """The title of each file that has one."""
    found = {}
    for file, text in sorted(texts.items()):
        try:
            title = toml_text.loads(text).get("title")
        except tomllib.TOMLDecodeError:
            continue
        if isinstance(title, str):
            found[file] = title
    return found


def files(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """A unified diff of each file that is not the same in both."""
    found = {}
    for name in sorted({*old, *new}):
        before, after = old.get(name, ""), new.get(name, "")
        if name not in old or name not in new or before != after:
            lines = difflib.unified_diff(
                before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
            )
            found[name] = "\n".join(lines)
    return found


def rows(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, list[Any]]:
    """Rows by id: `added`, `removed`, `changed` (both forms) and `moved` (asked elsewhere)."""
    before, after = _by_id(old), _by_id(new)
    common = [id_ for id_ in after if id_ in before]
    changed = [id_ for id_ in common if before[id_] != after[id_]]
    return {
        "added": [after[id_] for id_ in after if id_ not in before],
        "removed": [before[id_] for id_ in before if id_ not in after],
        "changed": [{"from": before[id_], "to": after[id_]} for id_ in changed],
        "moved": list(_moved([id_ for id_ in before if id_ in after], common)),
    }


def _by_id(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {str(row.get("id", "")): row for row in entries(texts)}


def _moved(before: list[str], after: list[str]) -> Iterator[str]:
    """Of two orders of the same ids, the fewest that must have moved."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    stayed = {
        before[at]
        for block in matcher.get_matching_blocks()
        for at in range(block.a, block.a + block.size)
    }
    yield from (id_ for id_ in after if id_ not in stayed)
