"""Planted bugs: identity, ends, versions, edges, authority, deadlines, epochs (I2-I5, I13, I18)."""

from __future__ import annotations

from tests.audit.planting import (
    SYSTEM,
    History,
    Row,
    add,
    after,
    before,
    cut,
    drop,
    pick,
    place,
    plant,
    user,
)
from tests.audit.planting import renumber as again


@plant("I2", "the dedupe failed: a second task for the mention")
def second_task(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    add(h, queued, task_id="task-again", version=1)


@plant("I2", "a task changes its mention")
def changed_mention(h: History) -> None:
    pick(h, "offered")["mention_id"] = "somebody-else"


@plant("I2", "the task is created again after a restart")
def created_again(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    copy = add(h, queued)
    copy["from"], copy["version"] = "", 1


@plant("I3", "a second end: completed after it was cancelled")
def two_ends(h: History) -> None:
    ended = pick(h, "completed")
    add(h, ended, op="cancelled", to="cancelled", actor=user("sofia", "supervisor"), reason="x")


@plant("I3", "a reply to a completed task")
def reply_after_end(h: History) -> None:
    ended = pick(h, "completed")
    add(h, ended, op="replied", to="completed")


@plant("I3", "an ended task is offered again")
def offered_after_end(h: History) -> None:
    ended = pick(h, "completed")
    data = {"expires_ms": ended["now_ms"] + 3_000}
    add(h, ended, op="offered", to="offered", actor=SYSTEM, data=data)


@plant("I3", "a task is forgotten when the run has ended")
def forgotten(h: History) -> None:
    cut(h, pick(h, "cancelled"))


@plant("I4", "a fact is lost between outbox and ledger")
def lost_fact(h: History) -> None:
    h.facts.remove(pick(h, "accepted"))


@plant("I4", "the first fact of a task is lost")
def lost_birth(h: History) -> None:
    h.facts.remove(pick(h, "queued", lambda f: not f["from"]))


@plant("I4", "a lost update: two facts of one version")
def fork(h: History) -> None:
    offered = pick(h, "offered")
    offered["version"] -= 1


@plant("I4", "two facts of a task in the wrong order")
def swapped(h: History) -> None:
    at_risk = pick(h, "at_risk")
    one, two = place(h, at_risk), place(h, after(h, at_risk))
    h.facts[one], h.facts[two] = h.facts[two], h.facts[one]


@plant("I4", "a state changes between two facts")
def silent_state(h: History) -> None:
    pick(h, "prioritised", lambda f: f["from"] == "queued")["from"] = "parked"


@plant("I5", "a task is accepted without an offer")
def no_offer(h: History) -> None:
    drop(h, pick(h, "offered", lambda f: after(h, f)["op"] == "accepted"))


@plant("I5", "a task is completed while it waits")
def completed_waiting(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    cut(h, after(h, queued))
    add(h, queued, op="completed", to="completed", actor=SYSTEM)


@plant("I5", "another agent completes the owner's task")
def not_the_owner(h: History) -> None:
    pick(h, "completed", lambda f: f["from"] == "accepted")["actor"] = user("somebody")


@plant("I5", "an agent cancels a task")
def agent_cancels(h: History) -> None:
    pick(h, "cancelled")["actor"] = user("somebody")


@plant("I5", "an analyst changes a priority")
def analyst_prioritises(h: History) -> None:
    pick(h, "prioritised")["actor"] = user("anton", "analyst")


@plant("I5", "a transfer without a reason")
def no_reason(h: History) -> None:
    pick(h, "transferred")["reason"] = ""


@plant("I5", "a supervisor moves a task that waits to another queue")
def moved_while_waiting(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    told = {"actor": user("sofia", "supervisor"), "reason": "x", "data": {}}
    add(h, queued, op="transferred", to="queued", **told)


@plant("I5", "another engine moves a task to the queue where it waits")
def moved_nowhere(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    told = {"actor": SYSTEM, "reason": "x", "data": {}}
    add(h, queued, op="transferred", to="queued", **told)


@plant("I5", "parked without saying until when")
def parked_for_ever(h: History) -> None:
    pick(h, "parked")["data"] = {}


@plant("I5", "a parked task is woken too early")
def woken_early(h: History) -> None:
    woken = pick(h, "queued", lambda f: f["from"] and before(h, f)["op"] == "parked")
    before(h, woken)["data"]["until_ms"] = woken["now_ms"] + 60_000


@plant("I5", "wrap-up is ended by the timer before its time")
def wrap_cut_short(h: History) -> None:
    ended = pick(h, "completed", lambda f: f["actor"] == SYSTEM and _wrapped(h, f))
    before(h, ended)["data"]["ends_ms"] = ended["now_ms"] + 60_000


def _wrapped(h: History, ended: Row) -> bool:
    return bool(before(h, ended)["op"] == "wrapping")


@plant("I5", "the queue changes in silence")
def silent_queue(h: History) -> None:
    pick(h, "offered")["queue"] = "elsewhere"


@plant("I5", "the priority changes in silence")
def silent_priority(h: History) -> None:
    accepted = pick(h, "accepted")
    accepted["priority"] += 1


@plant("I5", "escalated by two levels at once")
def two_levels(h: History) -> None:
    pick(h, "escalated")["data"]["level"] += 1


@plant("I5", "escalated for no cause")
def no_cause(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    add(h, queued, op="escalated", to="queued", data={"level": 1})


@plant("I5", "an op that nobody knows")
def unknown_op(h: History) -> None:
    pick(h, "prioritised")["op"] = "polished"


@plant("I5", "offered to an agent who is pausing")
def offered_to_the_absent(h: History) -> None:
    offered = pick(h, "offered", lambda f: f["actor"] == SYSTEM)
    at = place(h, offered)
    told = [f for f in h.facts[:at] if f["op"] == "configured" and f["rep"] == offered["rep"]]
    told[-1]["data"]["rep"]["state"] = "paused"


@plant("I5", "offered to an agent without the skill")
def unskilled(h: History) -> None:
    offered = pick(h, "offered", lambda f: f["actor"] == SYSTEM)
    queued = pick(h, "queued", lambda f: f["task_id"] == offered["task_id"])
    queued["data"]["skills"] = ["heart-surgery"]


@plant("I13", "a transfer starts the window again")
def deadline_moves(h: History) -> None:
    transferred = pick(h, "transferred")
    transferred["deadline_ms"] += 20_000


@plant("I13", "the deadline is lost in a rebuild")
def deadline_lost(h: History) -> None:
    pick(h, "rescinded")["deadline_ms"] = 0


@plant("I13", "a deadline moves by one millisecond while parked")
def deadline_rounds(h: History) -> None:
    pick(h, "parked")["deadline_ms"] -= 1


@plant("I18", "an old owner writes after the new epoch began")
def zombie(h: History) -> None:
    new = pick(h, "offered", lambda f: f["epoch"] == "epoch-2")
    after(h, new)["epoch"] = "epoch-1"


@plant("I18", "a fact of a third epoch between two of one")
def flicker(h: History) -> None:
    pick(h, "accepted")["epoch"] = "epoch-0"


@plant("I18", "an old snapshot is served after the rebuild")
def old_snapshot(h: History) -> None:
    pick(h, "queued", lambda f: f["epoch"] == "epoch-2")
    h.facts[-1]["epoch"] = "epoch-1"
    again(h)


@plant("I18", "a wiped Redis goes on without an epoch")
def no_epoch(h: History) -> None:
    h.facts[place(h, pick(h, "accepted"))]["epoch"] = ""
