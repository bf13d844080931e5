"""Planted bugs: half-time, the resolution clock, who is woken at a breach, moved deadlines."""

from __future__ import annotations

from tests.audit.planting import (
    History,
    Row,
    add,
    after,
    before,
    chain,
    cut,
    drop,
    last_ms,
    pick,
    plant,
    user,
)


def _steady(h: History, fact: Row) -> bool:
    """Its deadline never moved."""
    return all(f["reason"] != "policy" for f in chain(h, fact["task_id"]))


def _of_resolution(fact: Row) -> bool:
    return bool(fact["data"].get("clock") == "resolution")


def _policy(fact: Row) -> bool:
    return bool(fact["reason"] == "policy")


@plant("I12", "half of the time is over, and nobody is told")
def no_half_time(h: History) -> None:
    def long_before(fact: Row) -> bool:
        data = chain(h, fact["task_id"])[0]["data"]
        gone_on = max(f["now_ms"] for f in chain(h, fact["task_id"])) > data["half_ms"] + 7_000
        warned_later = data["half_ms"] + 7_000 < data["at_risk_ms"]
        answered = any(f["op"] == "replied" for f in chain(h, fact["task_id"]))
        return bool(gone_on and warned_later and _steady(h, fact) and not answered)

    drop(h, pick(h, "halfway", long_before))


@plant("I12", "half-time before half of the time")
def half_time_early(h: History) -> None:
    told = pick(h, "halfway", lambda f: _steady(h, f))
    chain(h, told["task_id"])[0]["data"]["half_ms"] += 3_000


@plant("I12", "half-time twice")
def half_time_twice(h: History) -> None:
    add(h, pick(h, "halfway"))


@plant("I11", "a parked task breaches and is not woken")
def not_woken(h: History) -> None:
    escalated = pick(
        h, "escalated", lambda f: f["to"] == "parked" and f["now_ms"] < last_ms(h) - 7_000
    )
    parked = [f for f in chain(h, escalated["task_id"]) if f["op"] == "parked"]
    for fact in parked:
        fact["data"]["until_ms"] += 60_000
    cut(h, after(h, escalated))


@plant("I11", "the time for the resolution is missed in silence")
def unresolved_in_silence(h: History) -> None:
    late = pick(h, "breached", lambda f: _of_resolution(f) and f["now_ms"] < last_ms(h) - 7_000)
    cut(h, late)


@plant("I11", "the resolution clock runs while the customer has to act")
def clock_runs_on(h: History) -> None:
    def stands(fact: Row) -> bool:
        first = chain(h, fact["task_id"])[0]
        return bool(fact["data"].get("waits_for") and first["data"]["resolution_due_ms"])

    parked = pick(h, "parked", stands)
    add(h, parked, op="breached", actor=_service(h), data={"clock": "resolution"}, reason="")


def _service(h: History) -> Row:
    actor: Row = pick(h, "offered", lambda f: f["actor"]["role"] == "service")["actor"]
    return actor


@plant("I11", "the time that a task stood still is not given back")
def time_lost(h: History) -> None:
    woken = pick(
        h, "queued", lambda f: f["from"] and f["data"].get("resolution_due_ms"),
    )  # fmt: skip
    woken["data"]["resolution_due_ms"] -= woken["now_ms"] - before(h, woken)["now_ms"] + 1


@plant("I11", "a wake-up does not tell when to resolve it by")
def time_untold(h: History) -> None:
    woken = pick(h, "queued", lambda f: f["from"] and f["data"].get("resolution_due_ms"))
    woken["data"].pop("resolution_due_ms")


@plant("I11", "the resolution breaches too early")
def unresolved_early(h: History) -> None:
    breached = pick(h, "breached", _of_resolution)
    for fact in chain(h, breached["task_id"]):
        if "resolution_due_ms" in fact["data"]:
            fact["data"]["resolution_due_ms"] += 9_000


@plant("I11", "the resolution breaches twice")
def unresolved_twice(h: History) -> None:
    add(h, pick(h, "breached", _of_resolution))


@plant("I13", "a new policy that does not name the deadline it moves")
def nameless_policy(h: History) -> None:
    changed = pick(h, "prioritised", _policy)
    changed["data"].pop("from_deadline_ms")


@plant("I13", "a supervisor moves a deadline")
def moved_by_hand(h: History) -> None:
    pick(h, "prioritised", _policy)["actor"] = user("sofia", "supervisor")


@plant("I13", "the thresholds are reckoned to another deadline")
def two_deadlines(h: History) -> None:
    pick(h, "queued", lambda f: not f["from"])["data"]["due_ms"] += 1_000
