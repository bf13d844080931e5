"""Event rules by real processes: killed in the midst, each rule acts once, and circles end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.live.running import ROOT, Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

MENTIONS, KILLS = 24, 3
MOVES = ("sales", "service", "sales")  # by the wait, and by two rules that pass it to and fro
# A minute is two seconds here: the window is 60 s in place of 30 min.
RULES = """title = "Events"
[[rule]]
id = "waits"
on = "waiting"
after = "1m"
when = 'mention.text.says("parcel")'
do = [
  { priority = 88 },
  { queue = "sales" },
  { notify = { to = "supervisor", text = "A parcel waits." } },
]
why = "It has waited."

[[rule]]
id = "to"
on = "transferred"
when = 'task.queue == "sales" && task.offers < 9'
do = [{ queue = "service" }]
why = "To."

[[rule]]
id = "fro"
on = "transferred"
when = 'task.queue == "service" && task.offers < 9'
do = [{ queue = "sales" }]
why = "Fro."

[[row]]
id = "all"
when = "true"
then = { queue = "service", priority = 30 }
why = "Somebody should look."
"""


def with_rules(tmp_path: Path) -> dict[str, str]:
    folder = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    shutil.rmtree(folder / "rules")
    (folder / "rules").mkdir()
    (folder / "rules" / "1.toml").write_text(RULES, "utf-8")
    return {"HANDSHAKE_CONFIG": str(folder)}


def acts(one: Handshake, mention_id: str) -> list[dict[str, Any]]:
    found = one.call("GET", f"/api/v1/mentions/{mention_id}/why", "sofia").json()
    return [act for event in found["events"] for act in event["acts"]]


def test_each_rule_acts_once_whatever_is_killed_and_circles_end(tmp_path: Path) -> None:
    """A4.1, A5.5 and item 5: moved, told, and stopped with a reason that people can read."""
    with running(tmp_path / "data", "--sla", "60s", env=with_rules(tmp_path)) as one:
        wait_for("events to be ready", lambda: one.ready("events"), 30)
        fill_hands(one)
        named = []
        for n in range(MENTIONS):
            named += one.post([mention(f"My parcel is broken ({n})")])
            if n % (MENTIONS // KILLS) == 3:
                one.back("events", one.kill("events"))
        ids = [each["mention_id"] for each in named]
        wait_for(
            "the third move of each task",
            lambda: len(one.facts("op = 'transferred'")) == MENTIONS * len(MOVES),
            60,
        )
        one.back("events", one.kill("events"))
        wait_for("events to be ready again", lambda: one.ready("events"), 30)
        wait_for("the last word", lambda: all(len(acts(one, id_)) == 4 for id_ in ids), 30)
        moved = Counter((f["mention_id"], f["queue"]) for f in one.facts("op = 'transferred'"))
        assert moved == Counter((id_, queue) for id_ in ids for queue in MOVES)
        raised = Counter(f["mention_id"] for f in one.facts("op = 'prioritised'"))
        assert raised == Counter(ids)
        assert {f["actor"]["id"] for f in one.facts("op = 'prioritised'")} == {"rule:waits"}
        for id_ in ids:
            told = acts(one, id_)
            assert [act["rule"] for act in told] == ["waits", "to", "fro", "to"]
            assert told[-1]["stopped"].startswith("3 rules led here, one behind the other")
        notices = one.call("GET", "/api/v1/notices", "sofia").json()
        assert Counter(n["mention_id"] for n in notices["notices"]) == Counter(ids)
        assert one.call("GET", "/api/v1/notices", "amira").json()["unread"] == 0
        assert audited(one) == 0


def fill_hands(one: Handshake) -> None:
    """Somebody is there who could take the tasks, and has no room now: so they wait."""
    one.state("amira", "available")
    for n in range(3):
        [named] = one.post([mention(f"I have a question about your opening hours ({n})")])
        task_id = one.offer("amira", named["mention_id"])["task_id"]
        assert one.command("amira", task_id, "accept").status_code == 200
        assert one.command("amira", task_id, "reply", text="From nine to five.").status_code == 200


def audited(one: Handshake) -> int:
    """The auditor over the whole ledger: what rules did breaks no invariant of the engine."""
    key = next(user["key"] for user in one.run["users"] if user["name"] == "sofia")
    argv = [sys.executable, "-m", "app", "audit", f"{one.run['web']}/api/v1/facts", "--key", key]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr)
    return done.returncode
