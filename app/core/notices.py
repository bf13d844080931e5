"""Notices: a rule's sentence for one person, for a role, or for the mediators."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.catalogue import ROLES
from app.core.event_acts import STOPPED, Act
from app.core.events import id_of
from app.core.queueing import task_id_of
from app.core.skills import MEDIATOR, mediates

KEPT: Final = 1_000  # of each audience; older ones are nobody's news
KEEP_MS: Final = 30 * 86_400_000
SHOWN: Final = 50  # of one person's unread ones; more is told as a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One sentence for one audience: `role:supervisor`, `skill:mediator` or `rep:amira`.

    `rule` is empty in decisions of older software, `task_id` where there is no task.
    """

    notice_id: str
    audience: str
    text: str
    mention_id: str
    task_id: str
    rule: str
    event: str
    at_ms: int


def audience(to: str) -> str:
    """Whom a rule means by `to`: a role, else the mediators, else the person of that name."""
    if to in ROLES:
        return f"role:{to}"
    return f"skill:{to}" if to == MEDIATOR else f"rep:{to}"


def audiences(name: str, role: str, skills: Collection[str]) -> tuple[str, ...]:
    """All that this person is addressed as."""
    mine = [f"role:{role}", f"rep:{name}"]
    return (*mine, f"skill:{MEDIATOR}") if mediates(skills) else tuple(mine)


def of_decision(fact: Mapping[str, Any]) -> list[Notice]:
    """The notices of a `decided` fact: what rules said at the mention."""
    if fact["op"] != "decided":
        return []
    decision = fact["data"]["decision"]
    told = [(one, str(one.get("rule", ""))) for one in decision.get("notices") or ()]
    task_id = task_id_of(str(fact["mention_id"])) if decision["queue"] else ""
    named = ("mention", str(fact["mention_id"]), task_id, int(fact["now_ms"]))
    return list(_made(str(fact["fact_id"]), told, named))


def of_acts(acts: Iterable[Act]) -> list[Notice]:
    """The notices of event rules that acted."""
    found: list[Notice] = []
    for act in acts:
        if act.state != STOPPED:
            told = [(one, act.rule) for one in act.notices]
            named = (act.event, act.mention_id, act.task_id, act.at_ms)
            found += _made(act.act_id, told, named)
    return found


def _made(
    source: str,
    told: Iterable[tuple[Mapping[str, str], str]],
    named: tuple[str, str, str, int],
) -> Iterable[Notice]:
    event, mention_id, task_id, at_ms = named
    for number, (said, rule) in enumerate(told):
        yield Notice(
            notice_id=id_of(source, "notice", str(number)),
            audience=audience(said["to"]),
            text=said["text"],
            mention_id=mention_id,
            task_id=task_id,
            rule=rule,
            event=event,
            at_ms=at_ms,
        )
