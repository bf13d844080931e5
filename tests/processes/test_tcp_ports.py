"""The port of a child is its own from before its first start on."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from app.core.errors import Unavailable
from app.processes.tcp_ports import KeptPorts

# Linux 6.3: a socket's own range of ports to choose a free one from.
IP_LOCAL_PORT_RANGE = 51

linux = pytest.mark.skipif(sys.platform != "linux", reason="ports are kept on Linux alone")


def listener(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


def near(port: int) -> socket.socket:
    """A socket that may be given this port or one of its three neighbours to each side."""
    made = socket.socket()
    span = struct.pack("I", (port + 3) << 16 | (port - 3))
    try:
        made.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, span)
    except OSError:
        pytest.skip("needs Linux 6.3, where a socket can have its own range of ports")
    return made


def given_near(port: int, ask: Callable[[socket.socket], object]) -> set[int]:
    """The ports near this one that the system gives to whoever asks in this way."""
    with ExitStack() as others:
        given: set[int] = set()
        while True:
            other = others.enter_context(near(port))
            try:
                ask(other)
            except OSError:  # none is left
                return given
            given.add(other.getsockname()[1])


@linux
def test_a_kept_port_is_never_given_to_who_asks_for_a_free_one() -> None:
    kept = KeptPorts()
    port = kept.keep()
    given = given_near(port, lambda other: other.bind(("127.0.0.1", 0)))
    kept.close()
    assert given
    assert port not in given


@linux
def test_an_outgoing_connection_never_takes_a_kept_port() -> None:
    kept = KeptPorts()
    port = kept.keep()
    with listener(0) as server:
        given = given_near(port, lambda other: other.connect(server.getsockname()))
    kept.close()
    assert given
    assert port not in given


def test_a_child_listens_on_its_kept_port_again_and_again() -> None:
    kept = KeptPorts()
    port = kept.keep()
    for _life in range(3):
        with listener(port), socket.create_connection(("127.0.0.1", port)):
            pass
    kept.close()


def test_a_port_that_somebody_listens_on_is_refused_with_a_way_out() -> None:
    with listener(0) as theirs:
        port = theirs.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port} on 127.0.0.1: .*--port 0"):
            KeptPorts().keep(port=port)
