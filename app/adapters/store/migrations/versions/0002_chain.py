"""A hash chain over the facts; those that are there already are chained as they stand."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PAGE = 1_000
_FACTS = sa.table(
    "facts",
    sa.column("seq", sa.BigInteger()),
    sa.column("body", sa.LargeBinary()),
    sa.column("chain", sa.String()),
)


def upgrade() -> None:
    op.add_column(
        "facts", sa.Column("chain", sa.String(length=64), nullable=False, server_default="")
    )
    _chain_all(op.get_bind())


def _chain_all(connection: sa.Connection) -> None:
    """Its own copy of the sum: a migration must do the same for ever."""
    seq, chain = 0, ""
    while True:
        query = sa.select(_FACTS.c.seq, _FACTS.c.body).where(_FACTS.c.seq > seq)
        rows = connection.execute(query.order_by(_FACTS.c.seq).limit(_PAGE)).all()
        if not rows:
            return
        links = []
        for seq, body in rows:
            canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
            chain = hashlib.sha256(chain.encode() + canonical.encode()).hexdigest()
            links.append({"at": seq, "link": chain})
        update = sa.update(_FACTS).where(_FACTS.c.seq == sa.bindparam("at"))
        connection.execute(update.values(chain=sa.bindparam("link")), links)
