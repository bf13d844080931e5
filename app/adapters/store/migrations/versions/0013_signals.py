"""What other systems say of people and products, and whom it concerns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "signals",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seq", _SEQ, nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("proactive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("signals_proactive", "signals", ["proactive", "until_ms"], unique=False)
    op.create_table(
        "signal_subjects",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key"),
    )
    op.create_index(
        "signal_subjects_until", "signal_subjects", ["subject", "until_ms"], unique=False
    )
    op.create_table(
        "signal_told",
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("event", "person"),
    )
    for table, column in (("signals", "event"), ("signals", "person"), ("signal_told", "person")):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
