"""The proxy does what its weather says: else a run on a bad line was a run on a good one. (A6.1)"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import Proxy


class Echo:
    """Answers every line with itself, and remembers what came."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            end, _ = self._server.accept()
            threading.Thread(target=self._talk, args=(end,), daemon=True).start()

    def _talk(self, end: socket.socket) -> None:
        with end:
            try:
                while data := end.recv(100):
                    self.heard.append(data)
                    end.sendall(data)
            except OSError:
                return


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", echo.port).running() as proxy:
        yield proxy


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=3.0)


def ask(end: socket.socket, text: bytes = b"hello") -> bytes:
    end.sendall(text)
    return end.recv(100)


def test_in_good_weather_it_passes_everything_on(proxy: Proxy) -> None:
    with connected(proxy) as end:
        assert ask(end) == b"hello"


def test_latency_is_felt_in_both_directions(proxy: Proxy) -> None:
    with connected(proxy) as end, proxy.bad(delay_s=0.15):
        began = time.monotonic()
        assert ask(end) == b"hello"
        assert time.monotonic() - began >= 0.3


def test_a_lost_reply_is_lost_after_the_server_has_acted(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy) as end, proxy.bad(lost_replies=1.0):
        with pytest.raises(ConnectionResetError):
            ask(end)
        assert echo.heard == [b"hello"]
    assert proxy.replies_lost == 1


def test_a_cut_resets_every_connection_and_a_new_one_works(proxy: Proxy) -> None:
    with connected(proxy) as first, connected(proxy) as second:
        assert (ask(first), ask(second)) == (b"hello", b"hello")
        assert proxy.cut() == 2
        for end in (first, second):
            with pytest.raises(ConnectionResetError):
                end.recv(100)
    with connected(proxy) as third:
        assert ask(third) == b"hello"


def test_a_half_open_line_is_silent_and_then_goes_on(proxy: Proxy) -> None:
    with connected(proxy) as end:
        assert ask(end) == b"hello"
        with proxy.bad(frozen=True):
            end.settimeout(0.3)
            with pytest.raises(TimeoutError):
                ask(end, b"anybody?")
        end.settimeout(3.0)
        assert end.recv(100) == b"anybody?"


def test_nobody_connects_while_it_refuses(proxy: Proxy) -> None:
    with (
        proxy.bad(refusing=True),
        pytest.raises((ConnectionError, AssertionError)),
        connected(proxy) as end,
    ):
        assert ask(end) == b"hello"
