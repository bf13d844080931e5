"""What rules may ask of a handle's past: mood and breach of each mention, folded anew by 0012."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column(
        "mentions", sa.Column("sentiment", sa.String(20), nullable=False, server_default="")
    )
    op.add_column(
        "mentions", sa.Column("breached_ms", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index("mentions_of_handle", "mentions", ["handle_key", "detected_ms"])
    op.drop_index("ix_mentions_handle_key", "mentions")
