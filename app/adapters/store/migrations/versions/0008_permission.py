"""Permission: what was said about consent, what goes out, what was refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _consent(seq)
    _heard()
    _outbound(seq)
    _refusals(seq)


def _consent(seq: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "consent_events",
        sa.Column("number", seq, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=300), nullable=False),
        sa.Column("by", sa.String(length=600), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_events_told", "consent_events", ["told"], unique=False)
    op.create_index(
        "consent_events_of_handle", "consent_events", ["handle_key", "number"], unique=False
    )


def _heard() -> None:
    op.create_table(
        "stops_heard",
        sa.Column("intake_id", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("intake_id"),
    )
    op.create_index("ix_stops_heard_handle_key", "stops_heard", ["handle_key"], unique=False)


def _outbound(seq: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "outbound",
        sa.Column("outbound_id", sa.String(length=40), nullable=False),
        sa.Column("seq", seq, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("handle", sa.String(length=200), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=512), nullable=False),
        sa.Column("by", sa.String(length=600), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("permitted_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("outbound_id"),
    )
    for name, columns in (
        ("outbound_due", ["channel", "state", "next_ms", "seq"]),
        ("outbound_of_person", ["handle_key", "channel", "purpose", "permitted_ms"]),
        ("outbound_of_mention", ["mention_id", "seq"]),
        ("outbound_untold", ["told", "seq"]),
    ):
        op.create_index(name, "outbound", columns, unique=False)


def _refusals(seq: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "outbound_refusals",
        sa.Column("number", seq, autoincrement=True, nullable=False),
        sa.Column("outbound_id", sa.String(length=40), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("again_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    for name in ("outbound_id", "handle_key"):
        op.create_index(f"ix_outbound_refusals_{name}", "outbound_refusals", [name], unique=False)
