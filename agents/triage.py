"""triage: mentions → tasks and facts. The steps and their order: `app.flow`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import faust

from agents import stream
from agents.guard import Guard
from app.adapters.kafka import INTAKE_HEADER, SRC_HEADER, headers_of
from app.ports import Delivery
from app.settings import Kafka
from app.steps.batch import Batch

# What we put into the headers; anything else there is a stranger's and not believed.
_NAME = re.compile(r"[A-Za-z0-9:_-]{1,100}")
_MILLISECONDS = re.compile(rb"[0-9]{1,13}")


def register(
    app: faust.App, guard: Guard, kafka: Kafka, settled: Callable[[Batch], None]
) -> faust.types.AgentT[Any]:
    """Add the triage agent to the app. One at a time: more would commit past work in hand."""

    @app.agent(stream.mentions(app), name="triage", concurrency=1)  # type: ignore[untyped-decorator]
    async def triage(events_in: Any) -> None:
        within_s = kafka.batch_within_ms / 1000
        async for events in events_in.take_events(kafka.batch, within=within_s):
            settled(await guard.settle([delivery(event.message) for event in events]))

    return triage


def delivery(message: Any) -> Delivery:
    """Name the delivery: by its journal entry, or by its place and time on the topic.

    The time is part of the name because the embedded broker counts from 0 at every start.
    """
    headers = headers_of(message.headers)
    named = headers.get(SRC_HEADER, b"").decode("ascii", "replace")
    accepted = headers.get(INTAKE_HEADER, b"")
    at_ms = round(message.timestamp * 1000)
    place = f"{message.topic}/{message.partition}/{message.offset}@{at_ms}"
    return Delivery(
        src=named if _NAME.fullmatch(named) else place,
        raw=message.value,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        accepted_ms=int(accepted) if _MILLISECONDS.fullmatch(accepted) else 0,
        sent_ms=max(0, at_ms),
    )
