"""Where the store keeps what belongs to one person: for the export of it, and for its erasure.

Each table is among the places here or named in `IMPERSONAL` with the reason; a test sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store import full_text, rule_tables
from app.adapters.store import identity_tables as identity
from app.adapters.store import known_tables as known
from app.adapters.store import rule_event_tables as later
from app.adapters.store import tables as t
from app.adapters.store.chat_tables import chat_messages, chats
from app.adapters.store.database import Database
from app.adapters.store.label_tables import label_samples, score_labels
from app.adapters.store.outbound_tables import (
    consent_events,
    outbound,
    outbound_refusals,
    stops_heard,
)
from app.adapters.store.parts import in_parts
from app.adapters.store.persons import customers_of_person, keys_of_person
from app.adapters.store.seal_tables import mention_keys, person_keys
from app.adapters.store.signal_tables import signal_subjects, signal_told, signals
from app.core.chat import CHANNEL
from app.core.particulars import node_of_customer, node_of_handle
from app.core.profile import handle_key
from app.core.signal import CUSTOMER, HANDLE, signal_matter, subject

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody by everything that points to them here."""

    handle_keys: tuple[str, ...]
    customer_ids: tuple[str, ...] = ()
    mention_ids: tuple[str, ...] = ()


def _whole(row: Row, _person: Person) -> Row:
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Rows of one table that name the person in `column`, by one of their ids.

    Erased rows are deleted, or emptied where `emptied` says how. `told` makes of a row what this
    person may be told of it, where it tells of somebody else as well.
    """

    table: sa.Table
    column: str
    ids: Callable[[Person], Sequence[str]]
    emptied: Mapping[str, Any] = field(default_factory=dict)
    told: Callable[[Row, Person], Row] = _whole

    def exists(self, connection: sa.Connection, person: Person) -> bool:
        """Is there a row?"""
        return any(
            connection.scalar(
                sa.select(sa.literal(1)).where(self.table.c[self.column].in_(some)).limit(1)
            )
            for some in in_parts(self.ids(person))
        )

    def rows(self, connection: sa.Connection, person: Person) -> Iterator[Row]:
        for some in in_parts(self.ids(person)):
            found = connection.execute(
                sa.select(self.table).where(self.table.c[self.column].in_(some))
            )
            yield from map(row_of, found.mappings())

    def erase(self, connection: sa.Connection, person: Person) -> int:
        """Returns how many rows there were."""
        count = 0
        for some in in_parts(self.ids(person)):
            statement: Any = sa.delete(self.table)
            if self.emptied:
                statement = sa.update(self.table).values(**self.emptied)
            count += connection.execute(
                statement.where(self.table.c[self.column].in_(some))
            ).rowcount
        return count


def _handles(person: Person) -> Sequence[str]:
    return person.handle_keys


def _customers(person: Person) -> Sequence[str]:
    return person.customer_ids


def _mentions(person: Person) -> Sequence[str]:
    return person.mention_ids


def _chats(person: Person) -> Sequence[str]:
    """Their handles of the web chat, as its table has them."""
    here = handle_key(CHANNEL, "")
    return [key.removeprefix(here) for key in person.handle_keys if key.startswith(here)]


def _nodes(person: Person) -> Sequence[str]:
    handles = [node_of_handle(key) for key in person.handle_keys]
    return [*handles, *map(node_of_customer, person.customer_ids)]


def _subjects(person: Person) -> Sequence[str]:
    """How signals call somebody."""
    customers = (subject(CUSTOMER, one) for one in person.customer_ids)
    return (*customers, *(subject(HANDLE, one) for one in person.handle_keys))


def _of_a_pair(row: Row, person: Person) -> Row:
    """What was said of two nodes: all of it where both are theirs, else that it was said."""
    if {row["a"], row["b"]} <= set(_nodes(person)):
        return row
    return {name: row[name] for name in ("kind", "state", "at_ms", "since_ms") if name in row}


def _of_a_claim(row: Row, person: Person) -> Row:
    """A handle that several claim to have: who the other one is, is not this person's to know."""
    hidden = () if row["customer_id"] in person.customer_ids else ("customer_id",)
    return {name: value for name, value in row.items() if name not in hidden}


# The keys come last: until they are gone, what is left can be found again.
PLACES: Final = (
    Place(table=t.journal, column="mention_id", ids=_mentions),
    Place(table=t.history, column="handle_key", ids=_handles),
    Place(table=t.history, column="mention_id", ids=_mentions),
    Place(table=t.mentions, column="handle_key", ids=_handles),
    Place(table=t.profiles, column="customer_id", ids=_customers),
    Place(table=t.handles, column="handle_key", ids=_handles),
    Place(table=t.handles, column="customer_id", ids=_customers),  # of handles that are another's
    Place(table=known.statements, column="customer_id", ids=_customers),
    Place(table=known.contested, column="customer_id", ids=_customers),
    Place(table=known.contested, column="handle_key", ids=_handles, told=_of_a_claim),
    *(
        Place(table=table, column=column, ids=_nodes, told=_of_a_pair)
        for table in (identity.events, identity.reviews)
        for column in ("a", "b")
    ),
    Place(table=identity.groups, column="node", ids=_nodes),
    Place(table=identity.nodes, column="node", ids=_nodes),
    Place(table=t.handoffs, column="mention_id", ids=_mentions),
    Place(table=t.handed_in, column="mention_id", ids=_mentions),
    Place(table=later.events, column="mention_id", ids=_mentions),
    Place(table=later.acts, column="mention_id", ids=_mentions),
    Place(table=later.notices, column="mention_id", ids=_mentions),
    Place(table=outbound, column="handle_key", ids=_handles),
    Place(table=outbound_refusals, column="handle_key", ids=_handles),
    Place(table=consent_events, column="handle_key", ids=_handles),
    Place(table=stops_heard, column="handle_key", ids=_handles),
    Place(table=chat_messages, column="chat", ids=_chats),
    Place(table=chats, column="chat", ids=_chats),
    Place(table=signals, column="person", ids=_subjects),
    Place(table=signal_subjects, column="subject", ids=_subjects),
    Place(table=signal_told, column="person", ids=_subjects),
    Place(table=rule_tables.shadow_samples, column="mention_id", ids=_mentions),
    Place(table=score_labels, column="mention_id", ids=_mentions),
    Place(table=label_samples, column="mention_id", ids=_mentions),
    Place(table=mention_keys, column="matter", ids=_mentions, emptied={"source_id": ""}),
    Place(table=person_keys, column="handle_key", ids=_handles),
)

