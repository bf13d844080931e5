"""What event rules were asked and did, and the notices to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_events",
        sa.Column("number", _SEQ, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("seq", _SEQ, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rule_acts",
        sa.Column("number", _SEQ, autoincrement=True, nullable=False),
        sa.Column("act_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("act_id"),
        sqlite_autoincrement=True,
    )
    _notices()
    for table, column in (
        ("rule_events", "mention_id"),
        ("rule_events", "at_ms"),
        ("rule_acts", "event_id"),
        ("rule_acts", "mention_id"),
        ("rule_acts", "at_ms"),
        ("rule_acts", "state"),
        ("rule_acts", "owed"),
        ("notices", "at_ms"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.create_index("notices_of_audience", "notices", ["audience", "number"], unique=False)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("number", _SEQ, autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("notice_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notice_reads",
        sa.Column("notice_id", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "who"),
    )
