"""Histories of a task's clocks, made by a small door that knows nothing of the fold.

It keeps deadlines as the door does: absolute, settled before each thing that happens, with the
resolution pushed back on the wall by each wait for the customer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from app.core.mention import mention_id_of
from app.core.queueing import task_id_of
from tests.builders import NOON_MS

MENTION = mention_id_of("x", "1")
Action = tuple[int, str]  # milliseconds after the last one, what

# Pauses and resumptions often, ends seldom: else most histories would be over at once.
_ACTIONS = ("accept", "ask", "resume") * 3 + ("reply", "park", "transfer", "edit") * 2
_ENDS = ("complete", "cancel")
_gaps_ms = st.one_of(st.sampled_from((0, 1, 999, 1000, 1001)), st.integers(0, 3_000))
_going_on = st.lists(st.tuples(_gaps_ms, st.sampled_from(_ACTIONS)), min_size=2, max_size=12)
_end = st.lists(st.tuples(_gaps_ms, st.sampled_from(_ENDS)), max_size=1)
actions = st.builds(lambda some, end: some + end, _going_on, _end)


@dataclass
class SmallDoor:
    """One task. Windows in ms; 0 for the resolution means that there is no such clock."""

    window_ms: int
    resolution_ms: int
    tier: str = ""
    now_ms: int = NOON_MS
    state: str = "queued"
    facts: list[dict[str, Any]] = field(default_factory=list)
    sla: str = "ok"
    answered: bool = False
    resolution: str = ""
    due_ms: int = 0
    resolution_due_ms: int = 0
    left_ms: int = 0

    def run(self, todo: list[Action], detected_ms: int = NOON_MS) -> SmallDoor:
        self._begin(detected_ms)
        for gap_ms, action in todo:
            self.now_ms += gap_ms
            if self.state not in ("completed", "cancelled"):
                self._settle()
                self._act(action)
        return self

    def _begin(self, detected_ms: int) -> None:
        self.due_ms = detected_ms + self.window_ms
        self.resolution_due_ms = detected_ms + self.resolution_ms if self.resolution_ms else 0
        mention = {"channel": "x", "posted_at": "2026-11-18T11:06:00Z"}
        self._say("received", task=False, mention=mention)
        self._say("identified", task=False, tier=self.tier)
        decision = {"rule": "complaint", "rule_window_s": 0.0, "window_s": self.window_ms / 1000}
        self._say("decided", task=False, decision=decision)
        self._say("queued", was="", detected_ms=detected_ms, order_ms=detected_ms)

    def _act(self, action: str) -> None:
        was = self.state
        if action == "edit":
            self._say("edited", task=False)
        elif action == "accept" and was == "queued":
            self.state = "accepted"
            self._say("accepted", was)
        elif action == "reply" and was == "accepted":
            self._answer()
            self._say("replied", was, text="So", first=True)
        elif action in ("ask", "park") and was in ("queued", "accepted"):
            self._park(was, "customer" if action == "ask" else "")
        elif action == "resume" and was == "parked":
            self._resume(was)
        elif action == "transfer" and was == "accepted":
            self.state = "queued"
            self._say("transferred", was)
        elif action in ("complete", "cancel") and (was == "accepted" or action == "cancel"):
            self._end(was, "completed" if action == "complete" else "cancelled")

    def _answer(self) -> None:
        self.answered = True
        self.sla = "met" if self.sla in ("ok", "at_risk") else self.sla

    def _park(self, was: str, waits_for: str) -> None:
        self.state = "parked"
        if waits_for and self.resolution_due_ms and not self.resolution:
            self.left_ms, self.resolution_due_ms = self.resolution_due_ms - self.now_ms, 0
        self._say("parked", was, waits_for=waits_for)

    def _resume(self, was: str) -> None:
        self.state = "queued"
        if self.left_ms:
            self.resolution_due_ms, self.left_ms = self.now_ms + self.left_ms, 0
        self._say("queued", was)

    def _end(self, was: str, state: str) -> None:
        self.state = state
        if not self.answered and state == "completed":
            self._answer()
        self.answered = True
        if not self.resolution and self.resolution_ms and state == "completed":
            self.resolution = "met"
        self._say(state, was, reason="no_answer_needed")

    def _settle(self) -> None:
        """Late sweeps: what was crossed is told now, before whatever happens now."""
        if not self.answered and self.sla == "ok" and self.now_ms >= self.due_ms:
            self.sla = "breached"
            self._say("breached", self.state)
            self._say("escalated", self.state, order_ms=NOON_MS)
        if 0 < self.resolution_due_ms <= self.now_ms and not self.resolution:
            self.resolution = "breached"
            self._say("breached", self.state, clock="resolution")

    def _say(self, op: str, was: str | None = None, task: bool = True, **data: Any) -> None:
        fact: dict[str, Any] = {
            "op": op,
            "now_ms": self.now_ms,
            "mention_id": MENTION,
            "reason": data.pop("reason", ""),
            "data": data,
        }
        if task:
            version = 1 + sum("task_id" in known for known in self.facts)
            fact |= {"task_id": task_id_of(MENTION), "version": version, "priority": 40}
            fact |= {"from": was, "to": self.state, "queue": "service"}
        self.facts.append(fact)
