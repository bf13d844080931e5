"""kill -9 and SIGSTOP of every process of a running stack, one after another."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.chaos.files import now_ms, say
from tests.chaos.followers import followers, newest
from tests.chaos.run import Run, under_traffic
from tests.live.running import wait_for

# The facts that show that a part works again. Record and reconcile make none, and those of events
# are not certain to come: how long these take is asked of them.
SIGNS: dict[str, tuple[str, ...]] = {
    "web": ("accepted",),
    "watch": ("offered",),
    "handoffs": ("handed_off",),
}
SILENT = ("record", "reconcile", "events")
KILLED = ("web", "watch", "record", "events", "handoffs", "reconcile", "redis", "broker")
FROZEN = ("worker", *KILLED)
_FREEZE_S = (5.0, 12.0, 30.0)
_SETTLE_S = 3.0


def kill_parts(folder: Path, rounds: int) -> Run:
    """Intake by HTTP alone: the embedded broker forgets, and only the journal remembers."""
    with (
        followers(folder) as beside,
        under_traffic("parts", folder, env=beside.env, direct=False, check=beside.problems) as run,
    ):
        for _ in range(rounds):
            for name in KILLED:
                kill_part(run, name)
    return run


def kill_part(run: Run, name: str) -> None:
    signs = SIGNS.get(name, ())
    with run.outage(_SETTLE_S):
        fault = run.fault(f"kill -9 {name}", *signs)
        at_ms, asked = fault.happened(kill=True), newest(run.one)
        run.one.back(name, run.one.kill(name))
        run.all_ready()
        if name == "events":
            wait_for("events to ask again", lambda: newest(run.one) > asked, 60.0, 0.1)
        if name in SILENT:
            fault.measured.append((now_ms() - at_ms) / 1000)
        run.serves_again(*signs)
    say(f"{run.name}: kill -9 {name}, outage {_seconds(run, at_ms)}")


def freeze_parts(folder: Path, rounds: int) -> Run:
    """A frozen process is one whose host stalls: its connections live, and it says nothing."""
    with (
        followers(folder) as beside,
        under_traffic("freeze", folder, env=beside.env, check=beside.problems) as run,
    ):
        for number in range(rounds):
            for name in FROZEN:
                freeze_part(run, name, _FREEZE_S[number % len(_FREEZE_S)])
    return run


def freeze_part(run: Run, name: str, seconds: float) -> None:
    signs = SIGNS.get(name, ())
    fault = run.fault(f"freeze {name}", *signs)
    with run.outage(_SETTLE_S):
        pid = run.one.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        asked = newest(run.one)
        at_ms = fault.happened(kill=False)  # service is counted from the thaw
        run.all_ready()
        if name == "events":
            wait_for("events to ask again", lambda: newest(run.one) > asked, 60.0, 0.1)
        if name in SILENT:
            fault.measured.append((now_ms() - at_ms) / 1000)
        run.serves_again(*signs)
    say(f"{run.name}: {name} for {seconds:.0f} s, then {_seconds(run, at_ms)}")


def _seconds(run: Run, at_ms: int) -> str:
    return f"{(run.outages[-1][1] - at_ms) / 1000 - _SETTLE_S:.1f} s until all was well"
