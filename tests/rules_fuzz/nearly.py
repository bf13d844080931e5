"""Texts that nearly match a pattern, all the time: made from the pattern's own structure.

The check at load knows nothing of this: it makes its texts from a pattern's letters alone.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from random import Random
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

_MOST_REPEATS = 120
_PIECES = 40
_EXAMPLES = {sre.CATEGORY_DIGIT: "0379", sre.CATEGORY_WORD: "aZ_9é", sre.CATEGORY_SPACE: " \t"}


def nearly(pattern: str, chars: int, chance: Random) -> Iterator[str]:
    """Two texts: of pieces that lack the end of the pattern, and of pieces cut anywhere.

    Nothing where Python cannot read the pattern, such as `\\pL`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of signs that RE2 reads in another way
            items = list(sre_parser.parse(pattern, re.IGNORECASE))
    except (re.error, OverflowError, RecursionError):
        return
    pieces = [_piece(items[:-1] or items, chance) for _ in range(_PIECES)]
    yield _filled(pieces, chars)
    yield _filled([piece[: chance.randint(1, len(piece) or 1)] for piece in pieces], chars)


def _filled(pieces: list[str], chars: int) -> str:
    whole = "".join(pieces) or "ab"
    return (whole * (chars // len(whole) + 1))[:chars]


def _piece(items: list[Any], chance: Random, depth: int = 0) -> str:
    return "".join(_of(op, value, chance, depth) for op, value in items)[:4_000]


def _of(op: Any, value: Any, chance: Random, depth: int = 0) -> str:
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.NOT_LITERAL:
        return "y" if chr(value) != "y" else "z"
    if op is sre.ANY:
        return chance.choice("ab c😡")
    if op is sre.IN:
        return _one_of(value, chance)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, body = value
        limit = max(1, _MOST_REPEATS >> 4 * depth)  # repeats in repeats would never end
        times = min(limit, chance.randint(least, max(least, min(most, least + limit))))
        return "".join(_piece(list(body), chance, depth + 1) for _ in range(times))
    if op is sre.SUBPATTERN:
        return _piece(list(value[3]), chance, depth)
    if op is sre.BRANCH:
        return _piece(list(chance.choice(value[1])), chance, depth)
    return ""  # places such as \b and ^ have no text


def _one_of(value: Any, chance: Random) -> str:
    op, what = chance.choice(value)
    if op is sre.LITERAL:
        return chr(what)
    if op is sre.RANGE:
        return chr(chance.randint(*what))
    if op is sre.CATEGORY:
        return chance.choice(_EXAMPLES.get(what, "-b"))
    return chance.choice("xyz")  # the class is turned round
