"""The tables of what goes out: consent as it was given, messages, what was refused and why."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# What was said about consent, in the order of the ledger; made again from it where it is lost.
consent_events = sa.Table(
    "consent_events",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(40), nullable=False, unique=True),
    sa.Column("handle_key", sa.String(1700), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("evidence", sa.String(300), nullable=False),
    sa.Column("by", sa.String(600), nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("told", sa.Boolean, nullable=False, index=True),  # there is a fact of it
    sa.Index("consent_events_of_handle", "handle_key", "number"),
    sqlite_autoincrement=True,
)

# What was accepted as a STOP, until the ledger has what came of it: the gate need not wait.
stops_heard = sa.Table(
    "stops_heard",
    metadata,
    sa.Column("intake_id", sa.String(40), primary_key=True),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("handle_key", sa.String(1700), nullable=False, index=True),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)

# Each message once, named by the fact that it comes from.
outbound = sa.Table(
    "outbound",
    metadata,
    sa.Column("outbound_id", sa.String(40), primary_key=True),
    sa.Column("seq", Seq, nullable=False),  # of the fact that it comes from
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("handle", sa.String(200), nullable=False),
    sa.Column("handle_key", sa.String(1700), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("source_id", sa.String(512), nullable=False),
    sa.Column("by", sa.String(600), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("zone", sa.String(64), nullable=False),  # as their own message told; may be empty
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),  # why it is refused or waits
    sa.Column("rule", sa.String(120), nullable=False),  # what permitted or refused it
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("reference", sa.String(200), nullable=False),  # how its receiver calls it
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
    sa.Column("permitted_ms", sa.BigInteger, nullable=False),  # 0: it never went out
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),  # states that are worth a fact
    sa.Column("told", sa.Boolean, nullable=False),  # there is a fact of this state
    sa.Index("outbound_due", "channel", "state", "next_ms", "seq"),
    sa.Index("outbound_of_person", "handle_key", "channel", "purpose", "permitted_ms"),
    sa.Index("outbound_of_mention", "mention_id", "seq"),
    sa.Index("outbound_untold", "told", "seq"),
)

# Every refusal, also of what went out later: the evidence that somebody asked.
outbound_refusals = sa.Table(
    "outbound_refusals",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),
    sa.Column("outbound_id", sa.String(40), nullable=False, index=True),
    sa.Column("handle_key", sa.String(1700), nullable=False, index=True),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("rule", sa.String(120), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("again_ms", sa.BigInteger, nullable=False),  # 0: never asked again
    sqlite_autoincrement=True,
)

# Keyed digests of handles whose person said STOP and was erased since: they name nobody.
kept_stops = sa.Table(
    "kept_stops",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("day_ms", sa.BigInteger, nullable=False),  # the begin of the day, in UTC
)

# One row: the key of these digests.
kept_stop_key = sa.Table(
    "kept_stop_key",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
)