# Tables that name nobody, or are dealt with by themselves.
IMPERSONAL: Final[Mapping[str, str]] = {
    "facts": "sealed: erased with the key",
    "dead_letters": "by `unnamed`, for no column names anybody",
    "import_rejects": "by `unnamed`, for no column names anybody",
    "rule_backtests": "by `unnamed`, for the report is one text",
    "identity_keys": "digests, by `erase_blocks`, for they name nobody",
    "identity_board": "a counter",
    "import_runs": "names of files and of columns",
    "import_mappings": "names of columns",
    "profile_board": "a counter",
    "live_tasks": "ids only",
    "rep_facts": "of those who work here",
    "current_epoch": "of Redis",
    "users": "those who work here",
    "cursors": "positions",
    "rule_versions": "rules",
    "rule_live": "rules",
    "rule_changes": "rules",
    "rule_drafts": "rules",
    "rule_readers": "processes",
    "rule_shadows": "rules",
    "rule_shadow_counts": "counts",
    "model_changes": "models",
    "notice_reads": "ids only",
    "flight_board": "a counter",
    "flights": "texts of those who work here",
    "flight_events": "texts of those who work here",
    "flight_members": "ids only",
    "flight_labels": "ids only",
    "kept_stops": "keyed digests of who must not be written to: they name nobody",
    "kept_stop_key": "the key of these digests",
    "erasures": "names somebody only until it is done",
}


def person_of(connection: sa.Connection, handle_key: str) -> Person:
    """Everything that points to whoever has this handle, by all ids and handles joined with it."""
    keys = keys_of_person(connection, handle_key)
    return Person(
        handle_keys=tuple(keys),
        customer_ids=tuple(customers_of_person(connection, handle_key)),
        mention_ids=tuple(mentions_of(connection, keys)),
    )


def mentions_of(connection: sa.Connection, handle_keys: Sequence[str]) -> list[str]:
    """What was said under these handles, and facts of them without a mention."""
    found: set[str] = set()
    for some in in_parts(handle_keys):
        sealed = sa.select(mention_keys.c.matter).join(
            person_keys, person_keys.c.key_id == mention_keys.c.key_id
        )
        found.update(connection.scalars(sealed.where(person_keys.c.handle_key.in_(some))))
        told = sa.select(t.mentions.c.mention_id).where(t.mentions.c.handle_key.in_(some))
        found.update(connection.scalars(told))
    return sorted(found)


def erase_words(connection: sa.Connection, person: Person) -> None:
    """Let what they said be found by no search. Before its lines go, which name the numbers."""
    for place in PLACES:
        if place.table is t.history:
            full_text.drop(connection, [row["seq"] for row in place.rows(connection, person)])


def lock_signals(database: Database, connection: sa.Connection, person: Person) -> int:
    """Make unreadable what signals say that name them, whoever's key they are sealed with.

    Before their subjects go, by which they are found. One that the ledger does not have yet is
    locked before it comes.
    """
    count = 0
    for some in in_parts(_subjects(person)):
        named = sa.select(signal_subjects.c.key).where(signal_subjects.c.subject.in_(some))
        matters = [signal_matter(key) for key in connection.scalars(named.distinct())]
        for part in in_parts(matters):
            nobody = {"key_id": "", "source_id": ""}
            rows = [{"matter": matter, **nobody} for matter in part]
            connection.execute(database.insert_new(mention_keys), rows)
            there = mention_keys.c.matter.in_(part) & (mention_keys.c.key_id != "")
            count += connection.execute(
                sa.update(mention_keys).where(there).values(**nobody)
            ).rowcount
    return count


def erase_blocks(connection: sa.Connection, person: Person) -> int:
    """Take out by what these nodes are found. Before the nodes go, which have the numbers."""
    count = 0
    for some in in_parts(_nodes(person)):
        numbers = sa.select(identity.nodes.c.number).where(identity.nodes.c.node.in_(some))
        gone = sa.delete(identity.keys).where(identity.keys.c.number.in_(numbers))
        count += connection.execute(gone).rowcount
    return count


def row_of(found: sa.RowMapping) -> Row:
    """A row whose names are plain texts, as JSON wants them."""
    return {str(name): value for name, value in found.items()}
