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
    window_ms = deadlines.due_ms - deadlines.detected_ms
    share = min(max(priority, 0), HIGHEST_PRIORITY) / HIGHEST_PRIORITY
    return deadlines.due_ms - window_ms * share
