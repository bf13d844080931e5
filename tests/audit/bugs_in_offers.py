"""Planted bugs: owners, capacity, expiry, order, starvation (I6-I10)."""

from __future__ import annotations

from tests.audit.planting import (
    SYSTEM,
    History,
    Row,
    add,
    after,
    before,
    chain,
    cut,
    done,
    last_ms,
    pick,
    place,
    plant,
    user,
)


def _ours(fact: Row) -> bool:
    return bool(fact["actor"] == SYSTEM)


def _rep_of(h: History, fact: Row) -> Row:
    """The staff fact that held for this offer's rep."""
    at = place(h, fact)
    told = [f for f in h.facts[:at] if f["op"] == "configured" and f["rep"] == fact["rep"]]
    rep: Row = told[-1]["data"]["rep"]
    return rep


@plant("I6", "two agents accept one offer")
def two_accepts(h: History) -> None:
    accepted = pick(h, "accepted")
    add(h, accepted, rep="thief", actor=user("thief"))


@plant("I6", "an offer to a second agent while the first still has it")
def two_offers(h: History) -> None:
    offered = pick(h, "offered", lambda f: f["data"].get("attempt") == 1)
    add(h, offered, rep="thief", reservation_id=offered["reservation_id"] + "b")


@plant("I6", "an offer is accepted by whom it was not made to")
def wrong_accept(h: History) -> None:
    accepted = pick(h, "accepted")
    accepted["rep"], accepted["actor"] = "thief", user("thief")


@plant("I6", "two clients are told that the task is theirs")
def told_twice(h: History) -> None:
    told = done(h, "accept")
    h.client.append(told | {"op_id": "thief:accept:x", "rep": "thief"})


@plant("I7", "the load is not counted: one offer too many")
def over_capacity(h: History) -> None:
    offered = pick(h, "offered", _ours)
    _rep_of(h, offered)["capacity"] = 0


@plant("I7", "the weight of a task is ignored")
def weight_ignored(h: History) -> None:
    offered = pick(h, "offered", _ours)
    pick(h, "queued", lambda f: f["task_id"] == offered["task_id"])["data"]["weight"] = 9


@plant("I7", "the limit of a channel is ignored")
def channel_ignored(h: History) -> None:
    offered = pick(h, "offered", _ours)
    pick(h, "queued", lambda f: f["task_id"] == offered["task_id"])["data"]["channel"] = "phone"
    _rep_of(h, offered)["channels"] = {"phone": 0}


@plant("I7", "who has left the staff keeps a task")
def left_with_a_task(h: History) -> None:
    accepted = pick(h, "accepted")
    rep = _rep_of(h, accepted) | {"state": "offline", "left": True}
    fact = {"op": "configured", "op_id": "rep:left", "rep": rep["name"], "data": {"rep": rep}}
    h.facts.insert(place(h, accepted) + 1, fact | {"now_ms": accepted["now_ms"]})


@plant("I8", "accepted at the very expiry")
def accepted_at_expiry(h: History) -> None:
    accepted = pick(h, "accepted")
    before(h, accepted)["data"]["expires_ms"] = accepted["now_ms"]


@plant("I8", "rejected after the offer ran out")
def rejected_late(h: History) -> None:
    rejected = pick(h, "rejected", lambda f: before(h, f)["op"] == "offered")
    before(h, rejected)["data"]["expires_ms"] = rejected["now_ms"] - 1


@plant("I8", "an offer is taken back before it ran out")
def timed_out_early(h: History) -> None:
    timed_out = pick(h, "timed_out", lambda f: before(h, f)["op"] == "offered")
    before(h, timed_out)["data"]["expires_ms"] = timed_out["now_ms"] + 1


@plant("I8", "an offer that nobody ever takes back")
def never_ends(h: History) -> None:
    limit = last_ms(h) - 10_000
    offered = pick(h, "offered", lambda f: f["now_ms"] < limit)
    cut(h, after(h, offered))


@plant("I8", "the sweep slept: an offer ends late")
def ends_late(h: History) -> None:
    timed_out = pick(h, "timed_out", lambda f: before(h, f)["op"] == "offered")
    before(h, timed_out)["data"]["expires_ms"] = timed_out["now_ms"] - 2_500


@plant("I8", "a reservation is used a second time")
def reused(h: History) -> None:
    second = pick(h, "offered", lambda f: f["data"].get("attempt") == 2)
    first = pick(h, "offered", lambda f: f["task_id"] == second["task_id"])
    second["reservation_id"] = first["reservation_id"]


