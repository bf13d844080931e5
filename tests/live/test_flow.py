"""From a mention to a completed task: offers, replies, time-outs, the SLA clock, the ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live import topics
from tests.live.running import ROOT, Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

EMERGENCY = "There is smoke coming out of the engine and nobody answers the emergency number!"
COMPLAINT = "Your service is terrible, my parcel is broken and nobody cares. I am very angry."
OFFER_S, SLA_S = 3.0, 15.0
AGENTS = ("amira", "ben", "chiara", "miriam")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handshake]:
    folder = tmp_path_factory.mktemp("flow")
    with running(folder, "--offer", f"{OFFER_S:.0f}s", "--sla", f"{SLA_S:.0f}s") as instance:
        yield instance


@pytest.fixture(autouse=True)
def nothing_is_left_to_the_next_test(one: Handshake) -> Iterator[None]:
    yield
    wait_for("an empty floor", lambda: work_off(one), 20)
    for name in AGENTS:
        one.state(name, "offline")


def work_off(one: Handshake) -> bool:
    """Everybody completes what they hold; True once no task is open."""
    for name in AGENTS:
        one.state(name, "available")
        desk = one.desk(name)
        if desk["offer"]:
            one.command(name, desk["offer"]["task_id"], "accept")
        for card in one.desk(name)["tasks"]:
            one.command(name, card["task_id"], "complete", code="passed_on")
    return one.call("GET", "/api/v1/tasks", "sofia").json() == []


def test_from_mention_to_history(one: Handshake) -> None:
    sent = mention(EMERGENCY, channel="x")
    one.state("ben", "available")
    [named] = one.post([sent])
    mention_id = named["mention_id"]
    card = one.offer("ben", mention_id)
    assert (card["queue"], card["sla"]) == ("urgent", "ok")
    assert card["mention"]["text"] == EMERGENCY
    assert card["reason"]
    task = card["task_id"]
    refused = one.command("chiara", task, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yours")
    assert one.command("ben", task, "accept").status_code == 200
    late = one.command("chiara", task, "accept")
    assert (late.status_code, late.json()["code"]) == (409, "taken")
    assert one.command("ben", task, "reply", text="Please leave the aircraft.").status_code == 200
    assert one.command("ben", task, "complete", code="resolved").status_code == 200

    wait_for("completed", lambda: "completed" in one.ops(mention_id))
    trail = one.trail(mention_id)
    assert [fact["op"] for fact in trail] == [
        "received", "scored", "identified", "decided", "queued",
        "offered", "accepted", "replied", "completed",
    ]  # fmt: skip
    of_task = [fact for fact in trail if fact.get("task_id")]
    assert [fact["version"] for fact in of_task] == [1, 2, 3, 4, 5]
    assert all(fact["source_id"] == sent["id"] for fact in trail)
    assert of_task[-1]["data"]["sla"] == "met"
    served = one.call("GET", f"/api/v1/mentions/{mention_id}/why", "ben").json()
    assert [fact["fact_id"] for fact in served["facts"]] == [fact["fact_id"] for fact in trail]
    wait_for("the history", lambda: kinds(one, mention_id) == {"said", "replied", "completed"})

    wanted = {fact["fact_id"] for fact in trail}
    messages = topics.read(
        one.run["kafka"]["bootstrap"], "facts", lambda found: wanted <= fact_ids(found)
    )
    mine = [json.loads(m.value or b"") for m in messages if fact_ids([m]) & wanted]
    assert {m["fact_id"]: m["op"] for m in mine} == {f["fact_id"]: f["op"] for f in trail}


def kinds(one: Handshake, mention_id: str) -> set[str]:
    return {kind for (kind,) in one.sql("SELECT kind FROM history WHERE mention_id=?", mention_id)}


def fact_ids(messages: list[topics.Message]) -> set[str]:
    return {json.loads(message.value or b"{}")["fact_id"] for message in messages}


def test_a_mention_straight_on_the_topic(one: Handshake) -> None:
    sent = mention(EMERGENCY, channel="x")
    one.state("chiara", "available")
    topics.write(one.run["kafka"]["bootstrap"], [json.dumps(sent).encode()])
    rows = wait_for(
        "its decision",
        lambda: [f for f in one.facts("op = 'decided'") if f["source_id"] == sent["id"]],
    )
    card = one.offer("chiara", rows[0]["mention_id"])
    assert card["mention"]["author"]["handle"] == sent["author"]["handle"]


def test_reject_and_transfer_reach_somebody_else(one: Handshake) -> None:
    one.state("ben", "available")
    [named] = one.post([mention(EMERGENCY)])
    card = one.offer("ben", named["mention_id"])
    task = card["task_id"]
    assert one.command("ben", task, "reject", reason="my break begins").status_code == 200
    one.state("chiara", "available")
    assert one.offer("chiara", named["mention_id"])["task_id"] == task
    assert one.command("chiara", task, "accept").status_code == 200
    moved = one.command("chiara", task, "transfer", queue="escalation", reason="needs a mediator")
    assert moved.status_code == 200, moved.text
    one.state("miriam", "available")
    assert one.offer("miriam", named["mention_id"])["queue"] == "escalation"


def test_the_same_command_twice_is_one_fact(one: Handshake) -> None:
    one.state("ben", "available")
    named = one.post([mention(EMERGENCY), mention(EMERGENCY)])
    for _ in named:
        card = wait_for("an offer", lambda: one.desk("ben")["offer"])
        for _ in range(2):  # the same key again, as after a lost answer
            answer = one.command("ben", card["task_id"], "accept", key="k1")
            assert answer.status_code == 200, answer.text
    ids = [one_named["mention_id"] for one_named in named]
    # One key for two tasks is the client's mistake, but no reason to lose a fact.
    wait_for("a fact of each", lambda: all("accepted" in one.ops(id_) for id_ in ids), 5)
    assert [one.ops(id_).count("accepted") for id_ in ids] == [1, 1]


def test_an_offer_that_times_out_goes_to_the_next(one: Handshake) -> None:
    one.state("ben", "available")
    [named] = one.post([mention(EMERGENCY)])
    card = one.offer("ben", named["mention_id"])
    one.state("chiara", "available")
    again = one.offer("chiara", named["mention_id"], OFFER_S + 3)
    assert (again["task_id"], again["due_ms"]) == (card["task_id"], card["due_ms"])
    me = one.desk("ben")["me"]
    assert (me["state"], me["reason"]) == ("paused", "missed an offer")
    late = one.command("ben", card["task_id"], "accept")
    assert (late.status_code, late.json()["code"]) in ((409, "not_yours"), (409, "expired"))
    trail = one.trail(named["mention_id"])
    missed = next(fact for fact in trail if fact["op"] == "timed_out")
    offered = next(fact for fact in trail if fact["op"] == "offered")
    assert missed["rep"] == "ben"
    assert OFFER_S <= (missed["now_ms"] - offered["now_ms"]) / 1000 <= OFFER_S + 1.0


def test_at_risk_breach_and_escalation(one: Handshake) -> None:
    [named] = one.post([mention(COMPLAINT)])
    mention_id = named["mention_id"]
    decided = wait_for("decided", lambda: one.facts("op='decided' AND mention_id=?", mention_id))
    assert decided[0]["data"]["decision"]["queue"] == "service"
    wait_for("the escalation", lambda: "escalated" in one.ops(mention_id), SLA_S + 5)
    facts = {fact["op"]: fact for fact in one.trail(mention_id)}
    detected_ms = facts["queued"]["deadline_ms"] - SLA_S * 1000
    assert 0.8 * SLA_S <= (facts["at_risk"]["now_ms"] - detected_ms) / 1000 <= 0.8 * SLA_S + 1
    assert SLA_S <= (facts["breached"]["now_ms"] - detected_ms) / 1000 <= SLA_S + 1
    assert facts["escalated"]["queue"] == "escalation"
    one.state("miriam", "available")
    card = one.offer("miriam", mention_id)
    assert (card["sla"], card["level"], card["queue"]) == ("breached", 1, "escalation")
    floor = one.call("GET", "/api/v1/floor", "sofia").json()
    assert floor["totals"]["breached"] >= 1
    assert one.command("miriam", card["task_id"], "accept").status_code == 200
    assert one.command("miriam", card["task_id"], "reply", text="I take over.").status_code == 200
    samples = one.metrics()
    name = "handshake_sla_outcome_total"
    assert samples[name, (("outcome", "at_risk"), ("queue", "service"))] >= 1
    assert samples[name, (("outcome", "breached"), ("queue", "service"))] >= 1


def test_an_edit_and_back_keeps_the_card_whole(one: Handshake) -> None:
    sent = mention(EMERGENCY, channel="x")
    [named] = one.post([sent])
    wait_for("queued", lambda: "queued" in one.ops(named["mention_id"]))
    one.post([sent | {"text": EMERGENCY + " Please hurry."}, sent])  # an edit, and taken back
    wait_for("both edits", lambda: one.ops(named["mention_id"]).count("edited") == 2)
    one.state("ben", "available")
    card = one.offer("ben", named["mention_id"])
    assert card["mention"]["text"] == EMERGENCY
    assert all(card[part] for part in ("score", "profile", "reason")), card


def test_an_offline_interaction_and_feedback_are_in_the_history_that_the_ledger_makes_again(
    one: Handshake,
) -> None:
    """A7.1, A7.3, A7.4: written down, said to our response; a rebuild finds nothing to mend."""
    author = {"handle": f"kim_{uuid.uuid4().hex[:8]}"}
    key = f"x:{author['handle']}"
    one.state("ben", "available")
    [named] = one.post([mention(EMERGENCY, channel="x", author=author)])
    task = one.offer("ben", named["mention_id"])["task_id"]
    assert one.command("ben", task, "accept").status_code == 200
    assert one.command("ben", task, "reply", text="Help is on its way.").status_code == 200
    assert one.command("ben", task, "complete", code="resolved").status_code == 200
    call = {"kind": "phone", "person": key, "text": "They called: all is well.", "upshot": ""}
    headers = {"Idempotency-Key": "call"}
    answer = one.call("POST", "/api/v1/history", "ben", json=call, headers=headers)
    assert answer.status_code == 202, answer.text
    lines = wait_for("reply and call", lambda: of_kinds(one, key, {"replied", "offline"}))
    thanks = mention("Thank you so much, that was a great answer!", channel="x", author=author)
    one.post([thanks])
    lines = wait_for("the feedback", lambda: of_kinds(one, key, {"feedback"}))
    assert lines["feedback"]["about"] == lines["replied"]["fact_id"]
    assert lines["feedback"]["upshot"] == lines["said"]["matter"]["feedback"] == "satisfied"
    assert lines["said"]["matter"]["upshot"] == "resolved"
    decided = [f for f in one.facts("op = 'decided'") if f["source_id"] == thanks["id"]]
    assert [fact["data"]["clock"] for fact in decided] == ["next_response"]
    argv = [sys.executable, "-m", "app", "history", "rebuild", "--check"]
    argv += ["--data-dir", str(one.data_dir)]
    check = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout
    assert "the history is what the ledger says" in check.stdout


def of_kinds(one: Handshake, key: str, kinds: set[str]) -> dict[str, Any]:
    """This person's newest line of each kind; empty unless all of these are there."""
    found = one.call("GET", "/api/v1/history", "sofia", params={"person": key}).json()["lines"]
    lines = {line["kind"]: line for line in reversed(found)}
    return lines if kinds <= lines.keys() else {}
