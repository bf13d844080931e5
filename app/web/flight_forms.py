"""What a request may say of a flight: shapes and lengths here, names and sense in the core."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.requests import Request

from app.adapters.store.flights import Said
from app.core.flight import QUEUE, QUIET, REP, ROLE, ROUTE, TIME, Goal, Plan, Step, Who
from app.core.flight_plan import MOST_LABELS, MOST_NAMES, MOST_STEPS, Wrong
from app.web.problems import Problem, unknown_fields, wrong_field
from app.web.state import idempotency_key, parts, text_of, user, whole_field
from app.wiring.base import system_ms

NAME_CHARS, SAY_CHARS, TEXT_CHARS, REASON_CHARS = 80, 2_000, 300, 500
PLAN: Final = ("name", "labels", "since", "say", "goal", "steps", "group")

_GOAL = ("words", "kind", "minutes", "until")
_STEP, _GROUP, _WHO = ("id", "what", "who"), ("reps", "queues"), (REP, ROLE, QUEUE)
_ID_CHARS, _MOMENT_CHARS = 60, 40
_LARGEST = 2**31 - 1


def who_of(request: Request) -> Who:
    """Who asks, as flights know people."""
    me, at = user(request), parts(request)
    rep = at.base.config.catalogue.reps.get(me.name)
    return Who(
        name=me.name,
        role=me.role,
        at_ms=system_ms(),
        skills=rep.skills if rep else (),
        queues=rep.queues if rep else (),
    )


def said_of(request: Request, command: str, given: Mapping[str, Any], version: int = 0) -> Said:
    """The command by its Idempotency-Key: one person's, for one flight. Raises Problem 400."""
    key = idempotency_key(request)
    flight_id = str(request.path_params.get("flight_id", ""))[:_ID_CHARS]
    body = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    named = f"{user(request).name}:{command}:{flight_id}:{key}"
    return Said(
        op_id=hashlib.sha256(named.encode()).hexdigest(),
        digest=hashlib.sha256(body).hexdigest(),
        version=version,
    )


def plan_from(given: dict[str, Any]) -> Plan:
    """The plan that a body describes. Raises Problem 422 for what has not the shape of one."""
    group = _object(given, "group", _GROUP)
    return Plan(
        name=text_of(given, "name", NAME_CHARS),
        goal=goal_from(_object(given, "goal", _GOAL)),
        say=text_of(given, "say", SAY_CHARS, required=False),
        labels=_texts(given, "labels", MOST_LABELS),
        since_ms=_moment_ms(given, "since"),
        steps=tuple(_step(at, each) for at, each in enumerate(_list(given, "steps", MOST_STEPS))),
        reps=_texts(group, "reps", MOST_NAMES, "group."),
        queues=_texts(group, "queues", MOST_NAMES, "group."),
    )


def goal_from(given: dict[str, Any]) -> Goal:
    """Raises Problem 422."""
    kinds = (QUIET, ROUTE, TIME)
    with_words = {"goal.words": given.get("words", "")}
    kind = given.get("kind")
    if kind not in kinds:
        raise wrong_field("goal.kind", " or ".join(kinds), "nothing" if kind is None else kind)
    minutes = {"goal.minutes": given.get("minutes")}
    for name, owner in (("minutes", QUIET), ("until", TIME)):
        if name in given and given[name] not in (None, "", 0) and kind != owner:
            raise wrong_field(f"goal.{name}", f"it only with the kind {owner}", given[name])
    return Goal(
        words=text_of(with_words, "goal.words", TEXT_CHARS),
        kind=str(kind),
        minutes=whole_field(minutes, "goal.minutes", 1, _LARGEST) if kind == QUIET else 0,
        until_ms=_moment_ms({"goal.until": given.get("until")}, "goal.until"),
    )


def reopening_goal(given: dict[str, Any]) -> Goal | None:
    """The goal of a body that may have one. Raises Problem 422."""
    return goal_from(_object(given, "goal", _GOAL)) if given.get("goal") is not None else None


def version_of(given: dict[str, Any]) -> int:
    """The version of the flight that was seen. Raises Problem 422."""
    return whole_field(given, "version", 1, _LARGEST)


def refuse(wrong: Iterable[Wrong]) -> None:
    """Raises Problem 422 with everything that is wrong at once."""
    errors = [
        {"field": each.field, "expected": each.expected, "got": each.got[:_ID_CHARS]}
        for each in wrong
    ]
    if errors:
        first = errors[0]
        told = f"{first['field']}: expected {first['expected']}"
        raise Problem(422, "wrong_field", told, errors)


def _step(at: int, given: Any) -> Step:
    where = f"steps.{at}"
    step = _known(given, where, _STEP)
    who = _known(step["who"], f"{where}.who", _WHO) if step.get("who") is not None else {}
    if len(who) > 1:
        raise wrong_field(f"{where}.who", "one of rep, role or queue", ", ".join(who))
    what = {f"{where}.what": step.get("what", "")}
    id_ = {f"{where}.id": step.get("id") or 0}
    kind = next(iter(who), "")
    name = {f"{where}.who": who.get(kind, "")}
    return Step(
        id=whole_field(id_, f"{where}.id", 0, _LARGEST),
        what=text_of(what, f"{where}.what", TEXT_CHARS),
        kind=kind,
        name=text_of(name, f"{where}.who", _ID_CHARS) if kind else "",
    )


def _object(given: Mapping[str, Any], name: str, fields: Sequence[str]) -> dict[str, Any]:
    return _known(given.get(name), name, fields)


def _known(value: Any, where: str, fields: Sequence[str]) -> dict[str, Any]:
    """An object of these fields and no other. Raises Problem 422."""
    if not isinstance(value, dict):
        got = "nothing" if value is None else type(value).__name__
        raise wrong_field(where, f"an object of {', '.join(fields)}", got)
    if unknown := [name for name in value if name not in fields]:
        raise unknown_fields(value, unknown, tuple(fields))
    return value


def _list(given: Mapping[str, Any], name: str, most: int, path: str = "") -> list[Any]:
    value = given.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_field(path + name, f"a list of at most {most}", type(value).__name__)
    if len(value) > most:
        raise wrong_field(path + name, f"at most {most} of them", f"{len(value)}")
    return value


def _texts(given: Mapping[str, Any], name: str, most: int, path: str = "") -> tuple[str, ...]:
    values = _list(given, name, most, path)
    field = path + name
    return tuple(text_of({field: value}, field, _ID_CHARS) for value in values)


def _moment_ms(given: Mapping[str, Any], name: str) -> int:
    """A moment with its zone as ms since the epoch; 0 for none. Raises Problem 422."""
    if given.get(name) in (None, ""):
        return 0
    text = text_of(dict(given), name, _MOMENT_CHARS)
    expected = "a moment with its zone, as 2026-01-31T09:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return round(moment.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise wrong_field(name, expected, text) from None
