"""What is known of customers: statements of sources, claims of handles, imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _profiles()
    _statements()
    _imports()


def _profiles() -> None:
    change = sa.Column("change", sa.BigInteger(), server_default="0", nullable=False)
    since = sa.Column("since_ms", sa.BigInteger(), server_default="0", nullable=False)
    home = sa.Column("household", sa.String(length=80), server_default="", nullable=False)
    op.add_column("profiles", change)
    op.add_column("profiles", home)
    op.create_index("profiles_of_household", "profiles", ["household"], unique=False)
    op.create_index("profiles_changed", "profiles", ["change", "customer_id"], unique=False)
    op.add_column("handles", since)
    op.create_table(
        "contested_handles",
        sa.Column("handle_key", sa.String(length=1700), nullable=False),
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle_key", "customer_id"),
    )
    op.create_index(
        "ix_contested_handles_customer_id", "contested_handles", ["customer_id"], unique=False
    )
    op.create_table(
        "profile_board",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("folded_by", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("customer_id", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("says", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "source", "at_ms"),
        sqlite_with_rowid=False,
    )


def _imports() -> None:
    op.create_table(
        "import_runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_import_runs_made_ms", "import_runs", ["made_ms"], unique=False)
    op.create_table(
        "import_rejects",
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "line"),
    )
    op.create_table(
        "import_mappings",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
