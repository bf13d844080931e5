"""The order of waiting: by due time, moved forward by priority, with a bound for everybody."""

from __future__ import annotations

import uuid

from app.core.sla import Deadlines

_NAMESPACE = uuid.UUID("8f2d5a0e-6c1b-4f7e-9a53-2b7c1d4e9f60")

HIGHEST_PRIORITY = 100


def task_id_of(mention_id: str) -> str:
    """A mention has at most one task: its id follows from the mention's."""
    return str(uuid.uuid5(_NAMESPACE, mention_id))


def order_ms(deadlines: Deadlines, priority: int) -> float:
    """The key by which a task waits: the smallest goes first.

    It lies between detection (priority 100) and the due time (priority 0). So nothing
    detected after a task fell due can come before it, whatever its priority: the wait
    is bounded by the task's own window plus the work that was there already.
    """
    return order_between(deadlines.detected_ms, deadlines.due_ms, priority)


def order_between(detected_ms: int, due_ms: int, priority: int) -> float:
    """As `order_ms`, of a task whose window lies between these moments."""
    share = min(max(priority, 0), HIGHEST_PRIORITY) / HIGHEST_PRIORITY
    return due_ms - (due_ms - detected_ms) * share
