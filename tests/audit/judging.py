"""Judging a history the way the command does: through files and lines."""

from __future__ import annotations

import json
from pathlib import Path

from app.audit.auditor import Auditor
from app.audit.fact import fact_of
from app.audit.inputs import Inputs, read_client, read_dead, read_mentions
from app.audit.invariant import Bounds
from tests.audit.ledger import History, Row

_DRAINED = Bounds(drained=True)


def lines(rows: list[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def judge(history: History, folder: Path, bounds: Bounds = _DRAINED) -> Auditor:
    """Write the files beside the ledger, read them back, and audit the facts."""
    paths = {name: folder / f"{name}.jsonl" for name in ("mentions", "dead", "client")}
    for name, path in paths.items():
        path.write_text(lines(getattr(history, name)), "utf-8")
    inputs = Inputs(
        read_mentions(paths["mentions"]), read_dead(paths["dead"]), read_client(paths["client"])
    )
    auditor = Auditor(inputs, bounds)
    for number, line in enumerate(lines(history.facts).splitlines(), 1):
        auditor.see(fact_of(line, number))
    auditor.end()
    return auditor
