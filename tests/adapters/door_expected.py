"""What the keys of the door must hold if the model is right: each of them, and no other."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.adapters.door_model import REPS, Task
from tests.adapters.door_model_commands import Model

# Not task state, or compared field by field.
_ELSEWHERE = ("hs:task:", "hs:ops:", "hs:refusals:", "hs:seen:", "hs:src:", "hs:reps", "hs:queues")

# Fields of the task's hash by their names here; the rest has no other name.
_FIELDS = {
    "half": "half_ms",
    "at_risk": "at_risk_ms",
    "due": "due_ms",
    "resolution": "resolution_ms",
    "left": "left_ms",
    "order": "order_ms",
    "entered": "entered_ms",
    "expires": "expires_ms",
    "first_reply": "first_reply_ms",
    "wrap_ends": "wrap_ends_ms",
    "until": "until_ms",
}
_ALWAYS = ("state", "queue", "skills", "sla", "level", "hops", "order", "half", "at_risk", "due")
_ALWAYS += ("resolution", "left", "priority", "attempt", "missed", "version")
_BY_STATE = {
    "queued": ("rep", "reservation", "entered", "for_rep", "unroutable"),
    "offered": ("rep", "reservation", "expires", "override"),
    "accepted": ("rep", "reservation", "first_reply"),
    "wrapping": ("rep", "reservation", "wrap_ends"),
    "parked": ("rep", "reservation", "until", "for_rep", "waits_for", "pushed_by"),
}


def check_tasks(model: Model, keys: dict[str, Any]) -> None:
    for task in model.tasks.values():
        found = keys[f"hs:task:{task.id}"]
        names = _ALWAYS + _BY_STATE.get(task.state, ())
        expected = {name: str(getattr(task, name)) for name in names}
        assert {name: found[_FIELDS.get(name, name)] for name in names} == expected
        assert (found["halfway"] == "1", found["reply"] != "") == (task.halfway, task.replied)
        assert found["lane"] == (task.lane.name if task.lane else "")


def check_reps(model: Model, keys: dict[str, Any]) -> None:
    assert keys.get("hs:reps", frozenset()) == frozenset(model.states)
    for name in REPS:
        found = keys[f"hs:rep:{name}"]
        if name not in model.states:
            assert list(found) == ["changes"]
            continue
        offer = model.offer_of(name)
        assert (found["state"], found["offer"]) == (model.states[name], offer.id if offer else "")
        assert float(found.get("load", 0)) == model.load(name)
        assert float(found.get("soft", 0)) == sum(task.weight for task in model.soft(name))
        counted: dict[str, int] = defaultdict(int)
        for task in model.held(name):
            counted[f"on:{task.channel}"] += 1
        assert counted == {k: int(v) for k, v in found.items() if k.startswith("on:") and v != "0"}


def check_indexes(model: Model, keys: dict[str, Any]) -> None:
    """Conservation: every index has what it should, and there is no other key."""
    expected = _of_people(model) | _of_tasks(model)
    found = {
        name: value
        for name, value in keys.items()
        if not name.startswith(_ELSEWHERE)
        and not (name.startswith("hs:rep:") and name.count(":") == 2)
    }
    assert found == {name: value for name, value in expected.items() if value}


def _of_people(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = {
        "hs:available": model.available,
        "hs:ready": {r: at for r, at in model.available.items() if model.is_ready(r)},
        "hs:soft": frozenset(rep for rep in REPS if model.soft(rep)),
        "hs:present": model.present,
        "hs:gone": model.gone,
        "hs:offers": {t.id: t.expires for t in model.tasks.values() if t.state == "offered"},
        "hs:timers": {f"{kind}|{id_}": at for (kind, id_), at in model.timers.items()},
        "hs:sla": model.sla_next,
    }
    for rep in REPS:
        found[f"hs:rep:{rep}:tasks"] = frozenset(task.id for task in model.held(rep))
        found[f"hs:rep:{rep}:parked"] = frozenset(
            t.id for t in model.tasks.values() if t.state == "parked" and t.for_rep == rep
        )
        found[f"hs:rep:{rep}:soft"] = frozenset(task.id for task in model.soft(rep))
    for id_, pushed in model.pushed.items():
        found[f"hs:pushed:{id_}"] = frozenset(pushed)
    return found


def _of_tasks(model: Model) -> dict[str, Any]:
    sets: dict[str, set[str]] = defaultdict(set)
    ordered: dict[str, dict[str, int]] = defaultdict(dict)
    for task in model.tasks.values():
        _index(task, sets, ordered)
    return ordered | {name: frozenset(members) for name, members in sets.items()}


def _index(task: Task, sets: dict[str, set[str]], ordered: dict[str, dict[str, int]]) -> None:
    if not task.open:
        return
    sets[f"hs:open:{task.queue}"].add(task.id)
    if task.sla in ("at_risk", "breached"):
        sets[f"hs:sla:{task.queue}:{task.sla}"].add(task.id)
    if task.refused:
        ordered[f"hs:refused:{task.id}"] = task.refused
    if task.lane:
        name = task.lane.name
        ordered[f"hs:lane:{name}"][task.id] = task.order
        ordered[f"hs:wait:{task.queue}"][task.id] = task.detected
        for key in ("hs:lanes", *(f"hs:lanes:{under}" for under in task.lane.sets)):
            sets[key].add(name)


class Chains:
    """Every history is a chain: versions without a gap, deadlines that move by policy alone."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, Any]] = {}
        self._ids: set[str] = set()

    def check(self, facts: list[dict[str, Any]]) -> None:
        for fact in facts:
            assert fact["fact_id"] not in self._ids
            self._ids.add(fact["fact_id"])
            if not fact.get("task_id"):
                continue
            last = self._last.get(fact["task_id"])
            assert fact["version"] == (last["version"] + 1 if last else 1)
            assert fact["from"] == (last["to"] if last else "")
            if last:
                assert last["to"] not in ("completed", "cancelled")
                assert fact["now_ms"] >= last["now_ms"]
                by_policy = fact["op"] == "prioritised" and fact["reason"] == "policy"
                assert by_policy or fact["deadline_ms"] == last["deadline_ms"]
            self._last[fact["task_id"]] = fact
