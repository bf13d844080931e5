"""The tables of event rules: what was asked and done at each event, and the notices to people."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# Events at which rules were asked, each once, whoever asks.
events = sa.Table(
    "rule_events",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),  # the order of asking
    sa.Column("event_id", sa.String(40), nullable=False, unique=True),
    sa.Column("mention_id", sa.String(64), nullable=False, index=True),
    sa.Column("seq", Seq, nullable=False),  # of the fact that is the event, or began the wait
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON: name, version, values, trace
    sqlite_autoincrement=True,
)

# Rules that held, with what they do: pending until the door has answered.
acts = sa.Table(
    "rule_acts",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),  # the order of acting
    sa.Column("act_id", sa.String(40), nullable=False, unique=True),
    sa.Column("event_id", sa.String(40), nullable=False, index=True),
    sa.Column("mention_id", sa.String(64), nullable=False, index=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("owed", sa.Boolean, nullable=False, index=True),  # hand-offs: not yet in their log
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON: the act
    sqlite_autoincrement=True,
)

# What rules tell people, in the order in which it was told.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),
    sa.Column("notice_id", sa.String(40), nullable=False, unique=True),
    sa.Column("audience", sa.String(60), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("task_id", sa.String(64), nullable=False),
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("event", sa.String(20), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Index("notices_of_audience", "audience", "number"),
    sqlite_autoincrement=True,
)

# Who has read which: what one supervisor has read, another may not have seen.
notice_reads = sa.Table(
    "notice_reads",
    metadata,
    sa.Column("notice_id", sa.String(40), primary_key=True),
    sa.Column("who", sa.String(40), primary_key=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)
