"""What all processes share: stopping on a signal, dying with the parent, health over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import log, metrics
from app.core.errors import Unavailable

logger = structlog.get_logger()

_STOP_S = 4.0  # a client library that cannot say goodbye to its server may hang for ever
_ORPHANED_STOP_S = 1.0  # our Redis and broker went with the parent: nothing is left to finish
EXIT_HUNG = 1

Ready = Callable[[], Awaitable[list[str]]]


def run(name: str, main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine until it ends or SIGTERM or SIGINT comes."""
    log.configure(name)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(main))


async def _until_told(main: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(main)
    loop = asyncio.get_running_loop()

    def stop(within_s: float = _STOP_S) -> None:
        task.cancel()
        loop.call_later(within_s, os._exit, EXIT_HUNG)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    orphan = asyncio.ensure_future(_end_with_parent(stop))
    with contextlib.suppress(asyncio.CancelledError):
        await task
    orphan.cancel()


async def _end_with_parent(stop: Callable[[float], None]) -> None:
    """End when `up` ends without a word; who started us by hand may leave us running."""
    if "HANDSHAKE_UP" not in os.environ:
        return
    forked_by, started_by = multiprocessing.parent_process(), os.getppid()
    while forked_by.is_alive() if forked_by else os.getppid() == started_by:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    stop(_ORPHANED_STOP_S)


async def patiently(what: str, work: Callable[[], Awaitable[object]], pause_s: float = 0.0) -> None:
    """Repeat work for ever; while a part is away, wait and say so once."""
    away = False
    while True:
        try:
            await work()
        except Unavailable as error:
            if not away:
                logger.warning("waiting", what=what, reason=str(error))
            away = True
            metrics.DEGRADED.labels(what).set(1)
            await asyncio.sleep(max(pause_s, 0.5))
        else:
            if away:
                logger.info("back", what=what)
                metrics.DEGRADED.labels(what).set(0)
            away = False
            await asyncio.sleep(pause_s)


async def once(what: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do this one time, however long a part that it needs is away."""
    told = False
    while True:
        try:
            await work()
        except Unavailable as error:
            if not told:
                logger.info("waiting", what=what, reason=str(error))
            told = True
            await asyncio.sleep(0.1)
        else:
            return


def health_routes(ready: Ready) -> list[Route]:
    """/healthz: the loop turns. /readyz: 503 with what is missing. /metrics: Prometheus text."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive", "pid": os.getpid()})

    async def readyz(_request: Request) -> Response:
        missing = await ready()
        return JSONResponse(
            {"status": "waiting" if missing else "ready", "missing": missing},
            status_code=503 if missing else 200,
        )

    async def exposition(_request: Request) -> Response:
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", exposition),
    ]


async def always_ready() -> list[str]:
    """For processes that are ready as soon as they run."""
    return []


class QuietServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def serving(app: Any, host: str, port: int) -> AsyncIterator[None]:
    """Serve an ASGI app while the block runs."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=65_536,
    )
    server = QuietServer(config)
    task = asyncio.ensure_future(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def health(ready: Ready) -> AsyncIterator[None]:
    """Serve health on the port that `up` gave this process, if it gave one."""
    port = int(os.environ.get("HANDSHAKE_HEALTH_PORT", "0"))
    if not port:
        yield
        return
    async with serving(Starlette(routes=health_routes(ready)), "127.0.0.1", port):
        yield
