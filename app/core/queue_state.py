"""The state of the queues, as conditions may ask for it: one map by queue for each figure.

It is kept and carried packed: a queue's name with its figures, in the order of `QUEUE_VARIABLES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.core.catalogue import Queue
from app.core.skills import covers

# What a condition may ask of each queue, with the type of its figure.
QUEUE_VARIABLES: Final[dict[str, type]] = {
    "queue.waiting": int,
    "queue.oldest_wait_s": float,
    "queue.free": int,
    "queue.late_share": float,
}
QueueValues = Mapping[str, Mapping[str, object]]
NO_QUEUES: Final[dict[str, dict[str, object]]] = {name: {} for name in QUEUE_VARIABLES}

Packed = Mapping[str, Sequence[Any]]


def figures(row: Mapping[str, Any], free: int) -> list[float]:
    """The figures of one queue, in order, from its row on the floor and who is free for it."""
    late = row["at_risk"] + row["breached"]
    share = round(late / row["open"], 3) if row["open"] else 0.0
    return [row["waiting"], row["oldest_wait_s"], free, share]


def free_for(queue: Queue, ready: Iterable[tuple[Sequence[str], Sequence[str]]]) -> int:
    """How many of those who could be offered something now, by queues and skills, may take it.

    What a single task needs beside, such as its language, is not looked at.
    """
    return sum(queue.name in queues and covers(skills, queue.skills) for queues, skills in ready)


def unpacked(rows: Packed) -> dict[str, dict[str, object]]:
    """The values of `QUEUE_VARIABLES`."""
    return {
        variable: {queue: type_(row[at]) for queue, row in rows.items()}
        for at, (variable, type_) in enumerate(QUEUE_VARIABLES.items())
    }


def packed(values: Mapping[str, Any]) -> dict[str, list[object]]:
    """The reverse: `values` may hold other variables, too."""
    rows = zip(*(values[variable].values() for variable in QUEUE_VARIABLES), strict=True)
    return {queue: list(row) for queue, row in zip(values["queue.waiting"], rows, strict=True)}
