"""Told before they ask: whom signals hurt, and a supervisor's leave to tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec, metrics
from app.adapters.store.proactive import Proactive
from app.adapters.store.signals import Signals
from app.core.errors import Conflict
from app.core.proactive import LONGEST_TEXT, MOST_WARNED, proposed, warning
from app.core.signal import Signal
from app.web.problems import Problem, sent
from app.web.state import Parts, actor_of, command, parts, text_of, user
from app.wiring.base import system_ms

# The list is a look, made again and again: it reads so many profiles for a product, no more.
_LOOKED_AT: Final = 5_000
_SIGNALS, _SAMPLE = 20, 5


async def waiting(request: Request) -> Response:
    """What people should be told of, and how many have neither spoken nor been told."""
    at = parts(request)
    found = await Signals(at.base.database).proactive(system_ms(), _SIGNALS)
    lines = [await _line(at, signals) for signals in found]
    return JSONResponse({"signals": [line for line in lines if line["people"]]})


async def approve(request: Request) -> Response:
    """Let these people be told, with this text. Each message still asks the permission gate."""
    at, me, given = parts(request), user(request), await command(request, "text")
    text = text_of(given, "text", LONGEST_TEXT)
    signals = await _known(at, codec.clean(request.path_params["event"]))
    signal = signals[0]
    now_ms = system_ms()
    if now_ms > signal.until_ms:
        raise Conflict("signal_over", "This signal concerns nobody any more")
    hurt = await Proactive(at.base.database).hurt(signals, MOST_WARNED)
    facts = [warning(signal, one, text, now_ms, actor_of(me)) for one in hurt.people]
    if facts:
        with sent():
            await at.base.door.note(facts)
        metrics.SIGNALS.labels(signal.kind.name, "warned").inc(len(facts))
    return JSONResponse({"told": len(facts), "more": not hurt.complete}, 202)


async def _known(at: Parts, key: str) -> list[Signal]:
    found = await Signals(at.base.database).event(key)
    if not found or not found[0].kind.proactive:
        raise Problem(404, "unknown_signal", "No signal of this key is to be told of")
    return found


async def _line(at: Parts, signals: Sequence[Signal]) -> dict[str, Any]:
    signal = signals[0]
    hurt = await Proactive(at.base.database).hurt(signals, MOST_WARNED, _LOOKED_AT)
    return {
        "event": signal.event,
        "kind": signal.kind.name,
        "title": signal.kind.title,
        "severity": signal.kind.severity,
        "subject": signal.subject,
        "says": signal.kind.says,
        "source": signal.source,
        "at_ms": signal.at_ms,
        "until_ms": signal.until_ms,
        "people": len(hurt.people),
        "complete": hurt.complete,
        "sample": [
            {"name": one.name or one.handle, "channel": one.channel}
            for one in hurt.people[:_SAMPLE]
        ],
        "text": proposed(signal),
    }
