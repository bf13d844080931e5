"""What a rebuild of Redis from the ledger needs to find its facts quickly."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_FACTS = sa.table(
    "facts",
    sa.column("seq", sa.BigInteger),
    sa.column("fact_id", sa.String),
    sa.column("op", sa.String),
    sa.column("mention_id", sa.String),
    sa.column("body", sa.LargeBinary),
)
_FINAL = ("completed", "cancelled")


def upgrade() -> None:
    live_tasks = op.create_table(
        "live_tasks",
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("mention_id", sa.String(length=64), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("task_id"),
    )
    op.create_index(op.f("ix_live_tasks_closed_ms"), "live_tasks", ["closed_ms"], unique=False)
    rep_facts = op.create_table(
        "rep_facts",
        sa.Column("rep", sa.String(length=80), nullable=False),
        sa.Column("fact_id", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("rep"),
    )
    current_epoch = op.create_table(
        "current_epoch",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=40), nullable=False),
        sa.Column("begun_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.bulk_insert(current_epoch, [{"one": 1, "epoch": "", "begun_ms": 0}])
    if tasks := _open_tasks():
        op.bulk_insert(live_tasks, tasks)
    if reps := _reps():
        op.bulk_insert(rep_facts, reps)


def _bodies(query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [orjson.loads(body) for (body,) in op.get_bind().execute(query)]


def _open_tasks() -> list[dict[str, Any]]:
    """The tasks that the ledger holds now without an end."""
    ended = sa.select(_FACTS.c.mention_id).where(_FACTS.c.op.in_(_FINAL))
    query = sa.select(_FACTS.c.body).where(
        _FACTS.c.op == "queued", _FACTS.c.mention_id.not_in(ended)
    )
    first = {fact["task_id"]: fact for fact in _bodies(query)}
    return [
        {"task_id": id_, "mention_id": fact["mention_id"], "closed_ms": 0}
        for id_, fact in first.items()
    ]


def _reps() -> list[dict[str, Any]]:
    """The newest fact of each rep."""
    query = sa.select(_FACTS.c.body).where(_FACTS.c.op == "configured").order_by(_FACTS.c.seq)
    newest = {fact["rep"]: fact["fact_id"] for fact in _bodies(query) if fact.get("rep")}
    return [{"rep": rep, "fact_id": fact_id} for rep, fact_id in newest.items()]
