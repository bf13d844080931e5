"""Failpoints: real kills at named places, only where somebody asked for them. (A6.1)"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import failpoints
from app.core.errors import ConfigError

ROOT = Path(__file__).parents[1]
DIES = """
from app import failpoints
failpoints.arm(lambda: {"offset": {"0": [7, 9]}, "committed": {"0": 7}})
for visit in range(5):
    failpoints.failpoint("after-parse")
    failpoints.failpoint("after-score")
    print("survived", visit, flush=True)
"""


def dying(**env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", DIES]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_every_stage_is_a_place_in_the_shipped_code_and_every_place_is_a_stage() -> None:
    named: set[str] = set()
    for folder in ("app", "agents"):
        for path in (ROOT / folder).rglob("*.py"):
            named |= set(re.findall(r'failpoint\("([a-z-]+)"\)', path.read_text("utf-8")))
    assert named == set(failpoints.STAGES)
    assert len(failpoints.STAGES) == 12


def test_nothing_happens_unless_it_is_asked_for() -> None:
    assert "survived 4" in dying().stdout


def test_the_kill_is_a_real_one_and_says_where_it_happened_before(tmp_path: Path) -> None:
    log = tmp_path / "kills.jsonl"
    done = dying(HANDSHAKE_FAILPOINT="after-score:3", HANDSHAKE_FAILPOINT_LOG=str(log))
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["survived", "0", "survived", "1"]
    [line] = log.read_text("utf-8").splitlines()
    said = json.loads(line)
    assert (said["stage"], said["visit"]) == ("after-score", 3)
    assert (said["offset"], said["committed"]) == ({"0": [7, 9]}, {"0": 7})
    assert line in done.stderr


def test_a_plan_is_followed_one_line_a_start_and_then_nobody_dies(tmp_path: Path) -> None:
    plan, log = tmp_path / "plan", tmp_path / "kills.jsonl"
    plan.write_text("after-parse:1\nafter-score:2\n", "utf-8")
    env = {"HANDSHAKE_FAILPOINT": f"@{plan}", "HANDSHAKE_FAILPOINT_LOG": str(log)}
    codes = [dying(**env).returncode for _ in range(3)]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    stages = [json.loads(line)["stage"] for line in log.read_text("utf-8").splitlines()]
    assert stages == ["after-parse", "after-score"]


@pytest.mark.parametrize("wrong", ["after-lunch", "after-parse:0", "after-parse:x", "@/nowhere/x"])
def test_a_kill_that_could_never_happen_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failpoints.ARMED, wrong)
    with pytest.raises(ConfigError, match="HANDSHAKE_FAILPOINT: "):
        failpoints.arm(dict)
