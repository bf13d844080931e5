"""The contact history: upshots, feedback, order and full text. It is made anew from the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"


def upgrade() -> None:
    """Both tables follow from the facts: `record` begins at the first one again."""
    op.drop_table("history")
    op.drop_table("mentions")
    op.execute("DELETE FROM cursors WHERE name = 'record'")
    _history()
    _mentions()
    _words()


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("fact_id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=600), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("upshot", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("fact_id"),
        sa.UniqueConstraint("seq"),
    )
    op.create_index(op.f("ix_history_mention_id"), "history", ["mention_id"], unique=False)
    op.create_index("history_of_handle", "history", ["handle_key", "at_ms", "seq"], unique=False)


def _mentions() -> None:
    op.create_table(
        "mentions",
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("detected_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("upshot", sa.String(length=40), nullable=False),
        sa.Column("rep", sa.String(length=80), nullable=False),
        sa.Column("reply_id", sa.String(length=300), nullable=False),
        sa.Column("replied_ms", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("feedback", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_index(op.f("ix_mentions_handle_key"), "mentions", ["handle_key"], unique=False)


def _words() -> None:
    """What the database's own full-text search knows of; no table that the code describes."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE history_words USING fts5(words, tokenize='ascii', prefix='2 3')"
        )
        return
    op.execute("CREATE TABLE history_words (seq BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX history_words_found ON history_words USING GIN (words)")
