"""Conditions that hold whatever is asked, or never: what can be told without any values.

Nothing is told of a part that may fail, such as a division: what fails does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from app.core.condition import (
    AND,
    CHOICE,
    LIST,
    LITERAL,
    MINUS,
    NAME,
    NOT,
    OPERATION,
    OR,
    TEXT,
    Node,
)

_TRUTHS = {"true": True, "false": False}
_OPPOSITES = {"!=": "==", ">=": "<", ">": "<="}  # by what each is when it is negated
_EQUAL, _OTHER = ("==", "<=", ">="), ("!=", "<", ">")

_ORDER: Mapping[str, Callable[[Any, Any], object]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip


def form(node: Node) -> str:
    """The same for the same condition, however it is spaced and bracketed."""
    if node.kind == TEXT:
        return repr(node.value)
    if not node.parts:
        return node.value
    return f"{node.kind} {node.value}({', '.join(map(form, node.parts))})"


def truth(node: Node) -> bool | None:
    """True where it always holds, False where it never does; None where that cannot be told."""
    if node.kind == LITERAL:
        return _TRUTHS.get(node.value)
    if node.kind == NOT:
        inner = truth(node.parts[0])
        return None if inner is None else not inner
    if node.kind in (AND, OR):
        return _joined(node.parts, decides=node.kind == OR)
    if node.kind == CHOICE:
        return _chosen(*node.parts)
    if node.kind == OPERATION:
        return _compared(node.value, *node.parts)
    return None


def _joined(parts: Iterable[Node], decides: bool) -> bool | None:
    """`||` is decided by one part that holds, `&&` by one that does not; and by opposites."""
    parts = list(parts)
    found = {truth(part) for part in parts}
    if decides in found:
        return decides
    if found == {not decides}:
        return not decides
    signed = {_signed(part) for part in parts if _never_fails(part)}
    opposed = any((said, not positive) in signed for said, positive in signed)
    return decides if opposed else None


def _signed(node: Node) -> tuple[str, bool]:
    """What a part says, and whether it says that or the opposite."""
    if node.kind == NOT:
        said, positive = _signed(node.parts[0])
        return said, not positive
    if node.kind == OPERATION and node.value in _OPPOSITES:
        left, right = map(form, node.parts)
        return f"{OPERATION} {_OPPOSITES[node.value]}({left}, {right})", False
    return form(node), True


def _chosen(asked: Node, yes: Node, no: Node) -> bool | None:
    which = truth(asked)
    if which is not None:
        return truth(yes if which else no)
    same = truth(yes)
    return same if _never_fails(asked) and same == truth(no) else None


def _compared(sign: str, left: Node, right: Node) -> bool | None:
    if sign == "in":
        return _among(left, right)
    if left.kind == NAME and form(left) == form(right):
        return True if sign in _EQUAL else False if sign in _OTHER else None
    first, second = _value(left), _value(right)
    same_kind = isinstance(first, str) is isinstance(second, str)
    if first is None or second is None or not same_kind or sign not in _ORDER:
        return None
    return bool(_ORDER[sign](first, second))


def _among(one: Node, some: Node) -> bool | None:
    if some.kind != LIST:
        return None
    wanted, values = _value(one), [_value(part) for part in some.parts]
    if not values:
        return False if _never_fails(one) else None
    if wanted is None or None in values:
        return None
    return wanted in values


def _value(node: Node) -> bool | int | float | str | None:
    """Of a constant; None for anything else, and for sums."""
    if node.kind == TEXT:
        return node.value
    if node.kind == MINUS:
        inner = _value(node.parts[0])
        return -inner if isinstance(inner, int | float) else None
    if node.kind != LITERAL:
        return truth(node)
    if node.value in _TRUTHS:
        return _TRUTHS[node.value]
    return _read(node.value)


def _read(said: str) -> int | float | None:
    digits = said.rstrip("uU")
    try:
        return int(digits, 16) if digits[:2] in ("0x", "0X") else int(digits)
    except ValueError:
        pass
    try:
        return float(digits)
    except ValueError:
        return None  # null


def _never_fails(node: Node) -> bool:
    """Is it made of names, constants and comparisons alone?"""
    if node.kind == OPERATION:
        arithmetic = node.value in ("+", "-", "*", "/", "%")
        return not arithmetic and all(map(_never_fails, node.parts))
    if node.kind in (AND, OR, NOT, CHOICE, LIST):
        return all(map(_never_fails, node.parts))
    return node.kind in (NAME, TEXT, LITERAL)
