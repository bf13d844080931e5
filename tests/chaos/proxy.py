"""A TCP proxy that misbehaves: slow, jittery, thin, cut, half-open, silent at the reply."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_CHUNK = 65_536


@dataclass
class Weather:
    """What the line is like at this moment; all false and zero is a good line."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: as fast as it goes
    frozen: bool = False  # half-open: connected, and nothing comes or goes
    refusing: bool = False  # nobody can connect
    lost_replies: float = 0.0  # share of replies that are cut off after the server has acted


class Proxy:
    """Listens on a free port of this host and passes everything on to the target."""

    def __init__(self, host: str, port: int, seed: int = 7) -> None:
        self._target = (host, port)
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.weather = Weather()
        self.replies_lost = 0
        self.port = 0

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        listening = threading.Event()
        thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
        thread.start()
        assert listening.wait(5)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(5)

    def cut(self) -> int:
        """Reset every connection; returns how many there were."""
        done = threading.Event()
        many = len(self._pairs)

        def reset() -> None:
            for pair in list(self._pairs):
                for writer in pair:
                    _reset(writer)
            done.set()

        self._loop.call_soon_threadsafe(reset)
        assert done.wait(5)
        return many

    @contextmanager
    def bad(self, **weather: Any) -> Iterator[None]:
        """This weather in the block, a good line after it."""
        self.weather = Weather(**weather)
        if self.weather.refusing:
            self.cut()
        try:
            yield
        finally:
            self.weather = Weather()

    # the loop's own thread

    def _serve(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", 0)
        )
        self.port = int(server.sockets[0].getsockname()[1])
        listening.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather.refusing:
            _reset(writer)
            return
        try:
            there, to_there = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        pair = (writer, to_there)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pass_on(reader, to_there, lambda: False),
                self._pass_on(there, writer, self._loses_reply),
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(pair)
            for end in pair:
                _reset(end)

    def _loses_reply(self) -> bool:
        lost = self._chance.random() < self.weather.lost_replies
        self.replies_lost += lost
        return lost

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, loses: Callable[[], bool]
    ) -> None:
        while data := await reader.read(_CHUNK):
            while self.weather.frozen:  # noqa: ASYNC110 (set by another thread)
                await asyncio.sleep(0.02)
            weather = self.weather
            if loses():
                raise ConnectionResetError  # the server has acted, and nobody hears of it
            if pause_s := weather.delay_s + self._chance.uniform(0, weather.jitter_s):
                await asyncio.sleep(pause_s)
            if weather.bytes_per_s:
                await asyncio.sleep(len(data) / weather.bytes_per_s)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a crashed host or a firewall does."""
    with contextlib.suppress(OSError, AttributeError):
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with contextlib.suppress(Exception):
        writer.transport.abort()
