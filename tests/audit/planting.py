"""Tools to plant one bug in a clean history: find a place, change it, keep the rest right."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.audit.ledger import SYSTEM, History, Row, user

Mutation = Callable[[History], None]
PLANTED: dict[str, tuple[str, Mutation]] = {}


class NoPlace(Exception):
    """This history has no place for the bug; another seed will have."""


def plant(invariant: str, name: str) -> Callable[[Mutation], Mutation]:
    """Register a mutation under its name and the invariant that must find it."""

    def register(mutation: Mutation) -> Mutation:
        assert name not in PLANTED
        PLANTED[name] = (invariant, mutation)
        return mutation

    return register


def pick(history: History, op: str, wanted: Callable[[Row], Any] = lambda _: True) -> Row:
    """The first fact of this op that will do. Raises NoPlace."""
    for fact in history.facts:
        if fact["op"] == op and wanted(fact):
            return fact
    raise NoPlace


def chain(history: History, task_id: str) -> list[Row]:
    return [f for f in history.facts if f.get("task_id") == task_id]


def place(history: History, fact: Row) -> int:
    return next(i for i, f in enumerate(history.facts) if f is fact)


def before(history: History, fact: Row) -> Row:
    """The fact of the same task just before. Raises NoPlace."""
    mine = chain(history, fact["task_id"])
    at = next(i for i, f in enumerate(mine) if f is fact)
    if not at:
        raise NoPlace
    return mine[at - 1]


def after(history: History, fact: Row) -> Row:
    """The fact of the same task just after. Raises NoPlace."""
    mine = chain(history, fact["task_id"])
    at = next(i for i, f in enumerate(mine) if f is fact)
    if at + 1 == len(mine):
        raise NoPlace
    return mine[at + 1]


def drop(history: History, *facts: Row) -> None:
    gone = {id(fact) for fact in facts}
    history.facts[:] = [f for f in history.facts if id(f) not in gone]
    renumber(history)


def cut(history: History, fact: Row) -> None:
    """Remove this fact of a task and all that follow of it, with what clients were told."""
    mine = chain(history, fact["task_id"])
    gone = mine[next(i for i, f in enumerate(mine) if f is fact) :]
    ids = {f["op_id"] for f in gone}
    history.client[:] = [told for told in history.client if told["op_id"] not in ids]
    drop(history, *gone)


def renumber(history: History) -> None:
    """Give `seq` anew; versions and states of tasks go on as the facts now stand."""
    versions: dict[str, int] = {}
    states: dict[str, str] = {}
    for seq, fact in enumerate(history.facts, 1):
        fact["seq"] = seq
        task = fact.get("task_id")
        if not task:
            continue
        fact["version"] = versions[task] = versions.get(task, 0) + 1
        if task in states:
            if fact["from"] == fact["to"]:
                fact["to"] = states[task]
            fact["from"] = states[task]
        states[task] = fact["to"]


def add(history: History, model: Row, **changes: Any) -> Row:
    """Put a copy of a fact just after it, changed, as its own event."""
    op_id = f"planted:{model['op_id']}"
    fact = deepcopy(model) | {"op_id": op_id, "fact_id": f"{op_id}/{model['op']}"} | changes
    history.facts.insert(place(history, model) + 1, fact)
    renumber(history)
    return fact


def done(history: History, command: str) -> Row:
    """A command that its client saw succeed. Raises NoPlace."""
    for told in history.client:
        if told["command"] == command and told["type"] == "ok":
            return told
    raise NoPlace


def last_ms(history: History) -> int:
    return max(int(fact["now_ms"]) for fact in history.facts)


__all__ = ["PLANTED", "SYSTEM", "History", "NoPlace", "Row", "plant", "user"]
