"""KeptPorts that this process keeps for its children."""

from __future__ import annotations

import socket
import sys

from app.core.errors import Unavailable


def free_port() -> int:
    """A port that is free now; nobody keeps it so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class KeptPorts:
    """KeptPorts of our children, from before they start until after they have died and come back.

    A socket that is bound and never listens keeps its port from everybody who asks the system for
    a free one, outgoing connections included. On Linux, whoever sets SO_REUSEADDR as well, as our
    children do, still may listen there; elsewhere that option means something else, so there a
    port is looked at and not kept.
    """

    def __init__(self) -> None:
        self._kept: list[socket.socket] = []

    def keep(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """This port, or a free one for 0. Raises Unavailable where somebody else has it."""
        kept = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            kept.bind((host, port))
        except OSError as error:
            kept.close()
            raise Unavailable(
                f"port {port} on {host}: {error.strerror}; --port 0 picks a free one"
            ) from None
        number = int(kept.getsockname()[1])
        if sys.platform == "linux":
            self._kept.append(kept)
        else:
            kept.close()
        return number

    def close(self) -> None:
        for kept in self._kept:
            kept.close()
        self._kept.clear()