@plant("I8", "an answer to an older offer ends this one")
def other_reservation(h: History) -> None:
    accepted = pick(h, "accepted", lambda f: before(h, f)["data"].get("attempt", 1) > 1)
    accepted["reservation_id"] = f"{accepted['task_id']}:1"


@plant("I9", "the newest first")
def newest_first(h: History) -> None:
    """Another task that fits the rep is made more pressing than the one that was offered."""
    for offered in (f for f in h.facts if f["op"] == "offered" and _ours(f)):
        rep = _rep_of(h, offered)
        for queued in h.facts[: place(h, offered)]:
            if queued["op"] != "queued" or queued["from"] or not _fits(h, queued, offered, rep):
                continue
            first = chain(h, offered["task_id"])[0]
            if not (first["data"]["for_rep"] or queued["data"]["for_rep"]):
                queued["data"] |= {"order_ms": 1.0, "detected_ms": 0}
                return
    pick(h, "no such fact")


def _fits(h: History, queued: Row, offered: Row, rep: Row) -> bool:
    """Did this task wait, fresh from triage, when the other was offered to the rep?"""
    mine = chain(h, queued["task_id"])
    at = place(h, offered)
    waits = len(mine) > 1 and place(h, mine[1]) > at and queued["task_id"] != offered["task_id"]
    data = queued["data"]
    able = queued["queue"] in rep["queues"] and set(data["skills"]) <= set(rep["skills"])
    return waits and able and data["weight"] == 1


@plant("I9", "the priority is left out of the order")
def no_priority(h: History) -> None:
    queued = pick(h, "queued", lambda f: not f["from"] and f["priority"] > 0)
    queued["data"]["order_ms"] = queued["deadline_ms"]


@plant("I9", "a change of priority leaves the order as it was")
def stale_order(h: History) -> None:
    changed = pick(h, "prioritised", lambda f: f["priority"] != f["data"]["from_priority"])
    changed["data"]["order_ms"] = changed["deadline_ms"] + 1


@plant("I9", "offered again to who refused it while another was free")
def again_to_the_same(h: History) -> None:
    offered = pick(h, "offered", _ours)
    queued = pick(h, "queued", lambda f: f["task_id"] == offered["task_id"])
    rep = {
        "name": "idle", "skills": ["en", "de", "billing", "mediator"], "capacity": 9,
        "queues": ["urgent", "service", "sales", "escalation"], "state": "available",
    }  # fmt: skip
    # Just before the offer, so that nobody has waited long beside the idle one.
    idle = {"op": "configured", "op_id": "rep:idle", "now_ms": offered["now_ms"], "rep": "idle"}
    model = offered | {"data": dict(offered["data"])}
    rejected = add(h, offered, op="rejected", to="queued", actor=user(offered["rep"]), data={})
    model |= {"op_id": "planted:offer", "fact_id": "planted", "reservation_id": "planted"}
    add(h, rejected, **model)
    h.facts.insert(place(h, offered), idle | {"data": {"rep": rep}})
    assert queued["task_id"] == offered["task_id"]


@plant("I10", "a task is forgotten beside a free agent")
def starved(h: History) -> None:
    _idle_from(h, 0)


@plant("I10", "the router does not see who came back")
def unseen(h: History) -> None:
    _idle_from(h, h.facts[len(h.facts) // 3]["now_ms"])


@plant("I10", "an escalated task is not offered to the free mediator")
def mediator_forgotten(h: History) -> None:
    moved = pick(h, "escalated", lambda f: f["to"] == "queued" and f["now_ms"] < last_ms(h) - 9_000)
    cut(h, after(h, moved))
    rep = {"name": "idle", "skills": ["mediator"], "queues": ["escalation"]}
    _enrol(h, rep, moved["now_ms"])


def _idle_from(h: History, since_ms: int) -> None:
    """Somebody is free and able all the time, and one task waits and is never offered."""
    queued = pick(
        h, "queued",
        lambda f: not f["from"] and since_ms <= f["now_ms"] < last_ms(h) - 9_000
        and not f["data"]["for_rep"] and after(h, f)["op"] == "offered",
    )  # fmt: skip
    cut(h, after(h, queued))
    rep = {"name": "idle", "skills": queued["data"]["skills"], "queues": [queued["queue"]]}
    _enrol(h, rep, max(since_ms, h.facts[0]["now_ms"]))


def _enrol(h: History, rep: Row, now_ms: int) -> None:
    at = next(i for i, f in enumerate(h.facts) if f["now_ms"] >= now_ms)
    data = {"rep": rep | {"capacity": 9, "state": "available"}}
    fact = {"op": "configured", "op_id": "rep:idle", "now_ms": now_ms, "rep": "idle", "data": data}
    h.facts.insert(at, fact)
