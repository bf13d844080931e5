"""One person whole: what people and the machine joined, with what the records say.

A record may name a handle. That line brings the two together, and what each is joined with; it is
never more than a join, which is an event. So an import joins no two customers, and it takes nobody
from the person to whom they belong by an event: see `_holding`. The answer is the same whichever
id or handle of the person is asked by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from app.adapters.store.identity_joins import events_of, groups_of, members
from app.adapters.store.statements import chunks
from app.adapters.store.tables import handles
from app.core.joins import fold
from app.core.particulars import (
    CUSTOMER,
    HANDLE,
    node_of_customer,
    node_of_handle,
    split_node,
)

Groups = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A record names a handle. The earliest claim comes first, as where records contradict."""

    since_ms: int
    customer: str
    handle: str


def whole_of(connection: sa.Connection, node: str) -> set[str]:
    """The nodes of a person, with the customers whose records name one of their handles.

    A handle that nobody joined is a line of the record and no node of its customer's person.
    """
    found, done = members(connection, node), set[str]()
    while new := found - done:
        done |= new
        for line, groups in _held(connection, new):
            ours, theirs = groups[line.handle], groups[line.customer]
            found = (found | ours if len(ours) > 1 else found - ours) | theirs
    return found


def handles_in(connection: sa.Connection, whole: Iterable[str]) -> list[str]:
    """The handles of a person: joined ones, and what their records name and nobody took out."""
    named = set(whole)
    nodes = named | {line.handle for line, _ in _held(connection, named) if line.customer in named}
    return sorted(id_ for kind, id_ in map(split_node, nodes) if kind == HANDLE)


def unheld(connection: sa.Connection, customers: Collection[str]) -> list[Line]:
    """Lines of these customers' records that do not count, as the handle is somebody else's."""
    lines, groups = _around(connection, customers)
    held = _holding(connection, lines, groups)
    return sorted(line for line in lines - held if line.customer in customers)


def _held(connection: sa.Connection, nodes: set[str]) -> list[tuple[Line, Groups]]:
    """The lines of these nodes that count, with the groups of both ends."""
    lines, groups = _around(connection, nodes)
    held = _holding(connection, lines, groups)
    return [(line, groups) for line in sorted(held) if not nodes.isdisjoint(_ends(line))]


def _holding(connection: sa.Connection, lines: set[Line], groups: Groups) -> set[Line]:
    """Those of these lines that count.

    One does not where an event joined the handle with another customer, or where somebody told the
    two apart. Where records name handles that are joined for different customers, the earliest
    claim counts, so that no import changes whose a handle is.
    """
    open_ = {line for line in lines if not any(map(_is_customer, groups[line.handle]))}
    people = fold(events_of(connection, {node for line in open_ for node in _both(line, groups)}))
    first: dict[frozenset[str], frozenset[str]] = {}
    for line in sorted(open_):
        ours, theirs = groups[line.handle], groups[line.customer]
        if not people.told_apart(ours, theirs):
            first.setdefault(ours, theirs)
    return {
        line
        for line in lines
        if line.customer in groups[line.handle]
        or first.get(groups[line.handle]) == groups[line.customer]
    }


def _around(connection: sa.Connection, nodes: Collection[str]) -> tuple[set[Line], Groups]:
    """All lines of these nodes and of whatever is joined with their handles, with the groups."""
    lines = _lines(connection, nodes)
    groups = groups_of(connection, {node for line in lines for node in _ends(line)})
    joined = {node for line in lines for node in groups[line.handle]} - set(groups)
    if joined:
        lines |= _lines(connection, joined)
        groups |= groups_of(connection, {node for line in lines for node in _ends(line)})
    return lines, groups


def _lines(connection: sa.Connection, nodes: Collection[str]) -> set[Line]:
    found: set[Line] = set()
    for kind, column in ((HANDLE, handles.c.handle_key), (CUSTOMER, handles.c.customer_id)):
        for chunk in chunks([id_ for of, id_ in map(split_node, nodes) if of == kind]):
            for row in connection.execute(sa.select(handles).where(column.in_(chunk))):
                customer, handle = node_of_customer(row.customer_id), node_of_handle(row.handle_key)
                found.add(Line(int(row.since_ms), customer, handle))
    return found


def _both(line: Line, groups: Groups) -> frozenset[str]:
    return groups[line.handle] | groups[line.customer]


def _ends(line: Line) -> tuple[str, str]:
    return line.handle, line.customer


def _is_customer(node: str) -> bool:
    return split_node(node)[0] == CUSTOMER
