"""The actions of an event rule: one key each, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from app.config_entry import Entry, Name, Seconds, Sentence, Skill
from app.core import decision
from app.core.catalogue import ESCALATION_QUEUE
from app.core.decision import Notice
from app.core.outbound import ANSWER
from app.core.rules import Effects
from app.core.skills import MEDIATOR

_ROUTES = ("queue", "close", "escalate")
_ADDING = ("label", "skills", "hand_off", "notify")  # several of these add up
_LONGEST_DRAFT = 4_000  # characters: a reply that somebody still reads before it is sent

Draft = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=_LONGEST_DRAFT)]


class Notify(Entry):
    to: Name
    text: Sentence


class Reply(Entry):
    text: Draft
    purpose: Name = ANSWER


class Action(Entry):
    label: Name | None = None
    queue: Name | None = None
    priority: int | None = Field(None, ge=1, le=100, strict=True)
    window: Annotated[Seconds, Field(gt=0)] | None = None
    skills: tuple[Skill, ...] | None = Field(None, min_length=1)
    close: bool | None = None
    escalate: bool | None = None
    hand_off: Name | None = None
    notify: Notify | None = None
    draft: Draft | None = None
    macro: Name | None = None
    case: Sentence | None = None
    reply: Reply | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Action:
        if len(self.model_fields_set) != 1:
            got = ", ".join(sorted(self.model_fields_set)) or "none"
            raise ValueError(f"expected one action, got {got}")
        if self.name in ("close", "escalate") and not getattr(self, self.name):
            raise ValueError(f"expected {self.name} = true, or no such action")
        return self

    @property
    def name(self) -> str:
        return next(iter(self.model_fields_set))


def twice(actions: Sequence[Action]) -> list[str]:
    """What the actions of one rule set more than once; a queue, close and escalate are one."""
    found = []
    seen: set[str] = set()
    for action in actions:
        setting = "queue, close or escalate" if action.name in _ROUTES else action.name
        if setting in seen and setting not in _ADDING:
            found.append(setting)
        seen.add(setting)
    return found


def effects(actions: Sequence[Action], scale: float) -> Effects:
    """What the actions come to; `scale` stretches the window."""
    route: str | None = None
    skills: list[str] = []
    for action in actions:
        if action.name in _ROUTES:
            route = ESCALATION_QUEUE if action.escalate else action.queue or ""
        skills += [MEDIATOR] if action.escalate else action.skills or ()
    return Effects(
        labels=tuple(a.label for a in actions if a.label),
        route=route,
        priority=next((a.priority for a in actions if a.priority), 0),
        window_s=next((a.window for a in actions if a.window), 0.0) * scale,
        skills=tuple(dict.fromkeys(skills)),
        handoffs=tuple(a.hand_off for a in actions if a.hand_off),
        notices=tuple(Notice(to=a.notify.to, text=a.notify.text) for a in actions if a.notify),
        draft=next((a.draft for a in actions if a.draft), ""),
        macro=next((a.macro for a in actions if a.macro), ""),
        case=next((a.case for a in actions if a.case), ""),
        reply=next((_said(a.reply) for a in actions if a.reply), None),
    )


def _said(reply: Reply) -> decision.Reply:
    return decision.Reply(text=reply.text, purpose=reply.purpose)
