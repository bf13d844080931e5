"""The legal edges of `docs/state-machine.md`, and what the fact of each must say."""

from __future__ import annotations

from dataclasses import dataclass

OPEN = frozenset({"queued", "offered", "accepted", "wrapping", "parked"})
SAME = ""  # the state stays as it is

SERVICE, OWNER, SUPERVISOR = "service", "owner", "supervisor"


@dataclass(frozen=True, slots=True)
class Edge:
    """`says` are the keys of `data` without which the fact cannot be understood."""

    before: frozenset[str]
    to: str
    by: frozenset[str]
    reason: bool = False
    says: tuple[str, ...] = ()


def _edge(before: str, to: str, by: str, *says: str, reason: bool = False) -> Edge:
    states = OPEN if before == "open" else frozenset(before.split())
    return Edge(states, to, frozenset(by.split()), reason, says)


CREATED = Edge(frozenset({""}), "queued", frozenset({SERVICE}))

EDGES: dict[str, Edge] = {
    "queued": _edge("parked", "queued", "service owner supervisor"),
    "offered": _edge("queued", "offered", "service supervisor", "expires_ms"),
    "accepted": _edge("offered", "accepted", "owner"),
    "rejected": _edge("offered", "queued", "owner"),
    "timed_out": _edge("offered", "queued", "service"),
    "rescinded": _edge("offered", "queued", "service owner supervisor", reason=True),
    "replied": _edge("accepted", "accepted", "owner"),
    "wrapping": _edge("accepted", "wrapping", "owner", "ends_ms"),
    "completed": _edge("accepted wrapping", "completed", "owner service"),
    "transferred": _edge(
        "accepted wrapping queued", "queued", "owner supervisor service", reason=True
    ),
    "parked": _edge(
        "queued accepted", "parked", "owner supervisor service", "until_ms", reason=True
    ),
    "cancelled": _edge("open", "cancelled", "supervisor service", reason=True),
    "prioritised": _edge("open", SAME, "supervisor service", "from_priority"),
    "halfway": _edge("open", SAME, "service"),
    "at_risk": _edge("open", SAME, "service"),
    "breached": _edge("open", SAME, "service"),
    "escalated": _edge("open", SAME, "service", "level"),
    "unroutable": _edge("queued", SAME, "service", reason=True),
}

# Why nobody can take a task.
CAUSES = frozenset(
    {
        "nobody_has_skills",
        "nobody_is_here",
        "everybody_is_paused",
    }
)
