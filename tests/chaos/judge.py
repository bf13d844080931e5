"""The judge of a run: the shipped auditor over /api/v1/facts, and the seconds until service."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.files import Lines, say
from tests.live.running import ROOT, Handshake

LOST, TWO_OWNERS, SILENT = ("I1",), ("I2", "I6"), ("I11",)


@dataclass
class Verdict:
    """What the auditor said: violations by invariant; empty means that nothing was broken."""

    broken: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    tasks: int = 0
    mentions: int = 0
    partly: list[str] = field(default_factory=list)

    def count(self, invariants: tuple[str, ...]) -> int:
        return sum(self.broken.get(one, 0) for one in invariants)

    def __str__(self) -> str:
        return " ".join(f"{one}x{n}" for one, n in self.broken.items()) or "clean"


def audit(one: Handshake, folder: Path, outages: list[tuple[int, int]]) -> Verdict:
    """Ask the auditor of the product; everything it read and said stays in the folder."""
    sofia = next(user["key"] for user in one.run["users"] if user["name"] == "sofia")
    _dead_letters(one, folder)
    argv = [sys.executable, "-m", "app", "audit", f"{one.run['web']}/api/v1/facts", "--json"]
    argv += ["--mentions", str(folder / "mentions.jsonl"), "--dead", str(folder / "dead.jsonl")]
    argv += ["--client-log", str(folder / "client.jsonl"), "--drained"]
    for start, end in outages:
        argv += ["--outage", f"{start}-{end}"]
    (folder / "audit.argv.json").write_text(json.dumps(argv, indent=1), "utf-8")
    with (folder / "facts.jsonl").open("w", encoding="utf-8") as file:
        for fact in one.facts():
            file.write(json.dumps(fact) + "\n")
    done = subprocess.run(
        argv, cwd=ROOT, env=os.environ | {"HANDSHAKE_KEY": sofia},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    (folder / "audit.json").write_text(done.stdout, "utf-8")
    if done.returncode not in (0, 1):
        raise AssertionError(f"the auditor could not judge: {done.stderr or done.stdout}")
    return _verdict(json.loads(done.stdout), folder)


def _verdict(said: dict[str, Any], folder: Path) -> Verdict:
    broken = {one["id"]: one["violations"] for one in said["invariants"] if one["violations"]}
    for violation in said["violations"][:20]:
        say(f"  {violation['invariant']} facts {violation['seqs']}: {violation['detail']}")
    return Verdict(
        broken=broken,
        facts=said["facts"],
        tasks=said["tasks"],
        mentions=len(Lines(folder / "mentions.jsonl").rows()),
        partly=[f"{i['id']}: {i['needs']}" for i in said["invariants"] if i["needs"]],
    )


def _dead_letters(one: Handshake, folder: Path) -> None:
    dead = Lines(folder / "dead.jsonl")
    for src, sha256, raw in one.sql("SELECT src, sha256, raw FROM dead_letters"):
        dead.add(src=src, sha256=sha256, raw=base64.b64encode(bytes(raw or b"")).decode())


def times_of(one: Handshake) -> dict[str, list[int]]:
    """When facts were made, by op, in the order of the ledger, ms."""
    found: dict[str, list[int]] = {}
    for fact in one.facts():
        found.setdefault(fact["op"], []).append(fact["now_ms"])
    return found


def service(times: list[int], faults: list[int], fault_ms: int) -> float:
    """Seconds from this fault to the first outcome after it; infinite where there was none.

    0 where the next fault came first: a worker killed while it starts was not yet in service.
    """
    served = next((at for at in times if at > fault_ms), 0)
    if any(fault_ms < other and (not served or other < served) for other in faults):
        return 0.0
    return (served - fault_ms) / 1000 if served else float("inf")
