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


# Nobody is there in this one, so whoever waits goes on waiting.
AROUND = """title = "Around"
[[rule]]
id = "third-time"
on = "mention"
when = "history.mentions_48h >= 2 && history.unanswered >= 2"
do = [{ priority = 91 }]
why = "The third time, and nobody has answered yet."

[[rule]]
id = "still-full"
on = "waiting"
after = "1m"
when = 'queue.waiting["service"] >= 3 && queue.free["service"] == 0'
do = [{ label = "still-full" }]
why = "It waits, and nobody is free."

[[row]]
id = "full"
when = 'queue.waiting["service"] >= 3 && queue.free["service"] == 0'
then = { queue = "sales", priority = 30 }
why = "The service is full."

[[row]]
id = "all"
when = "true"
then = { queue = "service", priority = 30 }
why = "Somebody should look."
"""


def with_rules(tmp_path: Path, rules: str = RULES) -> dict[str, str]:
    folder = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    shutil.rmtree(folder / "rules")
    (folder / "rules").mkdir()
    (folder / "rules" / "1.toml").write_text(rules, "utf-8")
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


def decided(one: Handshake, said: dict[str, Any]) -> dict[str, Any]:
    """What became of this mention: the data of its fact `decided`, and its id."""
    [named] = one.post([said])
    [fact] = wait_for(
        "the decision",
        lambda: one.facts("op = 'decided' AND mention_id = ?", named["mention_id"]),
    )
    return fact["data"] | {"mention_id": named["mention_id"]}


def test_rules_on_queues_and_history_act_by_what_watch_and_record_tell(tmp_path: Path) -> None:
    """A4.1, A4.2: a full queue sends the next mention elsewhere; the third time weighs more."""
    with running(tmp_path / "data", "--sla", "60s", env=with_rules(tmp_path, AROUND)) as one:
        wait_for("events to be ready", lambda: one.ready("events"), 30)
        first = [decided(one, mention(f"My parcel is broken ({n})")) for n in range(3)]
        assert [data["decision"]["rule"] for data in first] == ["all"] * 3

        def sent_away() -> dict[str, Any]:
            data = decided(one, mention("And mine, too"))
            return data if data["decision"]["rule"] == "full" else {}

        full = wait_for("a mention that goes elsewhere", sent_away)
        assert full["values"]["queues"]["service"][0] >= 3
        kim = {"handle": "@kim", "name": "Kim", "followers": 3}

        def third_time() -> dict[str, Any]:
            data = decided(one, mention("Where is it?", author=kim))
            return data if data["decision"]["priority"] == 91 else {}

        third = wait_for("a mention that weighs more", third_time)
        assert third["values"]["history.mentions_48h"] >= 2
        for data in (*first, full, third):
            path = f"/api/v1/mentions/{data['mention_id']}/why"
            assert one.call("GET", path, "sofia").json()["reevaluated"] == "same"
        waited = wait_for("a rule that looks again", lambda: acts(one, first[0]["mention_id"]), 30)
        assert [act["rule"] for act in waited] == ["still-full"]


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
