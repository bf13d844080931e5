"""What a condition may not be, whoever writes it: unknown names, unknown functions, no bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from app.core.condition import CALL, LITERAL, TEXT, Node
from app.core.condition_parts import (
    LOOPS,
    PATTERN,
    Visit,
    is_loop,
    names,
    patterns,
    walk,
)
from app.core.pattern import width

LONGEST_PATTERN = 1_000  # characters
MOST_PATTERNS = 20  # of one condition: more of them want to be one pattern with `|`
# At 5 to 10 ns for each place and character, one search stays below 13 ms, and all searches of
# one condition below 65 ms, on whatever text. The widest of the shipped rules has 33 and 102.
WIDEST = 40
WIDEST_TOGETHER = 200

# What may be called on something, and what on its own. CEL has more; nothing else is let in,
# because each function that can be written is one whose cost must be bounded.
MEMBERS = (
    PATTERN, "contains", "startsWith", "endsWith", "size", *LOOPS,
    "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
    "getHours", "getMinutes", "getSeconds", "getMilliseconds",
)  # fmt: skip
FREE = ("size", "int", "double", "string", "bool", "timestamp", "duration", "has")
_INSTEAD = {
    "matches": 'expected .says("..."), which compiles its pattern once and ignores case,'
    " got .matches(...)",
    "dyn": "expected typed values, got dyn(...): no type would be checked",
    "type": "expected typed values, got type(...)",
}

Problem = tuple[int, str]  # the position inside the condition, and the reason


def problems(root: Node, known: Mapping[str, type]) -> Iterator[Problem]:
    """Everything that the shape of a condition tells, in the order in which it is written."""
    found = [*_unknown_names(root, known), *_wrong_patterns(root)]
    for visit in walk(root):
        found.extend(_wrong_call(visit))
    yield from sorted(found)


def meant(name: str, known: Iterable[str]) -> str:
    """`, did you mean ...`, where something is close enough."""
    close = get_close_matches(name, list(known), 1)
    return f", did you mean {close[0]!r}?" if close else ""


def _unknown_names(root: Node, known: Mapping[str, type]) -> Iterator[Problem]:
    for node, variable in names(root, known):
        if not variable:
            reason = f"nothing is named {node.value!r}{_near(node.value, known)}"
            yield node.start, reason


def _near(name: str, known: Mapping[str, type]) -> str:
    """A name of the same family, a family without its name, or a name that lost its family."""
    family = [one for one in known if one.startswith(f"{name.partition('.')[0]}.")]
    if name not in (one.partition(".")[0] for one in family) and (close := meant(name, known)):
        return close
    if family:
        listed = ", ".join(one.partition(".")[2] for one in family)
        return f"; of {name.partition('.')[0]} there are {listed}"
    whole = [one for one in known if one.endswith(f".{name}")]
    return f", did you mean {whole[0]!r}?" if whole else ""


def _wrong_call(visit: Visit) -> Iterator[Problem]:
    node = visit.node
    if node.kind == LITERAL and node.value == "null":
        yield node.start, "expected a value, got null: no variable is ever null"
    if node.kind != CALL:
        return
    allowed = FREE if node.free else MEMBERS
    at = node.start if node.free else _after(node)
    if node.value in _INSTEAD:
        yield at, _INSTEAD[node.value]
    elif node.value not in allowed:
        yield at, f"no function is named {node.value!r}{meant(node.value, allowed)}"
    elif not node.free and node.value in LOOPS:
        if not is_loop(node):
            yield at, f'expected .{node.value}(item, condition), such as .exists(l, l == "vip")'
        elif visit.loops:
            yield at, f"expected no loop inside a loop, got .{node.value}(...)"


def _after(node: Node) -> int:
    """Where a function's name begins, just behind what it is called on."""
    return node.parts[0].end + 1


def _wrong_patterns(root: Node) -> Iterator[Problem]:
    found = list(patterns(root))
    for node in found:
        if node.kind != TEXT:
            yield node.start, "expected the pattern as a text in quotes, so that it can be checked"
        elif len(node.value) > LONGEST_PATTERN:
            reason = f"expected a pattern of at most {LONGEST_PATTERN} characters"
            yield node.start, f"{reason}, got {len(node.value)}"
        elif (wide := width(node.value)) > WIDEST:
            reason = f"expected a pattern that one character fits in at most {WIDEST} places"
            yield node.start, f"{reason}, got {wide}: counts such as {{100}} make it wide"
    yield from _too_wide_together([node for node in found if node.kind == TEXT])
    if len(found) > MOST_PATTERNS:
        at = found[MOST_PATTERNS].start
        yield at, f"expected at most {MOST_PATTERNS} patterns, got {len(found)}"


def _too_wide_together(found: Sequence[Node]) -> Iterator[Problem]:
    total = 0
    for node in found:
        total += width(node.value)
        if total > WIDEST_TOGETHER:
            reason = f"expected at most {WIDEST_TOGETHER} places in all patterns together"
            yield node.start, f"{reason}, got {total} up to here"
            return
