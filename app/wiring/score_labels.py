"""labels: what people said in place of the model, counted, and written for training."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.score_labels import ScoreLabels
from app.core.label_agreement import Agreement
from app.core.score import UNSUPPORTED
from app.core.score_labels import SENTIMENT, chosen, text_of

_PRIVATE: Final = 0o600  # people's own words: for whoever runs this, and nobody else

Json = dict[str, Any]


async def report(database: Database) -> list[Json]:
    """How often people agree with each model. Raises Unavailable."""
    made = Agreement()
    async for page in ScoreLabels(database).all():
        for labels in page:
            for one in labels:
                made.add(one)
    return made.as_list()


async def export(database: Database, path: Path, of: str, unsupported: bool) -> int:
    """Write what people labelled as JSON Lines, one for each mention, for the owner alone.

    The file is there whole or not at all. Returns the number of lines. Raises Unavailable, OSError.
    """
    count, part = 0, path.with_name(f"{path.name}.part")
    try:
        with _private(part) as file:
            async for line in _lines(database, of, unsupported):
                file.write(orjson.dumps(line) + b"\n")
                count += 1
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _private(path: Path) -> BinaryIO:
    """A new file that nobody else may read, from its first byte on."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb")


async def _lines(database: Database, of: str, unsupported: bool) -> AsyncIterator[Json]:
    """What is left out: who was erased, empty texts, and, unless asked for, what no model knew."""
    ledger = Ledger(database)
    async for page in ScoreLabels(database).all():
        found = [one for labels in page if (one := chosen(labels, of))]
        trails = await ledger.of_mentions([one.mention_id for one in found])
        for one in found:
            text = text_of(trails[one.mention_id], one.wording)
            if text.strip() and (unsupported or one.said_sentiment != UNSUPPORTED):
                yield {
                    "text": text,
                    "label": getattr(one, of),
                    "said": getattr(one, f"said_{of}"),
                    "blind": one.blind and of == SENTIMENT,
                    "lang": one.lang,
                    "model": one.model,
                    "mention_id": one.mention_id,
                }


HEADS: Final = ("model", "of", "how", "labels", "agreed", "most often instead")
_MOST_TOLD: Final = 3


def rows(made: Iterable[Json]) -> Iterable[Sequence[str]]:
    """The report as lines of a table under `HEADS`."""
    for one in made:
        wrong = [change for change in one["confusion"] if change["said"] != change["label"]]
        wrong.sort(key=lambda change: -change["times"])
        yield (
            one["model"],
            one["of"],
            "blind" if one["blind"] else "corrected",
            str(one["labels"]),
            f"{one['agreed']} ({one['share']:.1%})",
            ", ".join(f"{c['said']} -> {c['label']} {c['times']}" for c in wrong[:_MOST_TOLD]),
        )
