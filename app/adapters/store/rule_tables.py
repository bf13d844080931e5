"""The tables of the rules: versions, the live one, drafts, back-tests, what is in effect."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# Published bundles of texts, numbered from 1. Nobody updates or deletes a row.
versions = sa.Table(
    "rule_versions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    sa.Column("texts", sa.LargeBinary, nullable=False),  # JSON: text by file name
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("based_on", sa.Integer, nullable=False),  # 0: on none
    sa.Column("draft_id", sa.String(40), nullable=False, index=True),
    sa.Column("backtest_id", sa.String(40), nullable=False),
    sa.Column("skip_reason", sa.Text, nullable=False),
)

# One row: which version is live, since when, and which folder was taken in last.
live = sa.Table(
    "rule_live",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.String(80), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("folder_digest", sa.String(64), nullable=False),
    sa.Column("shadow", sa.BigInteger, nullable=False),  # the run of the draft in shadow; 0: none
)

# What was done to the rules, in order; `told` once the fact of it is on its way to the ledger.
changes = sa.Table(
    "rule_changes",
    metadata,
    sa.Column("change", Seq, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("by_type", sa.String(20), nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False, index=True),
    sqlite_autoincrement=True,
)

drafts = sa.Table(
    "rule_drafts",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("texts", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("based_on", sa.Integer, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("changed_by", sa.String(80), nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("edit", sa.Integer, nullable=False),  # counts its changes: the ETag
)

backtests = sa.Table(
    "rule_backtests",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("draft_id", sa.String(40), nullable=False),
    sa.Column("draft_digest", sa.String(64), nullable=False, index=True),
    sa.Column("live_digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("report", sa.LargeBinary, nullable=True),  # JSON, once there is one
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_by", sa.String(80), nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),  # 0: by nobody
)

# What each process that decides has in effect, as it last said.
readers = sa.Table(
    "rule_readers",
    metadata,
    sa.Column("process", sa.String(120), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("heard_ms", sa.BigInteger, nullable=False),
)

# Drafts that ran or run beside the live rules; the texts as they were when it began.
shadows = sa.Table(
    "rule_shadows",
    metadata,
    sa.Column(
        "run", sa.BigInteger, primary_key=True, autoincrement=False
    ),  # the change that began it
    sa.Column("draft_id", sa.String(40), nullable=False),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("texts", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("begun_ms", sa.BigInteger, nullable=False),
    sa.Column("begun_by", sa.String(80), nullable=False),
    sa.Column("ended_ms", sa.BigInteger, nullable=False),  # 0: it runs
    sa.Column("ended_why", sa.Text, nullable=False),
)

# How often a run agreed with each live version that it ran beside.
shadow_counts = sa.Table(
    "rule_shadow_counts",
    metadata,
    sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("same", sa.BigInteger, nullable=False),
    sa.Column("different", sa.BigInteger, nullable=False),
)

# The newest mentions of which a run would have made something else.
shadow_samples = sa.Table(
    "rule_shadow_samples",
    metadata,
    sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
