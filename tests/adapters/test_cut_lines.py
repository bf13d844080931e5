"""A connection that is cut makes a part away; it never makes a mention a dead letter."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import uvloop

from app.adapters.redis_client import away_is_unavailable
from app.core.errors import Unavailable
from app.processes.console import Console


def written_after_a_reset() -> None:
    """What uvloop raises, provoked and not imitated: we write to a line that is gone."""

    async def main() -> None:
        async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.transport.abort()
            await asyncio.sleep(0.05)
            with away_is_unavailable():
                writer.write(b"PING")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_a_redis_connection_that_was_reset_before_we_wrote_is_away() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        written_after_a_reset()


def test_other_faults_of_ours_are_not_taken_for_a_redis_that_is_away() -> None:
    with pytest.raises(RuntimeError, match="a bug"), away_is_unavailable():
        raise RuntimeError("a bug")


async def test_figures_that_fail_do_not_end_the_supervisor() -> None:
    def broken(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, json={"title": "Internal Server Error"})

    class Up:
        url = "http://127.0.0.1"

    async with httpx.AsyncClient(transport=httpx.MockTransport(broken)) as client:
        console = Console(Up())  # type: ignore[arg-type]
        assert await console._line(client) == "the figures are not to be had"
