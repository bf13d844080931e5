"""The tables of score labels: what people said, and which mentions they are asked about.

Neither holds a text of anybody: what is labelled is read from the trail, while it can be read.
"""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import metadata

# The newest label of each person of each mention: the fold of the facts `corrected`.
score_labels = sa.Table(
    "score_labels",
    metadata,
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("by", sa.String(40), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("blind", sa.Boolean, nullable=False),
    sa.Column("wording", sa.String(64), nullable=False),  # hash of the content that was labelled
    sa.Column("lang", sa.String(40), nullable=False),
    sa.Column("model", sa.String(300), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("said_sentiment", sa.String(20), nullable=False),
    sa.Column("said_intent", sa.String(20), nullable=False),
    sa.Column("said_urgency", sa.String(20), nullable=False),
    sa.Column("sentiment", sa.String(20), nullable=False),  # empty: not labelled, as the next two
    sa.Column("intent", sa.String(20), nullable=False),
    sa.Column("urgency", sa.String(20), nullable=False),
)

# The mentions of each day that were drawn. `state`: waiting, labelled or skipped (by whom).
label_samples = sa.Table(
    "label_samples",
    metadata,
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("rank", sa.Float, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("by", sa.String(40), nullable=False),
    sa.Index("label_samples_drawn", "kind", "day", "rank"),
    sa.Index("label_samples_waiting", "state", "kind", "at_ms"),
)
