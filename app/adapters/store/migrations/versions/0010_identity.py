"""Identity: what is compared, by which keys, what was joined, what is to be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NODE = 1800


def upgrade() -> None:
    _compared()
    _events()
    _asked()
    op.create_table(
        "identity_board",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )


def _compared() -> None:
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "identity_nodes",
        sa.Column("number", seq, autoincrement=True, nullable=False),
        sa.Column("node", sa.String(length=_NODE), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("too_common", sa.Text(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("node"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identity_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "number"),
        sqlite_with_rowid=False,
    )


def _events() -> None:
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "identity_events",
        sa.Column("seq", seq, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("a", sa.String(length=_NODE), nullable=False),
        sa.Column("b", sa.String(length=_NODE), nullable=False),
        sa.Column("of", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("op_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    for column in ("a", "b", "op_id"):
        op.create_index(f"ix_identity_events_{column}", "identity_events", [column], unique=False)
    op.create_table(
        "identity_groups",
        sa.Column("node", sa.String(length=_NODE), nullable=False),
        sa.Column("person", sa.String(length=_NODE), nullable=False),
        sa.PrimaryKeyConstraint("node"),
    )
    op.create_index("ix_identity_groups_person", "identity_groups", ["person"], unique=False)


def _asked() -> None:
    op.create_table(
        "identity_reviews",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("a", sa.String(length=_NODE), nullable=False),
        sa.Column("b", sa.String(length=_NODE), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pair"),
    )
    for name, columns in (
        ("ix_identity_reviews_a", ["a"]),
        ("ix_identity_reviews_b", ["b"]),
        ("identity_reviews_best", ["state", "confidence"]),
    ):
        op.create_index(name, "identity_reviews", columns, unique=False)
