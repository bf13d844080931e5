"""The tables of what is known of customers: statements, claims of handles, imports."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import metadata

# What one source says of one customer since a moment. Nobody overwrites a row: only `seen_ms`,
# when the source last said the same, moves on.
statements = sa.Table(
    "statements",
    metadata,
    sa.Column("customer_id", sa.String(80), primary_key=True),
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("run", sa.String(40), nullable=False),  # the import that brought it; else empty
    sa.Column("says", sa.LargeBinary, nullable=False),  # JSON: value by field
    sqlite_with_rowid=False,
)

# Handles that somebody else holds, with whoever claims them, too.
contested = sa.Table(
    "contested_handles",
    metadata,
    sa.Column("handle_key", sa.String(1700), primary_key=True),
    sa.Column("customer_id", sa.String(80), primary_key=True, index=True),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
)

# One row, counted up by whoever writes profiles, before anything else: so changes are in the
# order of their numbers, and who follows them misses none.
board = sa.Table(
    "profile_board",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("change", sa.BigInteger, nullable=False),
    # By which order all profiles were folded last; another one in force folds them again.
    sa.Column("folded_by", sa.String(64), nullable=False, server_default=""),
)

runs = sa.Table(
    "import_runs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("file", sa.String(200), nullable=False),  # its name, as people know it
    sa.Column("path", sa.Text, nullable=False),  # where we keep it; empty: no longer
    sa.Column("form", sa.LargeBinary, nullable=False),  # JSON: source, mapping, encoding, ...
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("dry", sa.Boolean, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("bytes_done", sa.BigInteger, nullable=False),
    sa.Column("rows_done", sa.BigInteger, nullable=False),
    sa.Column("counts", sa.LargeBinary, nullable=False),  # JSON
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("ended_ms", sa.BigInteger, nullable=False),  # 0: not yet
)

# Rows that were not taken, as they came, with the reason.
rejects = sa.Table(
    "import_rejects",
    metadata,
    sa.Column("run", sa.String(40), primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
)

# What columns become, kept under a name for the next file of the kind.
mappings = sa.Table(
    "import_mappings",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON: field by column
    sa.Column("changed_by", sa.String(80), nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
)
