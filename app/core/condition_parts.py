"""What a condition is made of: conjuncts, the names and labels that it asks for, patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.core.condition import AND, CALL, CHOICE, FIELD, LIST, NAME, NOT, OPERATION, OR, TEXT, Node
from app.core.condition_truth import truth

LABELS = "labels"
PATTERN = "says"  # the function that searches a text with a pattern
# Functions that go through a list, with a name for each item: the first argument.
LOOPS = ("exists", "all", "exists_one", "map", "filter")
_LOGIC = (AND, OR, NOT, CHOICE)


@dataclass(frozen=True, slots=True)
class Visit:
    """A part of a condition, with the names that loops around it have given to items."""

    node: Node
    bound: frozenset[str] = frozenset()
    loops: int = 0


def walk(root: Node) -> Iterator[Visit]:
    """Every part of a condition, from the outside in, in the order in which they are written."""
    waiting = [Visit(root)]
    while waiting:
        visit = waiting.pop()
        yield visit
        waiting.extend(reversed(list(_inner(visit))))


def _inner(visit: Visit) -> Iterator[Visit]:
    node = visit.node
    if not is_loop(node):
        for part in node.parts:
            yield Visit(part, visit.bound, visit.loops)
        return
    target, item, *bodies = node.parts
    yield Visit(target, visit.bound, visit.loops)
    for body in bodies:
        yield Visit(body, visit.bound | {item.value}, visit.loops + 1)


def is_loop(node: Node) -> bool:
    """Is this a call such as `labels.exists(l, l == "vip")`?"""
    return (
        node.kind == CALL
        and not node.free
        and node.value in LOOPS
        and len(node.parts) > 2
        and node.parts[1].kind == NAME
        and "." not in node.parts[1].value
    )


def conjuncts(node: Node) -> Iterator[Node]:
    """The parts that must all hold, but for those that always do: of `true` there are none."""
    if node.kind == AND:
        for part in node.parts:
            yield from conjuncts(part)
    elif truth(node) is not True:
        yield node


def names(root: Node, known: Mapping[str, type]) -> Iterator[tuple[Node, str]]:
    """Each name, with the variable that it stands for: empty where there is none."""
    for visit in walk(root):
        if visit.node.kind != NAME or _is_item(visit):
            continue
        yield visit.node, variable(visit.node.value, known)


def _is_item(visit: Visit) -> bool:
    return visit.node.value.partition(".")[0] in visit.bound


def variable(name: str, known: Mapping[str, type]) -> str:
    """The variable of a name; a map's entry may be asked for with a dot, `calendar.open.office`."""
    if name in known:
        return name
    table, _, _ = name.rpartition(".")
    return table if known.get(table) is dict else ""


def labels_asked(root: Node) -> Iterator[tuple[Node, str]]:
    """The labels that a condition asks for by name."""
    for visit in walk(root):
        node = visit.node
        if node.kind == OPERATION and node.value == "in" and _is_labels(node.parts[1]):
            yield from _texts(node.parts[0])
        elif is_loop(node) and _is_labels(node.parts[0]):
            for body in node.parts[2:]:
                yield from _compared(body, node.parts[1].value)


def _compared(body: Node, item: str) -> Iterator[tuple[Node, str]]:
    """Texts that an item is compared with: `l == "vip"`, `l in ["vip", "press"]`."""
    for visit in walk(body):
        node = visit.node
        if node.kind != OPERATION or node.value not in ("==", "in"):
            continue
        left, right = node.parts
        if left.kind == NAME and left.value == item:
            yield from _texts(right)
        elif right.kind == NAME and right.value == item:
            yield from _texts(left)


def _texts(node: Node) -> Iterator[tuple[Node, str]]:
    if node.kind == TEXT:
        yield node, node.value
    elif node.kind == LIST:
        for part in node.parts:
            yield from _texts(part)


def _is_labels(node: Node) -> bool:
    return node.kind == NAME and node.value == LABELS


def patterns(root: Node) -> Iterator[Node]:
    """What is given to `says`, wherever it is."""
    for visit in walk(root):
        node = visit.node
        if node.kind == CALL and node.value == PATTERN and not node.free:
            yield from node.parts[1:2]


def keys_asked(root: Node, table: str) -> Iterator[tuple[Node, str]]:
    """The entries of a map that a condition asks for by name."""
    for visit in walk(root):
        node = visit.node
        if node.kind == NAME and node.value.startswith(f"{table}."):
            yield node, node.value.removeprefix(f"{table}.")
        elif node.kind == FIELD and node.parts[0].value == table:
            yield node, node.value
        elif node.kind in ("pick", OPERATION) and len(node.parts) == 2:
            first, second = node.parts if node.kind == "pick" else reversed(node.parts)
            if first.value == table and (node.kind == "pick" or node.value == "in"):
                yield from _texts(second)


def leaves(root: Node, text: str) -> Iterator[tuple[str, Node]]:
    """Expressions that together cost at least what the condition can cost at the most.

    Each comes with the part of the condition that it stands for, a loop with what it goes through.
    Whatever could be skipped by `&&`, `||` and `?:` stands alone, and a loop goes to its end.
    """
    if root.kind in _LOGIC:
        for part in root.parts:
            yield from leaves(part, text)
        return
    if is_loop(root):
        target, item, *bodies = root.parts
        subject = text[target.start : target.end]
        for body in bodies:
            for leaf, _ in leaves(body, text):
                yield f"({subject}).map({item.value}, {leaf})", root
        return
    yield text[root.start : root.end], root
    for visit in walk(root):
        if visit.node is not root and (visit.node.kind in _LOGIC or is_loop(visit.node)):
            yield from leaves(visit.node, text)
