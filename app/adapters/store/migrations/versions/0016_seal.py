"""The keys of persons, with which the ledger seals what they said. Older facts stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("handle_key"),
        sa.UniqueConstraint("key_id"),
    )
    op.create_table(
        "mention_keys",
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_index(op.f("ix_mention_keys_key_id"), "mention_keys", ["key_id"], unique=False)
