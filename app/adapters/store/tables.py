"""The tables of the system of record. Their history is in `migrations/`."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# SQLite numbers rows by itself only where the type is exactly INTEGER, which is 64 bits there.
Seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The ledger of record: append-only, nobody updates or deletes a row. `seq` is its order.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("seq", Seq, primary_key=True, autoincrement=True),
    sa.Column("fact_id", sa.String(300), nullable=False, unique=True),
    sa.Column("op", sa.String(20), nullable=False),
    sa.Column("op_id", sa.String(180), nullable=False, index=True),
    sa.Column("mention_id", sa.String(64), nullable=False, index=True),
    sa.Column("now_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    # sha256 over the row before and this body: see `chain`.
    sa.Column("chain", sa.String(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

# What a rebuild of Redis puts back: open tasks, and those closed within the last hour, whose
# commands may be repeated. Kept with the ledger, so that nobody ever searches all facts for them.
live_tasks = sa.Table(
    "live_tasks",
    metadata,
    sa.Column("task_id", sa.String(64), primary_key=True),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("closed_ms", sa.BigInteger, nullable=False, index=True),  # 0: open
)

# The newest fact of each rep: what they can do, and whether they were there.
rep_facts = sa.Table(
    "rep_facts",
    metadata,
    sa.Column("rep", sa.String(80), primary_key=True),
    sa.Column("fact_id", sa.String(300), nullable=False),
)

# One row: the life of Redis whose facts the ledger takes. Facts of an older one come too late.
current_epoch = sa.Table(
    "current_epoch",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.String(40), nullable=False),
    sa.Column("begun_ms", sa.BigInteger, nullable=False),
)

# What came in by HTTP, a connector or `replay`, before anything else happened to it.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("intake_id", sa.String(40), primary_key=True),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("received_ms", sa.BigInteger, nullable=False),
    sa.Column("sent_ms", sa.BigInteger, nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False, default=False),
    sa.Index("journal_unsettled", "settled", "sent_ms"),
)

# Input that could not be processed: original bytes and reason, until somebody looks.
dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("src", sa.String(180), primary_key=True),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
)

# The contact history: every thing said and done, folded from the facts by `record`. `seq` is the
# number of the fact in the ledger. What is searched stands beside it: see `full_text`.
history = sa.Table(
    "history",
    metadata,
    sa.Column("fact_id", sa.String(300), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False, unique=True),
    sa.Column("mention_id", sa.String(64), nullable=False, index=True),
    sa.Column("handle_key", sa.String(1700), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(600), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("upshot", sa.String(40), nullable=False),
    sa.Column(
        "about", sa.String(300), nullable=False
    ),  # feedback: the line of the response; a case: its id
    sa.Index("history_of_handle", "handle_key", "at_ms", "seq"),
)

# One line for each mention: where it stands now, how it ended, and what came of our response.
mentions = sa.Table(
    "mentions",
    metadata,
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("handle_key", sa.String(1700), nullable=False),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("queue", sa.String(40), nullable=False),
    sa.Column("detected_ms", sa.BigInteger, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("upshot", sa.String(40), nullable=False),
    sa.Column("rep", sa.String(80), nullable=False),
    sa.Column("reply_id", sa.String(300), nullable=False),
    sa.Column("replied_ms", sa.BigInteger, nullable=False),  # 0: never
    sa.Column("about", sa.String(300), nullable=False),
    sa.Column("feedback", sa.String(20), nullable=False),
    sa.Column("sentiment", sa.String(20), nullable=False, server_default=""),
    sa.Column("breached_ms", sa.BigInteger, nullable=False, server_default="0"),  # 0: never
    # Of a post in a community: its thread, opening or answer, and who its author was there (JSON).
    sa.Column("thread", sa.String(300), nullable=False, server_default=""),
    sa.Column("position", sa.String(10), nullable=False, server_default=""),
    sa.Column("standing", sa.String(300), nullable=False, server_default=""),
    sa.Column("known_as", sa.String(20), nullable=False, server_default=""),
    sa.Column("cases", sa.Integer, nullable=False, server_default="0"),  # open ones
    # The newest of a handle, however many there are.
    sa.Index("mentions_of_handle", "handle_key", "detected_ms"),
    sa.Index("mentions_of_thread", "thread", "detected_ms"),
)

# The fold of each customer's statements, which are the truth. `change` is that of `profile_board`.
profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("customer_id", sa.String(80), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("household", sa.String(80), nullable=False, server_default=""),
    sa.Index("profiles_changed", "change", "customer_id"),
    sa.Index("profiles_of_household", "household"),
)

# Who holds each handle: the earliest claim. The others are in `contested_handles`.
handles = sa.Table(
    "handles",
    metadata,
    sa.Column("handle_key", sa.String(1700), primary_key=True),
    sa.Column("customer_id", sa.String(80), nullable=False, index=True),
    sa.Column("since_ms", sa.BigInteger, nullable=False, server_default="0"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("key_sha256", sa.String(64), nullable=False, unique=True),
)

# How far each reader of the ledger has come.
cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("seq", Seq, nullable=False),
)

# What partners are sent: hand-offs and the stages of what they have to do with. A delivery log.
handoffs = sa.Table(
    "handoffs",
    metadata,
    sa.Column("event_id", sa.String(40), primary_key=True),
    sa.Column("partner", sa.String(40), nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("seq", Seq, nullable=False),  # of the fact that it tells of
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),  # of HTTP; 0: no answer
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),  # replays by hand
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("deadline_ms", sa.BigInteger, nullable=False),  # 0: none
    sa.Column("next_ms", sa.BigInteger, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False),  # what came of it is on its way as a fact
    sa.Column("published", sa.Boolean, nullable=False),  # on the topic handoffs
    # In the order in which they are sent, so that a backlog is neither sorted nor read whole.
    sa.Index("handoffs_due", "partner", "state", "next_ms", "seq"),
    sa.Index("handoffs_of_mention", "mention_id", "partner", "state", "seq"),
    sa.Index("handoffs_unsettled", "settled", "state"),
    sa.Index("handoffs_unpublished", "published", "seq"),
)

# Who handed a mention in. `key` names the event, so that it does it once.
handed_in = sa.Table(
    "handed_in",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("partner", sa.String(40), nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False, index=True),
    sa.Column("source", sa.String(300), nullable=False),
    sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("hops", sa.Integer, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)
