"""The reference partner: another engine on loopback, which knows our events and sends its own."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.adapters.signatures import Signer
from app.core.handoff import HANDOFF_TYPE, STATUS_TYPE, Partner
from app.core.signal import SIGNAL_TYPE
from app.processes import service
from app.processes.tcp_ports import free_port

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgcmVmZXJlbmNlIQ=="
HANG_S = 30.0

Behaviour = Callable[[dict[str, Any]], Response | None]


def takes(_event: dict[str, Any]) -> Response:
    return Response(status_code=204)


def says(body: Any, status: int = 200, **headers: str) -> Behaviour:
    return lambda _event: JSONResponse(body, status, headers)


def hangs(_event: dict[str, Any]) -> None:
    return None


@dataclass
class Engine:
    """`script` are its next answers; after that it behaves as `then`.

    What it takes it keeps once by id, however often it is sent: `events`, in order.
    """

    secret: str = SECRET
    script: list[Behaviour] = field(default_factory=list)
    then: Behaviour = takes
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    forged: int = 0
    url: str = ""

    async def hook(self, request: Request) -> Response:
        raw = await request.body()
        if not Signer(self.secret).verify(raw, request.headers):
            self.forged += 1
            return Response(status_code=401)
        event = orjson.loads(raw)
        assert event["id"] == request.headers["webhook-id"]
        self.requests[event["id"]] += 1
        behave = self.script.pop(0) if self.script else self.then
        answer = behave(event)
        if answer is None:
            with suppress(asyncio.CancelledError):  # whoever stops us need not read of it
                await asyncio.sleep(HANG_S)
            return Response(status_code=504)
        if answer.status_code < 300 and event["id"] not in {e["id"] for e in self.events}:
            self.events.append(event)
        return answer

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Engine]:
        port = free_port()
        app = Starlette(routes=[Route("/hook", self.hook, methods=["POST"])])
        async with service.serving(app, "127.0.0.1", port):
            self.url = f"http://127.0.0.1:{port}/hook"
            await _answers(port)
            yield self

    def partner(self, name: str = "crm", **given: Any) -> Partner:
        """How our configuration describes it."""
        fields: dict[str, Any] = {
            "title": "The CRM",
            "url": self.url,
            "timeout_s": 2.0,
            "inner": True,
            "hands_in": True,
        }
        return Partner(name=name, **(fields | given))

    def stages(self) -> list[str]:
        return [e["data"]["stage"] for e in self.events if e["type"] == STATUS_TYPE]

    def handed(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == HANDOFF_TYPE]

    async def hand_in(
        self, client: httpx.AsyncClient, mention: dict[str, Any], **given: Any
    ) -> httpx.Response:
        event = {"id": "in-1", "type": HANDOFF_TYPE, "data": {"mention": mention}}
        return await self.send(client, event | given)

    async def tell(
        self, client: httpx.AsyncClient, handoff: str, stage: str, reason: str = ""
    ) -> httpx.Response:
        data = {"handoff": handoff, "stage": stage, "reason": reason}
        return await self.send(client, {"id": uuid.uuid4().hex, "type": STATUS_TYPE, "data": data})

    async def signal(
        self, client: httpx.AsyncClient, data: Any, secret: str = "", **given: Any
    ) -> httpx.Response:
        """A signal of this partner; with another secret it is forged."""
        event = {"id": "s-1", "type": SIGNAL_TYPE, "data": data} | given
        return await self.send(client, event, "/api/v1/signals", secret)

    async def send(
        self,
        client: httpx.AsyncClient,
        event: dict[str, Any],
        path: str = "/api/v1/handoffs",
        secret: str = "",
    ) -> httpx.Response:
        raw = orjson.dumps({"specversion": "1.0", "source": "/crm"} | event)
        signer = Signer(secret or self.secret)
        signed = signer.headers(str(event["id"]), datetime.now(UTC), raw)
        return await client.post(path, content=raw, headers=signed)


async def _answers(port: int) -> None:
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    raise RuntimeError("the partner did not start")


@contextmanager
def in_thread(engine: Engine) -> Iterator[Engine]:
    """Serve it in a thread with a loop of its own, for tests that have none."""
    up, down, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with engine.serving():
            up.set()
            await down.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(HANG_S), "the partner did not start"
    yield engine
    loop.call_soon_threadsafe(down.set)
    thread.join(HANG_S)
