"""Planted bugs: loss, the SLA clock, clients, scores, dead letters (I1, I11, I12, I14-I16, ...)."""

from __future__ import annotations

from copy import deepcopy

from tests.audit.planting import (
    History,
    NoPlace,
    Row,
    add,
    after,
    chain,
    cut,
    done,
    drop,
    last_ms,
    pick,
    plant,
)


def _now(fact: Row) -> int:
    return int(fact["now_ms"])


@plant("I1", "an accepted delivery is committed, but never processed")
def never_processed(h: History) -> None:
    h.mentions.append({"src": "intake:lost", "mention_id": "lost"})


@plant("I1", "a worker died between receiving and deciding")
def no_decision(h: History) -> None:
    decided = pick(h, "decided", lambda f: not f["data"]["decision"]["queue"])
    drop(h, decided)


@plant("I1", "decided for a queue, but the task was never made")
def no_task(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"])
    cut(h, queued)


@plant("I1", "a delivery has two outcomes")
def two_outcomes(h: History) -> None:
    dead = pick(h, "dead")
    add(h, dead, op="duplicate", op_id=dead["op_id"], fact_id="planted", data={})


@plant("I1", "a dead letter swallowed without a fact")
def swallowed(h: History) -> None:
    dead = pick(h, "dead")
    h.dead[:] = [row for row in h.dead if row["src"] != dead["op_id"]]
    drop(h, dead)


def _late(h: History) -> Row:
    """A breach in time of a task that was not born late."""
    return pick(h, "breached", lambda f: chain(h, f["task_id"])[0]["now_ms"] < f["deadline_ms"])


@plant("I11", "a deadline is missed in silence")
def silent_miss(h: History) -> None:
    breached = _late(h)
    if breached["deadline_ms"] > last_ms(h) - 6_000:
        raise NoPlace
    cut(h, breached)


@plant("I11", "a reply after the deadline is counted as met")
def counted_as_met(h: History) -> None:
    replied = pick(h, "replied", lambda f: f["data"]["first"] and _now(f) < f["deadline_ms"])
    for fact in chain(h, replied["task_id"]):
        fact["deadline_ms"] = replied["now_ms"]


@plant("I11", "the breach is noticed late")
def noticed_late(h: History) -> None:
    breached = _late(h)
    for fact in chain(h, breached["task_id"]):
        fact["deadline_ms"] -= 6_000
    if "policy" in {fact["reason"] for fact in chain(h, breached["task_id"])}:
        raise NoPlace


@plant("I11", "a breach before the deadline")
def breached_early(h: History) -> None:
    breached = _late(h)
    for fact in chain(h, breached["task_id"]):
        fact["deadline_ms"] += 5_000


@plant("I11", "a breach that nobody was told of: no escalation")
def not_escalated(h: History) -> None:
    breached = _late(h)
    escalated = after(h, breached)
    if after(h, escalated)["now_ms"] > last_ms(h) - 6_000:
        raise NoPlace
    drop(h, *chain(h, breached["task_id"])[escalated["version"] - 1 :])


@plant("I11", "breached although it was answered in time")
def answered_and_breached(h: History) -> None:
    replied = pick(h, "replied", lambda f: f["data"]["first"] and _now(f) < f["deadline_ms"])
    for fact in chain(h, replied["task_id"]):
        fact["deadline_ms"] = replied["now_ms"] + 1
    add(h, replied, op="breached", now_ms=replied["now_ms"] + 1)


@plant("I12", "breached without a warning")
def no_warning(h: History) -> None:
    breached = _late(h)
    warned = pick(h, "at_risk", lambda f: f["task_id"] == breached["task_id"])
    drop(h, warned)


@plant("I12", "warned twice")
def two_warnings(h: History) -> None:
    add(h, pick(h, "at_risk"))


@plant("I12", "warned long before the threshold")
def warned_early(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"] and not _told_late(h, f))
    add(h, queued, op="at_risk", data={})


def _told_late(h: History, queued: Row) -> bool:
    window = queued["deadline_ms"] - queued["data"]["detected_ms"]
    return bool(queued["now_ms"] > queued["data"]["detected_ms"] + window * 0.5)


@plant("I12", "the warning is noticed late")
def warned_late(h: History) -> None:
    warned = pick(h, "at_risk", lambda f: _now(chain(h, f["task_id"])[0]) < _now(f) - 6_000)
    if "policy" in {fact["reason"] for fact in chain(h, warned["task_id"])}:
        raise NoPlace
    chain(h, warned["task_id"])[0]["data"]["at_risk_ms"] = warned["now_ms"] - 5_900


@plant("I14", "a command is done twice, because its op id was not looked up")
def done_twice(h: History) -> None:
    replied = pick(h, "replied")
    add(h, replied, op_id=replied["op_id"], fact_id=replied["fact_id"])


@plant("I14", "the same op id gets another answer")
def other_answer(h: History) -> None:
    told = deepcopy(done(h, "accept"))
    told["result"]["version"] += 1
    h.client.append(told)


@plant("I14", "asked again, a command that was done is refused")
def refused_after_done(h: History) -> None:
    h.client.append(done(h, "complete") | {"type": "fail", "status": 409})


@plant("I15", "a false 200: told as done, and nothing happened")
def false_ok(h: History) -> None:
    told = done(h, "reply") | {"op_id": "rep0:reply:ghost"}
    h.client.append(told)


@plant("I15", "an acknowledged command is gone after a crash")
def gone(h: History) -> None:
    told = done(h, "complete")
    facts = [f for f in h.facts if f["op_id"] == told["op_id"] and f["op"] == "completed"]
    if not facts:
        raise NoPlace
    drop(h, *facts)


@plant("I15", "told as one thing, written as another")
def other_op(h: History) -> None:
    done(h, "reject")["command"] = "accept"


@plant("I15", "told to one agent, written for another")
def other_rep(h: History) -> None:
    done(h, "reply")["rep"] = "somebody"


@plant("I16", "refused with 409, but it happened")
def false_refusal(h: History) -> None:
    told = done(h, "transfer")
    h.client[:] = [row for row in h.client if row["op_id"] != told["op_id"]]
    h.client.append(told | {"type": "fail", "status": 409})


@plant("I16", "the door was away: 503, but it happened")
def false_unavailable(h: History) -> None:
    told = done(h, "reply")
    h.client[:] = [row for row in h.client if row["op_id"] != told["op_id"]]
    h.client += [told | {"type": "info"}, told | {"type": "fail", "status": 503}]


@plant("I22", "decided without a score")
def unscored(h: History) -> None:
    drop(h, pick(h, "scored"))


@plant("I22", "a score that names no model")
def unsigned(h: History) -> None:
    pick(h, "scored")["data"]["score"]["model"] = ""


@plant("I22", "a model without the sum of its file")
def no_sum(h: History) -> None:
    pick(h, "scored")["data"]["score"]["model"] = "sentiment-l6"


@plant("I23", "told as dead, but the bytes were not kept")
def no_letter(h: History) -> None:
    pick(h, "dead")
    h.dead.pop(0)


@plant("I23", "a letter of which the ledger does not know")
def no_fact(h: History) -> None:
    h.dead.append({"src": "intake:ghost", "sha256": "00" * 32})


@plant("I23", "the bytes of a dead letter were changed")
def other_bytes(h: History) -> None:
    pick(h, "dead")
    h.dead[0]["sha256"] = "00" * 32


@plant("I23", "a dead letter was cut short")
def cut_short(h: History) -> None:
    pick(h, "dead")["data"].pop("sha256")
    h.dead[0]["size"] -= 1


@plant("I23", "a letter is kept twice")
def two_letters(h: History) -> None:
    pick(h, "dead")
    h.dead.append(dict(h.dead[0]))
