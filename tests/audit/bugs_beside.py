"""Planted bugs beside the facts: live state, pushes, roles, figures, the chain, erasure, growth."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from tests.audit.judging import sealed
from tests.audit.planting import History, NoPlace, Row, pick, plant


def _live(h: History, state: str = "") -> Row:
    for row in h.snapshot.get("tasks", ()):
        if row["state"] not in ("completed", "cancelled") and state in ("", row["state"]):
            task: Row = row
            return task
    raise NoPlace


@plant("I17", "a rebuild loses a task")
def lost_in_rebuild(h: History) -> None:
    h.snapshot["tasks"].remove(_live(h))


@plant("I17", "a rebuild gives a task to another agent")
def other_owner(h: History) -> None:
    _live(h, "accepted")["rep"] = "thief"


@plant("I17", "a rebuild reckons a deadline anew")
def other_deadline(h: History) -> None:
    _live(h)["deadline_ms"] += 1


@plant("I17", "a rebuild is one version behind")
def old_version(h: History) -> None:
    _live(h)["version"] -= 1


@plant("I17", "a rebuild brings back a task that has ended")
def undead(h: History) -> None:
    for row in h.snapshot.get("tasks", ()):
        if row["state"] == "completed":
            row["state"] = "queued"
            return
    raise NoPlace


@plant("I17", "a live task of which the ledger knows nothing")
def ghost(h: History) -> None:
    h.snapshot["tasks"].append(_live(h) | {"task_id": "ghost"})


def _push(h: History, event: str) -> int:
    at = [i for i, row in enumerate(h.pushes) if row["event"] == event and row["seq"] > 1]
    if not at:
        raise NoPlace
    return at[0]


@plant("I19", "a push is lost between server and browser")
def lost_push(h: History) -> None:
    at = _push(h, "offer")
    if not any(p["conn"] == h.pushes[at]["conn"] and p["rep"] == h.pushes[at]["rep"]
               for p in h.pushes[at + 1 :]):  # fmt: skip
        raise NoPlace
    h.pushes.pop(at)


@plant("I19", "a push comes twice")
def push_twice(h: History) -> None:
    at = _push(h, "offer_ended")
    h.pushes.insert(at, h.pushes[at])


@plant("I19", "an offer is answered by whose browser never had it")
def never_pushed(h: History) -> None:
    accepted = pick(h, "accepted")
    for row in h.pushes:
        if (row["rep"], row["task"], row["event"]) == (
            accepted["rep"],
            accepted["task_id"],
            "offer",
        ):
            row["event"] = "me"


@plant("I19", "an agent is pushed the task of another team")
def other_team(h: History) -> None:
    told = {f["rep"]: f["data"]["rep"] for f in h.facts if f["op"] == "configured"}
    offers = {(f["rep"], f["task_id"]) for f in h.facts if f["op"] == "offered"}
    for task in (f for f in h.facts if f["op"] == "queued" and not f["from"]):
        queues = {f["queue"] for f in h.facts if f.get("task_id") == task["task_id"]}
        for name, rep in told.items():
            if not queues & set(rep["queues"]) and (name, task["task_id"]) not in offers:
                row = {"type": "push", "rep": name, "conn": "other", "seq": 1, "event": "queue"}
                h.pushes.append(row | {"task": task["task_id"]})
                return
    raise NoPlace


@plant("I20", "somebody acts whom nobody knows")
def stranger(h: History) -> None:
    accepted = pick(h, "accepted")
    h.users[:] = [row for row in h.users if row["name"] != accepted["rep"]]


@plant("I20", "an agent acts as a supervisor")
def usurper(h: History) -> None:
    cancelled = pick(h, "cancelled")
    next(row for row in h.users if row["name"] == cancelled["actor"]["id"])["role"] = "agent"


@plant("I20", "a session outlives its user")
def outlived(h: History) -> None:
    replied = pick(h, "replied")
    for row in h.users:
        if row["name"] == replied["rep"]:
            row["until_ms"] = replied["now_ms"]


@plant("I20", "a part of the system acts as a supervisor")
def promoted_part(h: History) -> None:
    pick(h, "offered")["actor"] = {"type": "system", "id": "door", "role": "supervisor"}


@plant("I21", "a task is in no state")
def stateless(h: History) -> None:
    h.samples[len(h.samples) // 2]["created"] += 1


@plant("I21", "the figures come from somewhere else than the state")
def other_figures(h: History) -> None:
    last = h.samples[-1]
    last["queued"], last["created"] = last["queued"] + 1, last["created"] + 1


@plant("I21", "completed tasks become fewer")
def fewer(h: History) -> None:
    late = next((row for row in h.samples if row["completed"]), None)
    if late is None or late is h.samples[-1]:
        raise NoPlace
    after = h.samples[h.samples.index(late) + 1]
    after["queued"], after["completed"] = after["queued"] + after["completed"], 0


def _forge(h: History, forge: Any) -> None:
    if len(h.facts) < 9:
        raise NoPlace
    h.forged.append(forge)


@plant("I24", "a fact is altered in the store")
def altered(h: History) -> None:
    _forge(h, lambda facts: facts[4]["data"].update({"text": "never said"}))


@plant("I24", "a fact is removed from the store")
def removed(h: History) -> None:
    _forge(h, lambda facts: facts.pop(4))


@plant("I24", "a fact is put into the store")
def put_in(h: History) -> None:
    _forge(h, lambda facts: facts.insert(4, facts[3] | {"fact_id": "new", "op_id": "new"}))


@plant("I24", "the end of the ledger is cut off")
def cut_off(h: History) -> None:
    _forge(h, lambda facts: facts.pop())


@plant("I24", "a fact is written past the chain")
def unchained(h: History) -> None:
    _forge(h, lambda facts: facts[5].pop("chain"))


@plant("I24", "the whole ledger is written anew from an altered fact on")
def written_anew(h: History) -> None:
    def forge(facts: list[Row]) -> None:
        facts[4]["data"]["text"] = "never said"
        facts[:] = sealed([{k: v for k, v in f.items() if k != "chain"} for f in facts])

    _forge(h, forge)


@plant("I25", "an erased text is still in a log")
def still_there(h: History) -> None:
    h.disk["logs/door.log"] += f"text={h.canaries[0]}".encode()


@plant("I25", "an erased text is still there, escaped")
def still_escaped(h: History) -> None:
    h.disk["facts.jsonl"] = json.dumps({"data": json.dumps({"text": h.canaries[0]})}).encode()


@plant("I25", "an erased text is still there in base64")
def still_coded(h: History) -> None:
    h.disk["dead.jsonl"] = base64.b64encode(f"xx{h.canaries[1]}yyy".encode())


@plant("I25", "an erased text is still there, packed")
def still_packed(h: History) -> None:
    h.disk["logs/old.gz"] = gzip.compress(f"text={h.canaries[1]}".encode())


@plant("I25", "half of an erased text is left at the end of a page")
def still_half(h: History) -> None:
    h.disk["store"] += h.canaries[1][:18].encode() + b"\0" * 40


@plant("I26", "a process grows past its ceiling")
def past_ceiling(h: History) -> None:
    h.resources[9]["fds"] = 65


@plant("I26", "memory creeps up below its ceiling")
def creeps_up(h: History) -> None:
    for minute, row in enumerate(h.resources[1:]):
        row["rss"] = 200e6 + minute * 50e3


@plant("I26", "a label for each customer")
def labels_grow(h: History) -> None:
    for minute, row in enumerate(h.resources[1:]):
        row["labels"] = 300 + minute
