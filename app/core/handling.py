"""Handling: how long people took with the tasks of each queue, as the facts tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

# Assumed where the log has no task of a queue that was accepted and completed.
ASSUMED_REPLY_MS: Final = 180_000
ASSUMED_WHOLE_MS: Final = 300_000

# After these somebody else goes on, or nobody for a while: not one person's time.
_INTERRUPTED: Final = frozenset({"transferred", "parked", "rescinded", "timed_out", "rejected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """From accepting to the first reply, and to the end; `tasks` is 0 where it is assumed."""

    reply_ms: int = ASSUMED_REPLY_MS
    whole_ms: int = ASSUMED_WHOLE_MS
    tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One task that one person accepted and completed."""

    queue: str
    reply_ms: int
    whole_ms: int


def handled(facts: Iterable[Mapping[str, Any]]) -> Iterator[Handled]:
    """The uninterrupted handlings in the trail of one mention."""
    queue, begun_ms, replied_ms = "", 0, 0
    for fact in facts:
        op, now_ms = fact["op"], int(fact["now_ms"])
        if op == "accepted":
            queue, begun_ms, replied_ms = str(fact["queue"]), now_ms, 0
        elif op in _INTERRUPTED:
            begun_ms = 0
        elif op == "replied" and begun_ms and not replied_ms:
            replied_ms = now_ms
        elif op == "completed" and begun_ms:
            # Who needed no reply was answered when it was completed.
            answered_ms = replied_ms or now_ms
            yield Handled(queue=queue, reply_ms=answered_ms - begun_ms, whole_ms=now_ms - begun_ms)
            begun_ms = 0


def by_queue(found: Iterable[Handled], queues: Sequence[str]) -> dict[str, Handling]:
    """The medians of each of these queues."""
    of: dict[str, list[Handled]] = defaultdict(list)
    for one in found:
        of[one.queue].append(one)
    return {queue: _median(of[queue]) for queue in queues}


def _median(found: Sequence[Handled]) -> Handling:
    if not found:
        return Handling()
    return Handling(
        reply_ms=round(median(one.reply_ms for one in found)),
        whole_ms=round(median(one.whole_ms for one in found)),
        tasks=len(found),
    )
