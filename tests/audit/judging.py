"""Judging a history the way the command does: through files and lines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from app.audit.auditor import Auditor
from app.audit.beside import (
    read_canaries,
    read_resources,
    read_samples,
    read_snapshot,
    read_users,
)
from app.audit.fact import fact_of
from app.audit.inputs import Inputs, read_client, read_dead, read_mentions, read_pushes
from app.audit.invariant import Bounds
from tests.audit.ledger import History, Row

_DRAINED = Bounds(drained=True)


def lines(rows: list[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def sealed(facts: list[Row]) -> list[Row]:
    """The facts as a ledger serves them, each chained to the one before."""
    found, chain = [], ""
    for fact in facts:
        body = {name: value for name, value in fact.items() if name != "seq"}
        text = chain + json.dumps(body, sort_keys=True, separators=(",", ":"))
        chain = hashlib.sha256(text.encode()).hexdigest()
        found.append(fact | {"chain": chain})
    return found


def inputs(history: History, folder: Path) -> Inputs:
    """Write the files beside the ledger, and read them back."""
    for name in ("mentions", "dead", "users", "samples", "resources"):
        (folder / name).write_text(lines(getattr(history, name)), "utf-8")
    (folder / "client").write_text(lines(history.client + history.pushes), "utf-8")
    (folder / "snapshot").write_text(json.dumps(history.snapshot), "utf-8")
    (folder / "canaries").write_text("\n".join(history.canaries), "utf-8")
    for name, content in history.disk.items():
        path = folder / "disk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Inputs(
        mentions=read_mentions(folder / "mentions"),
        dead=read_dead(folder / "dead"),
        client=read_client(folder / "client"),
        pushes=read_pushes(folder / "client"),
        users=read_users(folder / "users"),
        samples=read_samples(folder / "samples"),
        snapshot=read_snapshot(folder / "snapshot") if history.snapshot else None,
        canaries=read_canaries(folder / "canaries", [folder / "disk"]),
        resources=read_resources(folder / "resources"),
    )


def judge(history: History, folder: Path, bounds: Bounds = _DRAINED) -> Auditor:
    """Seal the facts, forge what is to be forged, and audit everything."""
    given = inputs(history, folder)
    facts = sealed(history.facts)
    given.head = (facts[-1]["seq"], facts[-1]["chain"])
    for forge in history.forged:
        forge(facts)
    auditor = Auditor(given, bounds)
    for number, line in enumerate(lines(facts).splitlines(), 1):
        auditor.see(fact_of(line, number))
    auditor.end()
    return auditor
