"""How far two people agree, field by field: a level each, none where one side is not known."""

from __future__ import annotations

from collections.abc import Callable

from app.core.particulars import MAIL, PHONE, Particulars

# How alike two words are, from 0 to 1; given by an adapter.
Similar = Callable[[str, str], float]

SAME, CLOSE, PART, HINT, OTHER = "same", "close", "part", "hint", "different"
LEVELS = (SAME, CLOSE, PART, HINT, OTHER)  # from most to least

# Jaro-Winkler: one mistake in a word of six letters gives about 0.95, two words of one sound 0.9.
_CLOSE, _HINT = 0.92, 0.84

FITTED = ("name", "born", "street", "house", "postcode", "place")
FIELDS = (*FITTED, MAIL, PHONE)

_LATIN_ENDS = "\u024f"


def levels(a: Particulars, b: Particulars, similar: Similar) -> list[tuple[str, str]]:
    """(field, level) of every field that both sides know. In the hot path of matching."""
    return who_levels(a, b, similar) + where_levels(a, b, similar)


def who_levels(a: Particulars, b: Particulars, similar: Similar) -> list[tuple[str, str]]:
    """Of what belongs to one person: name, birthday, mail, phone."""
    found: list[tuple[str, str]] = []
    if a.names and b.names:
        found.append(("name", _name(a, b, similar)))
    if a.born and b.born:
        found.append(("born", SAME if a.born == b.born else _digits(a.born, b.born)))
    if a.keys and b.keys:
        found += _contacts(a, b)
    return found


def where_levels(a: Particulars, b: Particulars, similar: Similar) -> list[tuple[str, str]]:
    """Of what a household shares: where they live."""
    found: list[tuple[str, str]] = []
    if a.street and b.street:
        same = a.street == b.street
        found.append(("street", SAME if same else _word(a.street, b.street, similar)))
    if a.house and b.house:
        found.append(("house", SAME if a.house == b.house else _digits(a.house, b.house)))
    if a.postcode and b.postcode:
        same = a.postcode == b.postcode
        found.append(("postcode", SAME if same else _digits(a.postcode, b.postcode)))
    if a.place and b.place:
        found.append(("place", SAME if a.place == b.place else _word(a.place, b.place, similar)))
    return found


def _name(a: Particulars, b: Particulars, similar: Similar) -> str:
    """Order does not count: sources swap given names and surnames."""
    ours, theirs = a.names, b.names
    rest = [name for name in ours if name not in theirs]
    left = [name for name in theirs if name not in ours]
    if not rest and not left:
        if len(ours) == 1:
            return PART
        # Other signs with one sound are another name: only across scripts does the sound do.
        written = a.written.casefold() == b.written.casefold()
        return SAME if written or not (_foreign(a) and _foreign(b)) else PART
    same = len(ours) - len(rest)
    fewest = min(len(ours), len(theirs))
    close = _close_pairs(rest, left, similar) if rest and left else 0
    if same + close >= fewest > 1:
        return CLOSE
    if same:
        return PART
    if close or similar("".join(ours), "".join(theirs)) >= _CLOSE:
        return HINT
    return OTHER


def _close_pairs(rest: list[str], left: list[str], similar: Similar) -> int:
    """How many of these names have one of their own among those, but for a mistake."""
    close = 0
    for name in rest:
        for other in left:
            if similar(name, other) >= _CLOSE:
                left.remove(other)
                close += 1
                break
    return close


def _word(a: str, b: str, similar: Similar) -> str:
    """Of two that differ."""
    alike = similar(a, b)
    if alike >= _CLOSE:
        return CLOSE
    if sorted(a.split()) == sorted(b.split()):
        return CLOSE
    return HINT if alike >= _HINT else OTHER


def _digits(a: str, b: str) -> str:
    """Of two that differ: one sign other, missing or too many, or two swapped, is a mistake."""
    if len(a) == len(b):
        other = [at for at, sign in enumerate(a) if sign != b[at]]
        if len(other) == 1:
            return CLOSE if len(a) > 1 else OTHER
        if len(other) == 2 and a[other[0]] == b[other[1]] and a[other[1]] == b[other[0]]:
            return CLOSE
        if len(a) == 8 and a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]:
            return CLOSE  # a day and a month in the order of another country
    elif abs(len(a) - len(b)) == 1 and min(len(a), len(b)) > 1:
        long, short = (a, b) if len(a) > len(b) else (b, a)
        if any(long[:at] + long[at + 1 :] == short for at in range(len(long))):
            return CLOSE
    return OTHER


def _contacts(a: Particulars, b: Particulars) -> list[tuple[str, str]]:
    found = []
    for field in (MAIL, PHONE):
        ours = {key for key in a.keys if key.startswith(field)}
        theirs = {key for key in b.keys if key.startswith(field)}
        if ours and theirs:
            found.append((field, OTHER if ours.isdisjoint(theirs) else SAME))
    return found


def _foreign(of: Particulars) -> bool:
    return max(of.written, default="") > _LATIN_ENDS
