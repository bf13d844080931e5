"""One run: a stack under traffic, faults, then healing, draining and judging."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.chaos import judge
from tests.chaos.files import Lines, now_ms, say
from tests.chaos.people import People
from tests.chaos.traffic import Traffic
from tests.live.running import OUTCOMES, Handshake, running, wait_for

SERVICE_S = 15.0  # the promise: from the fault to the first new outcome
DRAIN_S = 180.0


@dataclass
class Fault:
    """One row of the table; `seconds` are from each fault to the first sign of service."""

    name: str
    signs: tuple[str, ...] = OUTCOMES  # the facts that only the part in question makes
    runs: int = 0
    kills: int = 0
    at_ms: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)  # where no fact tells

    def happened(self, *, kill: bool, at_ms: int = 0) -> int:
        """Count one; returns when it was."""
        self.runs += 1
        self.kills += kill
        self.at_ms.append(at_ms or now_ms())
        return self.at_ms[-1]

    def serves(self, times: dict[str, list[int]], every: list[int]) -> None:
        """Fill in the seconds from the ledger."""
        mine = sorted(at for op in self.signs for at in times.get(op, ()))
        told = [s for at in self.at_ms if (s := judge.service(mine, every, at))]
        self.seconds = self.measured or told


@dataclass
class Run:
    """A stack under traffic. `outages` are when a part was away, and promises wait."""

    name: str
    one: Handshake
    folder: Path
    traffic: Traffic
    people: People
    faults: dict[str, Fault] = field(default_factory=dict)
    outages: list[tuple[int, int]] = field(default_factory=list)
    verdict: judge.Verdict | None = None
    problems: list[str] = field(default_factory=list)

    def fault(self, name: str, *signs: str) -> Fault:
        return self.faults.setdefault(name, Fault(name, signs or OUTCOMES))

    @contextmanager
    def outage(self, settle_s: float = 1.0) -> Iterator[None]:
        """A part is away in this block, and for so long afterwards the rest catches up."""
        start = now_ms()
        try:
            yield
        finally:
            time.sleep(settle_s)
            self.outages.append((start, now_ms()))

    def serves_again(self, *signs: str, seconds: float = 60.0) -> None:
        """Wait for a fact of these that was written after this moment; by default an outcome."""
        [(last,)] = self.one.sql("SELECT coalesce(max(seq), 0) FROM facts")
        ops = ", ".join(f"'{op}'" for op in signs or OUTCOMES)
        new = f"SELECT 1 FROM facts WHERE seq > ? AND op IN ({ops}) LIMIT 1"  # noqa: S608 (ours)
        wait_for(f"new facts {ops}", lambda: self.one.sql(new, last), seconds, 0.2)

    def all_ready(self, seconds: float = 40.0) -> None:
        parts = self.one.run["health"]
        wait_for("all parts", lambda: all(self.one.ready(p) for p in parts), seconds, 0.2)

    # the end

    def drain(self) -> None:
        """No more traffic; every delivery gets its outcome, every task its end."""
        self.traffic.finish()
        wanted = {m["src"] if "src" in m else f"intake:{m['intake_id']}" for m in self._accepted()}
        wait_for(
            "an outcome of every delivery",
            lambda: wanted <= self.one.outcomes().keys(),
            DRAIN_S,
            0.5,
        )
        wait_for("the end of every task", lambda: self._open() == [], DRAIN_S, 0.5)
        time.sleep(1.5)  # what would come twice comes now; the relay empties the outbox
        self.people.finish()

    def _accepted(self) -> list[dict[str, str]]:
        return Lines(self.folder / "mentions.jsonl").rows()

    def _open(self) -> list[str] | None:
        try:
            answer = self.one.call("GET", "/api/v1/tasks", "sofia")
        except (httpx.HTTPError, OSError, ValueError):
            return None
        if answer.status_code != 200:
            return None
        return [f"{card['task_id']} {card['state']} {card['queue']}" for card in answer.json()]

    def judge(self) -> None:
        self.verdict = judge.audit(self.one, self.folder, self.outages)
        times = judge.times_of(self.one)
        every = sorted(at for fault in self.faults.values() for at in fault.at_ms)
        for fault in self.faults.values():
            fault.serves(times, every)
            late = [s for s in fault.seconds if s > SERVICE_S]
            if late:
                slow = ", ".join(f"{s:.1f}" for s in late)
                self.problems.append(f"{fault.name}: service after {slow} s")
        if self.verdict.broken:
            self.problems.append(f"the auditor found {self.verdict}")


@contextmanager
def under_traffic(
    name: str,
    folder: Path,
    flags: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    rate: float = 3.0,
    direct: bool = True,
    check: Callable[[Handshake], Iterable[str]] = lambda _: (),
) -> Iterator[Run]:
    """A running stack with customers and agents; afterwards it is drained and judged.

    `check` tells what else is wrong with it then.
    """
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    flags = ("--sla", "90s", "--offer", "6s", *flags)
    env = {"HANDSHAKE_RECONCILE__AFTER_S": "8"} | (env or {})
    began = time.monotonic()
    with running(data, *flags, env=env) as one:
        run = Run(
            name=name,
            one=one,
            folder=folder,
            traffic=Traffic(one, Lines(folder / "mentions.jsonl"), rate=rate, direct=direct),
            people=People(one, Lines(folder / "client.jsonl")),
        )
        run.people.start()
        run.traffic.start()
        run.serves_again()
        say(f"{name}: in service after {time.monotonic() - began:.1f} s")
        try:
            yield run
            run.all_ready()
            say(f"{name}: draining")
            run.drain()
            run.problems += check(one)
            run.judge()
        finally:
            run.traffic._over.set()
            run.people.finish()
    say(f"{name}: {run.verdict}, {time.monotonic() - began:.0f} s")
