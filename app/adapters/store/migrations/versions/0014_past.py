"""What rules may ask of a handle's past: mood, breach and reply of each mention.

Mentions from before have none of the three: what rules see of them fills as new ones come.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"


def upgrade() -> None:
    op.add_column(
        "mentions", sa.Column("sentiment", sa.String(20), nullable=False, server_default="")
    )
    for name in ("breached_ms", "replied_ms"):
        op.add_column(
            "mentions", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
    op.create_index("mentions_of_handle", "mentions", ["handle_key", "detected_ms"])
    op.drop_index("ix_mentions_handle_key", "mentions")
