"""What no single entry can tell: names and skills that nobody has, doubles, too much weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from app.config_rule_checks import broken_rules
from app.config_rules import place
from app.core.catalogue import ESCALATION_QUEUE, Catalogue, Queue, Rep
from app.core.rules import MOST_NAMES, Row, Rule
from app.core.skills import covers, level_of


def doubles(names: Sequence[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"config/staff.toml: rep {name}: expected one of this name, got {count}"


def broken_references(
    catalogue: Catalogue, rows: Sequence[Row], rules: Sequence[Rule]
) -> Iterator[str]:
    if ESCALATION_QUEUE not in catalogue.queues:
        yield f"queues.toml: queue.{ESCALATION_QUEUE}: expected, breached tasks go there"
    for file, found in (("queues", catalogue.queues), ("calendars", catalogue.calendars)):
        if len(found) > MOST_NAMES:
            yield f"{file}.toml: expected at most {MOST_NAMES} {file}, got {len(found)}"
    for rep in catalogue.reps.values():
        for queue in rep.queues:
            if queue not in catalogue.queues:
                yield f"staff.toml: rep {rep.name}: queues: no queue is named {queue!r}"
        for channel, _ in rep.channels:
            if channel not in catalogue.channels:
                yield f"staff.toml: rep {rep.name}: channels: no channel is named {channel!r}"
        yield from _contradictions(rep)
    for queue_ in catalogue.queues.values():
        yield from _broken_policy(catalogue, queue_)
    yield from _too_heavy(catalogue)
    yield from _skills_of_nobody(catalogue, rows, rules)
    yield from broken_rules(catalogue, rows, rules)


def _contradictions(rep: Rep) -> Iterator[str]:
    place = f"staff.toml: rep {rep.name}"
    if rep.role != "agent" and rep.queues:
        yield f"{place}: queues: expected none, only an agent takes tasks, got role {rep.role!r}"
    for queue, count in Counter(rep.queues).items():
        if count > 1:
            yield f"{place}: queues: expected {queue!r} once, got it {count} times"
    levels = Counter(name for name, _ in {level_of(skill) for skill in rep.skills})
    for name, count in levels.items():
        if count > 1:
            yield f"{place}: skills: expected one level of {name!r}, got {count}"


def _too_heavy(catalogue: Catalogue) -> Iterator[str]:
    """A task that weighs more than any agent can hold would wait until it is breached."""
    capacities = [rep.capacity for rep in catalogue.reps.values() if rep.queues]
    for channel in catalogue.channels.values():
        if capacities and channel.weight > max(capacities):
            yield (
                f"channels.toml: channel.{channel.name}: weight: expected at most"
                f" {max(capacities):g}, the largest capacity in staff.toml, got {channel.weight:g}"
            )


def _broken_policy(catalogue: Catalogue, queue: Queue) -> Iterator[str]:
    place = f"queues.toml: queue.{queue.name}"
    if queue.overflow and queue.overflow.to not in catalogue.queues:
        yield f"{place}: overflow.to: no queue is named {queue.overflow.to!r}"
    if queue.overflow and queue.overflow.to == queue.name:
        yield f"{place}: overflow.to: expected another queue, got this one"
    if queue.preempts and queue.interruptible:
        yield f"{place}: expected preempts or interruptible, got both: they would push each other"


def _skills_of_nobody(
    catalogue: Catalogue, rows: Sequence[Row], rules: Sequence[Rule]
) -> Iterator[str]:
    """A task that needs a skill nobody has would wait until it is breached."""
    wanted = [(f"config/queues.toml: queue.{q.name}", q.skills) for q in catalogue.queues.values()]
    wanted += [(place(row), row.skills) for row in rows]
    wanted += [(place(rule), rule.does.skills) for rule in rules]
    for where, skills in wanted:
        for skill in skills:
            if not any(covers(rep.skills, (skill,)) for rep in catalogue.reps.values()):
                yield f"{where}: skills: nobody in staff.toml has the skill {skill!r}"
