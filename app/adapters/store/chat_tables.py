"""The tables of the web chat: what visitors said and were sent, as their page shows it."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# What a visitor said is written together with its row in the journal; what they were sent, by
# the connector, once for each message id.
chat_messages = sa.Table(
    "chat_messages",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),  # the order on the page
    sa.Column("message_id", sa.String(80), nullable=False, unique=True),
    sa.Column("chat", sa.String(40), nullable=False),
    sa.Column("mention_id", sa.String(64), nullable=False),
    sa.Column("side", sa.String(10), nullable=False),  # customer agent automatic
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("chat_messages_of_chat", "chat", "number"),
    sqlite_autoincrement=True,
)

# One row for each conversation, written with each line of it: whoever looks for what has changed
# need not go through all that was ever written there.
chats = sa.Table(
    "chats",
    metadata,
    sa.Column("chat", sa.String(40), primary_key=True),
    sa.Column(
        "judged_from", sa.BigInteger, nullable=False
    ),  # `number`: lines from here on tell where it stands
    sa.Column("day", sa.Integer, nullable=False),  # since 1970, in UTC: when they last wrote
    sa.Column("said", sa.Integer, nullable=False),  # messages of the visitor on that day
)
