"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("seq", Seq, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("src", sa.String(length=180), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("src"),
    )
    op.create_index(op.f("ix_dead_letters_at_ms"), "dead_letters", ["at_ms"], unique=False)
    op.create_table(
        "facts",
        sa.Column("seq", Seq, autoincrement=True, nullable=False),
        sa.Column("fact_id", sa.String(length=300), nullable=False),
        sa.Column("op", sa.String(length=20), nullable=False),
        sa.Column("op_id", sa.String(length=180), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("now_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("fact_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_facts_mention_id"), "facts", ["mention_id"], unique=False)
    op.create_index(op.f("ix_facts_op_id"), "facts", ["op_id"], unique=False)
    op.create_table(
        "handles",
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("handle_key"),
    )
    op.create_index(op.f("ix_handles_customer_id"), "handles", ["customer_id"], unique=False)
    op.create_table(
        "history",
        sa.Column("fact_id", sa.String(length=300), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=600), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fact_id"),
    )
    op.create_index(op.f("ix_history_handle_key"), "history", ["handle_key"], unique=False)
    op.create_index(op.f("ix_history_mention_id"), "history", ["mention_id"], unique=False)
    op.create_table(
        "journal",
        sa.Column("intake_id", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("intake_id"),
    )
    op.create_index("journal_unsettled", "journal", ["settled", "sent_ms"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("detected_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_index(op.f("ix_mentions_handle_key"), "mentions", ["handle_key"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("key_sha256"),
    )
