"""What is scored and sent: mentions of the demo's fictional world, the same in every run."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from app.demo.world import mentions
from app.settings import ROOT

# Labelled texts of others, which are not part of this project (docs/model.md says where from).
LABELLED = Path(os.environ.get("HANDSHAKE_BENCH_TEXTS", ROOT.parent / "shared/data/mentions"))
_SEED = 11
# Fixed, so that every run scores the same texts; ids are made anew by `fresh`.
_START = datetime(2026, 1, 1, tzinfo=UTC)


def world(count: int) -> list[dict[str, Any]]:
    """Mentions of the demo's world, duplicates and edits left out."""
    found: dict[str, dict[str, Any]] = {}
    for mention in islice(mentions(_SEED, _START), count * 2):
        found.setdefault(mention["id"], mention)
    return list(found.values())[:count]


def fresh(count: int, english_only: bool = False) -> list[dict[str, Any]]:
    """The same mentions under new ids, said now: none is a duplicate of an earlier run."""
    run = uuid.uuid4().hex[:8]
    said = []
    for number, mention in enumerate(_english(count) if english_only else world(count)):
        kept = {k: v for k, v in mention.items() if k not in ("posted_at", "in_reply_to")}
        said.append(kept | {"id": f"bench-{run}-{number}"})
    return said


def english(count: int) -> list[str]:
    """Texts that the model scores: it knows English alone."""
    return [mention["text"] for mention in _english(count)]


def _english(count: int) -> list[dict[str, Any]]:
    # A third of the world speaks English at the least.
    return [m for m in world(count * 3) if m["meta"]["lang"] == "en"][:count]
