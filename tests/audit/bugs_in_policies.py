"""Planted bugs: relaxed skills, kept tasks, interruptions, timers, calendars, the mediator."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.planting import (
    SYSTEM,
    History,
    NoPlace,
    Row,
    add,
    after,
    before,
    chain,
    cut,
    drop,
    last_ms,
    pick,
    place,
    plant,
    user,
)

_IDLE_QUEUES = ["urgent", "service", "sales", "escalation"]
_ALL_SKILLS = ["en:2", "de:2", "billing:2", "mediator:2"]


def _first(h: History, fact: Row) -> Row:
    return chain(h, fact["task_id"])[0]


def _steady(h: History, fact: Row) -> bool:
    """Its deadline never moved."""
    return all(f["reason"] != "policy" for f in chain(h, fact["task_id"]))


def _reason(text: str) -> Callable[[Row], bool]:
    return lambda fact: bool(fact["reason"] == text)


def _urgent(fact: Row) -> bool:
    return bool(fact["data"].get("override") == "preempts")


def _enrol(h: History, at: int, now_ms: int, skills: list[str], queues: list[str]) -> None:
    rep = {"name": "idle", "skills": skills, "queues": queues, "capacity": 9}
    data = {"rep": rep | {"state": "available"}}
    fact = {"op": "configured", "op_id": "rep:idle", "now_ms": now_ms, "rep": "idle", "data": data}
    h.facts.insert(at, fact)


# interruptions


@plant("I7", "an urgent task is taken although nothing was put down for it")
def nothing_put_down(h: History) -> None:
    cut(h, pick(h, "parked", _reason("pre-empted")))


@plant("I5", "work is interrupted for a task that may not")
def needless_interruption(h: History) -> None:
    parked = pick(h, "parked", _reason("pre-empted"))
    for fact in h.facts[: place(h, parked)]:
        if _urgent(fact) and fact["rep"] == parked["rep"]:
            fact["data"].pop("override")


@plant("I5", "interrupted work is kept for somebody else")
def kept_for_another(h: History) -> None:
    pick(h, "parked", _reason("pre-empted"))["data"]["for_rep"] = "somebody"


@plant("I5", "interrupted work comes back while the urgent task is in hand")
def back_too_soon(h: History) -> None:
    add(h, pick(h, "parked", _reason("pre-empted")), op="queued", to="queued", data={}, reason="")


@plant("I5", "the service parks a task for no reason of its own")
def service_parks(h: History) -> None:
    pick(h, "parked", _reason("later"))["actor"] = SYSTEM


@plant("I5", "somebody else takes up what an agent parked")
def resumed_by_another(h: History) -> None:
    woken = pick(h, "queued", lambda f: f["actor"]["role"] == "agent")
    woken["actor"] = user("somebody")


@plant("I9", "work is interrupted while somebody was free")
def interrupted_beside_the_free(h: History) -> None:
    offered = pick(h, "offered", _urgent)
    _enrol(h, place(h, offered), offered["now_ms"], _ALL_SKILLS, _IDLE_QUEUES)


# timers


@plant("I8", "a wrap-up that never ends")
def wrapping_for_ever(h: History) -> None:
    cut(h, after(h, pick(h, "wrapping", lambda f: f["now_ms"] < last_ms(h) - 5_000)))


@plant("I8", "a parked task is forgotten")
def parked_and_forgotten(h: History) -> None:
    cut(h, after(h, pick(h, "parked", lambda f: f["now_ms"] < last_ms(h) - 9_000)))


@plant("I8", "a silent owner keeps the task")
def silent_owner(h: History) -> None:
    back = pick(h, "transferred", _reason("no_first_reply"))
    if back["now_ms"] > last_ms(h) - 4_000:
        raise NoPlace
    cut(h, back)


@plant("I5", "a task is taken back from an owner who had replied")
def taken_from_the_diligent(h: History) -> None:
    owned = before(h, pick(h, "transferred", _reason("no_first_reply")))
    add(h, owned, op="replied", actor=user(owned["rep"]), data={"text": "", "first": True})


@plant("I5", "a task is taken back before its owner's time is over")
def taken_back_early(h: History) -> None:
    back = pick(h, "transferred", _reason("no_first_reply"))
    mine = [f for f in chain(h, back["task_id"]) if f["seq"] < back["seq"]]
    next(f for f in reversed(mine) if f["op"] == "accepted")["data"]["reply_by_ms"] += 9_000


# the mediator


@plant("I5", "the third hand-off does not reach the mediator")
def no_mediator(h: History) -> None:
    drop(h, pick(h, "escalated", _reason("third hand-off")))


@plant("I5", "the third hand-off ends in another queue")
def wrong_mediator(h: History) -> None:
    pick(h, "escalated", _reason("third hand-off"))["queue"] = "service"


@plant("I5", "a bounced task is handed on once more")
def bounced_again(h: History) -> None:
    moved = pick(h, "escalated", _reason("third hand-off"))
    model = pick(h, "transferred", lambda f: f["task_id"] == moved["task_id"])
    data = {"from_queue": "escalation", "skills": []}
    add(h, moved, op="transferred", **{"from": "queued"}, actor=model["actor"], queue="sales",
        reason="not mine", data=data)  # fmt: skip


@plant("I5", "a breach is told as a third hand-off")
def no_third(h: History) -> None:
    escalated = pick(h, "escalated", lambda f: f["data"]["level"] == 1)
    escalated["reason"] = "third hand-off"


# skills and queues


def _delay_steps(h: History, offered: Row) -> None:
    for fact in chain(h, offered["task_id"]):
        if "steps" in fact["data"]:
            fact["data"]["steps"] = [[at + 60_000, *rest] for at, *rest in fact["data"]["steps"]]


@plant("I5", "a skill is dropped before its time")
def relaxed_early(h: History) -> None:
    _delay_steps(h, pick(h, "offered", lambda f: "skills" in f["data"]))


@plant("I5", "a skill is dropped that no policy drops")
def relaxed_for_nothing(h: History) -> None:
    offered = pick(
        h, "offered",
        lambda f: "skills" not in f["data"] and f["version"] == 2
        and _first(h, f)["data"]["skills"] and not _first(h, f)["data"]["steps"],
    )  # fmt: skip
    offered["data"]["skills"] = []


@plant("I5", "another queue's agents are asked before their time")
def overflowed_early(h: History) -> None:
    _delay_steps(h, pick(h, "offered", lambda f: f["data"].get("overflow")))


@plant("I5", "the level of a skill is ignored")
def level_ignored(h: History) -> None:
    offered = pick(h, "offered", lambda f: f["actor"] == SYSTEM)
    for fact in chain(h, offered["task_id"]):
        if "skills" in fact["data"]:
            fact["data"]["skills"] = [f"{s.partition(':')[0]}:9" for s in fact["data"]["skills"]]
    if not _first(h, offered)["data"]["skills"]:
        raise NoPlace


@plant("I10", "a task that asks for less by now is still not offered")
def relaxed_but_forgotten(h: History) -> None:
    def drops(fact: Row) -> bool:
        steps = fact["data"].get("steps") or [[0, "", ""]]
        late = steps[0][0] < last_ms(h) - 9_000
        return bool(steps[0][1] == "drop" and late and not fact["data"]["for_rep"])

    queued = pick(h, "queued", drops)
    dropped = queued["data"]["steps"][0][2]
    cut(h, after(h, queued))
    skills = [s for s in queued["data"]["skills"] if s.partition(":")[0] != dropped]
    _enrol(h, place(h, queued), queued["now_ms"], skills, [queued["queue"]])


@plant("I10", "told that nobody can take it, while somebody could")
def false_unroutable(h: History) -> None:
    told = pick(h, "unroutable", lambda f: f["now_ms"] > before(h, f)["now_ms"] + 5_500)
    _enrol(h, place(h, before(h, told)), before(h, told)["now_ms"], _ALL_SKILLS, _IDLE_QUEUES)


@plant("I5", "unroutable for a cause that is none")
def no_such_cause(h: History) -> None:
    pick(h, "unroutable")["reason"] = "bad luck"


@plant("I5", "the same cause is told twice")
def cause_twice(h: History) -> None:
    add(h, pick(h, "unroutable"))


@plant("I9", "a task kept for its own agent goes to another")
def not_kept(h: History) -> None:
    for offered in (f for f in h.facts if f["op"] == "offered" and f["version"] == 2):
        first = _first(h, offered)
        told = [f for f in h.facts[: place(h, offered)] if f["op"] == "configured"]
        state = {f["rep"]: (f["data"]["rep"]["state"], f["now_ms"]) for f in told}
        for name, (what, since) in state.items():
            if what == "available" and since <= first["now_ms"] and name != offered["rep"]:
                first["data"] |= {"for_rep": name, "for_until_ms": offered["now_ms"] + 9_000}
                return
    raise NoPlace


@plant("I9", "room is not saved for a heavy task that can wait no longer")
def room_not_saved(h: History) -> None:
    for offered in (f for f in h.facts if f["op"] == "offered" and f["actor"]["id"] == "door"):
        at = place(h, offered)
        told = [f for f in h.facts[:at] if f["op"] == "configured" and f["rep"] == offered["rep"]]
        rep = told[-1]["data"]["rep"]
        first = _first(h, offered)
        if _urgent(offered) or first["data"]["for_rep"] or not _holds(h, offered):
            continue
        for heavy in h.facts[:at]:
            if heavy["op"] == "queued" and not heavy["from"] and _waits(h, heavy, offered, rep):
                changed = {"order_ms": 1.0, "detected_ms": 0, "weight": rep["capacity"]}
                heavy["data"] |= changed | {"channel": "x", "steps": []}
                return
    raise NoPlace


def _holds(h: History, offered: Row) -> bool:
    """Has the rep of this offer something in hand?"""
    at = place(h, offered)
    mine = [f for f in h.facts[:at] if f["op"] == "accepted" and f["rep"] == offered["rep"]]
    return any(place(h, after_or_self(h, fact)) > at for fact in mine)


def after_or_self(h: History, fact: Row) -> Row:
    """The first fact of the task by which its state changes."""
    later = [f for f in chain(h, fact["task_id"]) if f["seq"] > fact["seq"]]
    return next((f for f in later if f["from"] != f["to"]), fact)


def _waits(h: History, queued: Row, offered: Row, rep: Row) -> bool:
    mine = chain(h, queued["task_id"])
    at = place(h, offered)
    fresh = len(mine) > 1 and place(h, mine[1]) > at and queued["task_id"] != offered["task_id"]
    data = queued["data"]
    able = queued["queue"] in rep["queues"] and set(data["skills"]) <= set(rep["skills"])
    return fresh and able and not data["for_rep"]
