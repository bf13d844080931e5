"""Acts: what event rules do to tasks, through the one door, once, with what the door said."""

from __future__ import annotations

from typing import Any, Protocol

from app import metrics
from app.adapters.store.rule_events import RuleEvents
from app.config import Config
from app.core.errors import Conflict
from app.core.event_acts import PRIORITISE, Act
from app.core.skills import after_move

_REASON_CHARS = 300
DONE = "done"


class Commands(Protocol):
    """The door."""

    async def command(self, name: str, task: str, op_id: str, **given: Any) -> dict[str, Any]: ...


class Cards(Protocol):
    """What is known of a task now."""

    async def card(self, task_id: str) -> dict[str, Any] | None: ...


class Doing:
    """Each command has an op id made of the act's: whatever it is killed in is done again."""

    def __init__(self, door: Commands, floor: Cards, log: RuleEvents, config: Config) -> None:
        self._door = door
        self._floor = floor
        self._log = log
        self._config = config

    async def turn(self) -> None:
        """Do what is pending, the oldest first. Raises Unavailable."""
        while pending := await self._log.pending():
            for act in pending:
                said = {name: await self._do(act, name) for name in act.commands}
                await self._log.settle(act, said)

    async def _do(self, act: Act, name: str) -> str:
        """`done`, or why the door refused: the task is beyond it by now. That is no failure."""
        given: dict[str, Any] = {"reason": act.reason[:_REASON_CHARS], "actor": act.actor}
        if name == PRIORITISE:
            given |= {"priority": act.priority}
        elif act.queue in self._config.catalogue.queues:
            given |= await self._move(act)
        else:  # the rule is of another catalogue than this process was started with
            return f"unknown_queue: No queue is named {act.queue!r} here"
        try:
            await self._door.command(name, act.task_id, act.op_id(name), **given)
        except Conflict as refused:
            metrics.EVENT_RULES.labels(act.event, "refused").inc()
            return f"{refused.code}: {refused}"
        return DONE

    async def _move(self, act: Act) -> dict[str, Any]:
        card = await self._floor.card(act.task_id)
        of_queue = self._config.catalogue.queues[act.queue].skills
        skills = after_move(of_queue, (card or {}).get("skills", []), act.skills)
        return {"queue": act.queue, "skills": skills}
