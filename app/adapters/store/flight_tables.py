"""The tables of flights: their events, where each stands, what belongs to them."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# Every change of every flight. Append-only, nobody updates or deletes a row.
events = sa.Table(
    "flight_events",
    metadata,
    sa.Column("seq", Seq, primary_key=True, autoincrement=True),
    sa.Column("flight_id", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),  # JSON
    sa.Column("op_id", sa.String(240), nullable=False, unique=True),  # the command, for repeats
    sa.Column("digest", sa.String(64), nullable=False),  # of what it said
    sa.UniqueConstraint("flight_id", "version"),
    sqlite_autoincrement=True,
)

# The fold of each flight's events, and its tasks as they were last counted.
flights = sa.Table(
    "flights",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("opened_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON
    sa.Column("mentions", sa.Integer, nullable=False),
    sa.Column("tasks", sa.Integer, nullable=False),
    sa.Column("open", sa.Integer, nullable=False),
    sa.Column("ended_ms", sa.BigInteger, nullable=False),
    sa.Index("flights_by_state", "state", "opened_ms"),
)

# What belongs to a flight. `label` is empty where somebody added it; `removed` by hand it stays so.
members = sa.Table(
    "flight_members",
    metadata,
    sa.Column("flight_id", sa.String(40), primary_key=True),
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("label", sa.String(40), nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Index("flight_members_newest", "flight_id", "since_ms"),
    sa.Index("flight_members_of", "mention_id"),
)

# Which labels rules gave to which mentions: what a flight that reaches back is filled from.
labels = sa.Table(
    "flight_labels",
    metadata,
    sa.Column("label", sa.String(40), primary_key=True),
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("flight_labels_newest", "label", "at_ms"),
)

# One row, counted up with every change, by which screens know that there is something new. Who
# writes takes it first: so nobody joins mentions to flights that somebody else is opening.
board = sa.Table(
    "flight_board",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("change", sa.BigInteger, nullable=False),
)
