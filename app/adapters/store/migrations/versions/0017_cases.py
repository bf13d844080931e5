"""How many cases of a mention are open. Nothing told of cases before: there is nothing to fold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("mentions", sa.Column("cases", sa.Integer(), nullable=False, server_default="0"))
