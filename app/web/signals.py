"""Signals over HTTP: what another system says of people or of a product, once for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec, metrics
from app.adapters.store.signals import Signals
from app.core.errors import Conflict, Invalid
from app.core.handed_in import event_of
from app.core.signal import SIGNAL_TYPE, Signal
from app.core.signal_intake import read
from app.web.auth import INTAKE
from app.web.problems import Problem, field_error, sent
from app.web.signed import PARTNER
from app.web.state import Parts, actor_of, body, parts, user
from app.wiring.base import system_ms

_TOLD = 50  # mistakes of one signal that are named
_UNKNOWN = "unknown"  # the kind of what is refused: a label that no sender can choose


async def take(request: Request) -> Response:
    """Take a signal: with the intake key as an object, of a partner as a signed CloudEvent.

    It becomes a fact for each person. The same again is answered alike and changes nothing.
    """
    at, me = parts(request), user(request)
    value = codec.loads(await body(request, codec.MAX_BYTES))
    sender = me.name if me.role == PARTNER else ""
    if sender:
        value = _of_partner(at, sender, value)
    if not isinstance(value, dict):
        raise Problem(422, "wrong_field", "expected a signal, a JSON object")
    signals, problems = read(value, at.base.config.signals, sender, datetime.now(UTC))
    if not signals:
        metrics.SIGNALS.labels(_UNKNOWN, "refused").inc()
        raise _refused(problems)
    facts = [one.fact(system_ms(), _actor(actor_of(me))) for one in signals]
    outcome = await _kept(at, signals)
    with sent():
        await at.base.door.note(facts)
    metrics.SIGNALS.labels(signals[0].kind.name, outcome).inc()
    ids = [fact.fact_id for fact in facts]
    return JSONResponse({"event": signals[0].event, "accepted": ids}, 202)


async def _kept(at: Parts, signals: Sequence[Signal]) -> str:
    """Keep them first: one id never stands for two things. Raises Conflict."""
    store, first = Signals(at.base.database), signals[0]
    known = await store.event(first.event)
    if await store.keep(signals) != [one.digest for one in signals]:
        metrics.SIGNALS.labels(first.kind.name, "reused").inc()
        raise Conflict("signal_reused", "This source and id came with another content before")
    return "repeated" if known else "accepted"


def _of_partner(at: Parts, name: str, value: Any) -> dict[str, Any]:
    """The signal of a partner's event: the event's source and id are its own."""
    if not at.base.config.partners[name].signals:
        raise Problem(403, "not_allowed", f"{name} may not send signals")
    event = event_of(value, name, (SIGNAL_TYPE,))
    if named := sorted({"source", "id"} & event.data.keys()):
        raise Invalid("wrong_field", "its event's own", named[0], f"data.{named[0]}")
    return {**event.data, "source": event.source, "id": event.id}


def _actor(actor: dict[str, str]) -> dict[str, str]:
    """A partner and whoever has the intake key are machines: the auditor looks for no person."""
    person = actor["role"] not in (PARTNER, INTAKE.role)
    return actor if person else actor | {"type": "system", "role": "service"}


def _refused(problems: Sequence[Invalid]) -> Problem:
    named = problems[:_TOLD]
    sentence = "; ".join(str(one) for one in named)
    return Problem(422, problems[0].code, sentence, [field_error(one) for one in named])
