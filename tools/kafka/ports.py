"""Picks ports and says whether one is taken."""

from __future__ import annotations

import random
import socket

from tools.kafka.errors import KafkaToolError
from tools.kafka.properties import HOST

# Below the range that Linux hands to outgoing connections (32768 and up): a client that retries
# a dead broker there can connect to itself and so keep the broker from coming back.
FREE_RANGE = range(20_000, 30_000)
TRIES = 200


def is_free(port: int) -> bool:
    """Say whether we could listen on the port of the loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT is no listener
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Say whether something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def free_port(other_than: int = 0) -> int:
    """Return a port that nobody uses at the moment."""
    for port in random.sample(FREE_RANGE, TRIES):
        if port != other_than and is_free(port):
            return port
    raise KafkaToolError(f"No free port between {FREE_RANGE.start} and {FREE_RANGE.stop}.")
