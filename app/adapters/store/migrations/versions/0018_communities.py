"""Where a mention stands in a community, and how its author was known: older facts say none.

And the STOPs of people who were erased, as keyed digests.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for name, length in (("thread", 300), ("position", 10), ("standing", 300), ("known_as", 20)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("mentions", column)
    op.create_index("mentions_of_thread", "mentions", ["thread", "detected_ms"])
    op.create_table(
        "kept_stops",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("day_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "kept_stop_key",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
