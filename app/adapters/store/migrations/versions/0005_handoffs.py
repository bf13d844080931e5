"""The delivery log of hand-offs, and who handed what in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _handoffs()
    op.create_table(
        "handed_in",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_handed_in_mention_id"), "handed_in", ["mention_id"], unique=False)


def _handoffs() -> None:
    op.create_table(
        "handoffs",
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    for name, columns in (
        ("handoffs_due", ["partner", "state", "next_ms", "seq"]),
        ("handoffs_of_mention", ["mention_id", "partner", "state", "seq"]),
        ("handoffs_unsettled", ["settled", "state"]),
        ("handoffs_unpublished", ["published", "seq"]),
    ):
        op.create_index(name, "handoffs", columns, unique=False)
