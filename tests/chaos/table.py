"""The table that a campaign ends with, and whether it passed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.chaos.judge import LOST, SILENT, TWO_OWNERS
from tests.chaos.run import Fault, Run

_HEAD = (
    "fault",
    "runs",
    "kills",
    "lost",
    "two owners",
    "silent misses",
    "to service, s",
    "auditor",
)


def rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """One row a fault. What the auditor found belongs to the whole run, so each row shows it."""
    found = []
    for run in runs:
        verdict = run.verdict
        counts = (
            [str(verdict.count(w)) for w in (LOST, TWO_OWNERS, SILENT)] if verdict else ["?"] * 3
        )
        for fault in run.faults.values():
            row = (f"{run.name}: {fault.name}", str(fault.runs), str(fault.kills), *counts)
            found.append((*row, _seconds(fault), str(verdict or "not judged")))
    return found


def _seconds(fault: Fault) -> str:
    """Of those that were not followed by the next fault before anything was served."""
    found = fault.seconds
    if not found:
        return "-"
    of = f" ({len(found)} of {fault.runs})" if len(found) < fault.runs else ""
    return f"median {statistics.median(found):.1f}, worst {max(found):.1f}{of}"


def text(runs: Sequence[Run]) -> str:
    """The table in Markdown, then the totals."""
    table = [_HEAD, *rows(runs)]
    widths = [max(len(row[i]) for row in table) for i in range(len(_HEAD))]
    lines = [_line(row, widths) for row in table]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    verdicts = [run.verdict for run in runs if run.verdict]
    kills = sum(fault.kills for run in runs for fault in run.faults.values())
    lines.append(
        f"\n{kills} kills, {sum(v.mentions for v in verdicts)} deliveries,"
        f" {sum(v.tasks for v in verdicts)} tasks, {sum(v.facts for v in verdicts)} facts;"
        f" {sum(v.count(LOST) for v in verdicts)} lost,"
        f" {sum(v.count(TWO_OWNERS) for v in verdicts)} with two owners,"
        f" {sum(v.count(SILENT) for v in verdicts)} silent misses"
    )
    return "\n".join(lines)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "| " + " | ".join(cells) + " |"
