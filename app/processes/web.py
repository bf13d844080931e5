"""web: HTTP, event streams and intake."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import metrics
from app.adapters.kafka import Producer
from app.adapters.redis_client import connected
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.chats import Chats
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.handoffs import Handoffs
from app.adapters.store.journal import Journal
from app.adapters.store.notices import Notices
from app.adapters.store.parties import Parties
from app.adapters.store.record import Record
from app.processes import service
from app.processes.backtests import Backtests
from app.processes.imports import TIDY_S, ImportRunner
from app.settings import Settings
from app.web import server
from app.web.chat_board import ChatBoard
from app.web.flight_board import LOOK_S, FlightBoard
from app.web.hub import Hub
from app.web.notices import Board
from app.web.presence import Presence
from app.web.state import Parts
from app.wiring import base as wiring
from app.wiring.again import Shelf
from app.wiring.intake import Gate

# Screens must know within three seconds that Redis hangs: reads are given up sooner than commands.
_HUB_S = 1.5  # three times what the hub's read may take
_READ_S = 2.0
_NOTICES_S = 0.5  # how soon a notice is on a screen
_CHAT_S = 0.5  # and an answer on a customer's


async def main(settings: Settings) -> None:
    base = await wiring.base(settings)
    producer = Producer(settings.kafka.bootstrap)
    # The hub's blocking read occupies its connection.
    async with (
        connected(settings.redis.url, _HUB_S) as for_hub,
        connected(settings.redis.url, _READ_S) as reads,
    ):
        hub = Hub(RedisFeed(for_hub))
        parts = Parts(
            base=base,
            reads=reads,
            floor=RedisFloor(reads, base.config.catalogue),
            feed=RedisFeed(reads),
            hub=hub,
            presence=Presence(base.door, hub),
            gate=Gate(Journal(base.database), producer, base.config.permission.words),
            record=Record(base.database),
            dead=DeadLetterTable(base.database),
            shelf=Shelf(settings, base.database),
            backtests=(backtests := Backtests(base)),
            imports=(imports := ImportRunner(base)),
            handoffs=Handoffs(base.database),
            parties=Parties(base.database),
            chat_board=ChatBoard(Chats(base.database)),
        )
        await asyncio.gather(backtests.begin_anew(), imports.begin_anew())
        app = server.create(parts, _health(parts))
        try:
            async with service.serving(app, settings.web.host, settings.web.port):
                await _turns(parts, imports)
        finally:
            await backtests.close()
            await producer.close()
            await base.close()


async def _turns(parts: Parts, imports: ImportRunner) -> None:
    """What goes on beside the requests, for ever."""
    database, hub = parts.base.database, parts.hub
    await asyncio.gather(
        service.patiently("notices", Board(Notices(database), hub).turn, _NOTICES_S),
        service.patiently("imports", imports.turn),
        service.patiently("imports left", imports.tidy, TIDY_S),
        service.patiently("screens", hub.turn),
        service.patiently("presence", parts.presence.turn),
        service.patiently("flights", FlightBoard(database, hub).turn, LOOK_S),
        service.patiently("chat", parts.chat_board.turn, _CHAT_S),
    )


def _health(parts: Parts) -> list[Route]:
    async def ready() -> list[str]:
        return await server.missing(parts)

    async def exposition(_request: Request) -> Response:
        await server.missing(parts)  # the gauges are as fresh as the question
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    others = [r for r in service.health_routes(ready) if r.path != "/metrics"]
    return [*others, Route("/metrics", exposition)]
