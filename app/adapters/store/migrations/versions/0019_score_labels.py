"""What people say of mentions in place of the model, and which mentions they are asked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    short = ("said_sentiment", "said_intent", "said_urgency", "sentiment", "intent", "urgency")
    op.create_table(
        "score_labels",
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        *(sa.Column(name, sa.String(length=20), nullable=False) for name in short),
        sa.PrimaryKeyConstraint("mention_id", "by"),
    )
    op.create_table(
        "label_samples",
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_index("label_samples_drawn", "label_samples", ["kind", "day", "rank"])
    op.create_index("label_samples_waiting", "label_samples", ["state", "kind", "at_ms"])
