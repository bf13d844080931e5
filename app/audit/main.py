"""`python -m app audit SOURCE`: prove the invariants from the ledger, or name what broke them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.audit import beside, inputs, report
from app.audit.auditor import Auditor
from app.audit.fact import Unreadable
from app.audit.invariant import Bounds, Violation
from app.audit.metric import Metric
from app.audit.source import facts

T = TypeVar("T")

CLEAN, BROKEN, USAGE = 0, 1, 2
EMPTY = 6  # 3 to 5 have other meanings for other commands
_RELAY_MS = 2_000  # a fact may be on its way this long before its absence means anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `audit` was asked; times are in seconds."""

    key: str = ""
    follow: bool = False
    mentions: Path | None = None
    dead: Path | None = None
    client_log: Path | None = None
    staff: Path | None = None
    snapshot: Path | None = None
    users: Path | None = None
    samples: Path | None = None
    canaries: Path | None = None
    search: Sequence[Path] = ()
    resources: Path | None = None
    head: str = ""
    as_json: bool = False
    drained: bool = False
    allow_empty: bool = False
    offer_within_s: float = 5.0
    sla_within_s: float = 5.0
    expiry_within_s: float = 2.0
    at_risk_share: float = 0.8
    outages: Sequence[str] = ()
    metrics_port: int | None = None


def run(source: str, options: Options) -> int:
    """Audit a source and print the report; returns the exit code."""
    try:
        auditor = Auditor(_inputs(options), _bounds(options))
        metric = Metric(options.metrics_port) if options.metrics_port is not None else None
    except (Unreadable, OSError) as error:
        return _usage(str(error))
    try:
        with suppress(KeyboardInterrupt):  # following ends by Ctrl+C, and then sums up
            _pass(source, options, auditor, metric)
    except Unreadable as error:
        return _usage(str(error))
    finally:
        if metric:
            metric.close()
    auditor.end()
    _say(report.as_json(auditor) if options.as_json else report.as_text(auditor))
    if auditor.counts:
        return BROKEN
    return EMPTY if auditor.empty and not options.allow_empty else CLEAN


def _pass(source: str, options: Options, auditor: Auditor, metric: Metric | None) -> None:
    if metric and not options.as_json:
        _say(f"metrics on http://127.0.0.1:{metric.port}/metrics")
    for fact in facts(source, options.key, options.follow):
        if fact is None:
            found = auditor.idle(time.time_ns() // 1_000_000 - _RELAY_MS)
        else:
            found = auditor.see(fact)
            if metric:
                metric.seen(fact.seq)
        if found and (metric or options.follow):
            _tell(found, options, metric)


def _tell(found: list[Violation], options: Options, metric: Metric | None) -> None:
    """While following, each violation is told as it comes."""
    for violation in found:
        if metric:
            metric.count(violation.invariant)
        if options.follow and not options.as_json:
            _say(report.line_of(violation))


def _inputs(options: Options) -> inputs.Inputs:
    if bool(options.canaries) != bool(options.search):
        raise Unreadable("--canaries and --search: expected both or none")
    return inputs.Inputs(
        mentions=_read(inputs.read_mentions, options.mentions),
        dead=_read(inputs.read_dead, options.dead),
        client=_read(inputs.read_client, options.client_log),
        pushes=_read(inputs.read_pushes, options.client_log),
        staff=_read(inputs.read_staff, options.staff) or [],
        users=_read(beside.read_users, options.users),
        samples=_read(beside.read_samples, options.samples),
        snapshot=_read(beside.read_snapshot, options.snapshot),
        canaries=_read(
            lambda path: beside.read_canaries(path, list(options.search)), options.canaries
        ),
        resources=_read(beside.read_resources, options.resources),
        head=_head(options.head) if options.head else None,
    )


def _read(reader: Callable[[Path], T], path: Path | None) -> T | None:
    return reader(path) if path else None


def _head(text: str) -> tuple[int, str]:
    seq, _, chain = text.partition(":")
    if not seq.isdigit() or not re.fullmatch("[0-9a-f]{64}", chain):
        raise Unreadable(f"--head: expected SEQ:CHAIN, got {text!r}")
    return int(seq), chain


def _bounds(options: Options) -> Bounds:
    return Bounds(
        expiry_ms=round(options.expiry_within_s * 1000),
        offer_ms=round(options.offer_within_s * 1000),
        sla_ms=round(options.sla_within_s * 1000),
        at_risk_share=options.at_risk_share,
        drained=options.drained,
        outages=tuple(_outage(text) for text in options.outages),
    )


def _outage(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    if not start.isdigit() or not end.isdigit() or int(start) > int(end):
        raise Unreadable(f"--outage: expected FROM_MS-TO_MS, got {text!r}")
    return int(start), int(end)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _usage(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return USAGE
