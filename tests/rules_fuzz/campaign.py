"""A campaign: trials in child processes, so that a crash is seen and the next rule goes on."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

SILENT_S = 60.0  # a child that says nothing for so long hangs


@dataclass(slots=True)
class Report:
    """What a campaign found."""

    rules: int = 0
    accepted: int = 0
    refused: int = 0
    crashed: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)  # refused without a position or a reason
    worst_ms: float = 0.0
    worst: str = ""
    check_ms: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return not (self.crashed or self.over or self.silent)

    def add(self, line: dict[str, Any]) -> None:
        self.rules += 1
        self.check_ms = max(self.check_ms, line["check_ms"])
        if not line["refused"]:
            self.accepted += 1
            if line["worst_ms"] > self.worst_ms:
                self.worst_ms = line["worst_ms"]
                self.worst = f"{line['number']}: {line['condition']}"
            if line["over"]:
                self.over.append(
                    f"{line['number']}: {line['worst_ms']:.1f} ms: {line['condition']}"
                )
            return
        self.refused += 1
        for at, reason in line["refused"]:
            self.reasons[" ".join(reason.split()[:3])] += 1
            if not reason or not 0 <= at <= max(len(line["condition"]), 1):
                self.silent.append(f"{line['number']}: {line['condition']!r}")


def run(first: int, count: int) -> Iterator[Report]:
    """The report after each hundred rules, and at the end."""
    report, at = Report(), first
    while at < first + count:
        at = yield from _child(report, at, first + count)
    yield report


def _child(report: Report, at: int, end: int) -> Generator[Report, None, int]:
    """One child until it is done, or gone; where to go on, perhaps behind the culprit."""
    command = [sys.executable, "-m", "tests.rules_fuzz", "--child", str(at), str(end)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        for line in _lines(child):
            report.add(line)
            at = line["number"] + 1
            if report.rules % 100 == 0:
                yield report
        child.kill()
    if at < end:
        report.rules += 1
        report.crashed.append(f"{at}: the child ended with {child.returncode}")
        return at + 1
    return at


def _lines(child: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    assert child.stdout
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while ready.select(SILENT_S):
            line = child.stdout.readline()
            if not line:
                return
            yield json.loads(line)
