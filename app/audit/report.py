"""What the auditor says: for people as text, for programs as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from app.audit.auditor import NOT_CHECKED, PARTLY, PROVEN, Auditor
from app.audit.invariant import Violation

_SHOWN = 20  # of one invariant; the rest is counted


def line_of(violation: Violation) -> str:
    facts = ", ".join(map(str, violation.seqs)) or "-"
    of = violation.task_id or violation.mention_id or "-"
    return f"{violation.invariant} facts {facts}, {of}: {violation.detail}"


def as_text(auditor: Auditor) -> str:
    """The violations, then what was proven and what was not."""
    verdicts = auditor.verdicts()
    lines: list[str] = []
    for verdict in verdicts:
        if not verdict.violations:
            continue
        lines.append(f"{verdict.id} is broken {verdict.violations} times: {verdict.sentence}")
        mine = [v for v in auditor.violations if v.invariant == verdict.id]
        lines += [f"  {line_of(violation)}" for violation in mine[:_SHOWN]]
        if verdict.violations > _SHOWN:
            lines.append(f"  and {verdict.violations - _SHOWN} more")
    proven = [v.id for v in verdicts if v.status == PROVEN]
    lines.append(f"proven      {' '.join(proven) or 'none'}")
    for status in (PARTLY, NOT_CHECKED):
        for verdict in verdicts:
            if verdict.status == status:
                word = "proven but for" if status == PARTLY else "not checked: needs"
                lines.append(f"{verdict.id:<4} {word} {verdict.needs}")
    total = sum(auditor.counts.values())
    world = auditor.world
    if auditor.head:
        lines.append(f"head        {auditor.head[0]}:{auditor.head[1]}")
    if auditor.empty:
        lines.append("the ledger is empty: nothing was proven from it")
    lines.append(f"{world.facts} facts, {len(world.tasks)} tasks, {total} violations")
    return "\n".join(lines)


def as_json(auditor: Auditor) -> str:
    sentences = {v.id: v.sentence for v in auditor.verdicts()}
    return json.dumps(
        {
            "facts": auditor.world.facts,
            "head": ":".join(map(str, auditor.head or ())),
            "tasks": len(auditor.world.tasks),
            "violations_total": sum(auditor.counts.values()),
            "violations": [
                asdict(v) | {"sentence": sentences[v.invariant]} for v in auditor.violations
            ],
            "invariants": [asdict(verdict) for verdict in auditor.verdicts()],
        },
        indent=2,
    )
