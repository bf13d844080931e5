"""`python -m tools.kafka start|stop|status`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.kafka.errors import EXIT_FAILED, KafkaToolError
from tools.kafka.jars import ENV_CACHE, ENV_REPOSITORY, kafka_version, read_lock
from tools.kafka.node import KafkaNode

DEFAULT_PORT = 9092  # Kafka's own, the one that the documentation tells people to pass to --kafka
EXIT_NOT_RUNNING = 3  # what `systemctl status` says for the same thing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every failure is one sentence on stderr."""
    chosen = _parser().parse_args(arguments)
    node = KafkaNode(chosen.dir)
    try:
        if chosen.command == "start":
            return _start(node, chosen.port)
        return _stop(node) if chosen.command == "stop" else _status(node)
    except KafkaToolError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.kafka",
        description="A real single-node Apache Kafka on loopback, for tests and benchmarks.",
        epilog=f"Environment: {ENV_CACHE} (folder for the jars), {ENV_REPOSITORY} (where to"
        " fetch them if not by Maven's own settings).",
    )
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("--dir", type=Path, default=Path("var/kafka"), help="data, log and pid")
    parser.add_argument("--port", type=_port, help=f"default {DEFAULT_PORT}; 0 picks a free one")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return int(text)


def _start(node: KafkaNode, port: int | None) -> int:
    began = time.monotonic()
    if port is None:  # a node that runs already is fine on whatever port it has
        port = 0 if node.pid else DEFAULT_PORT
    fresh = node.start(port)
    how = f"started in {time.monotonic() - began:.1f} s" if fresh else "it ran already"
    version = kafka_version(read_lock())
    print(
        f"Kafka {version} is ready at {node.bootstrap} ({how}; process {node.pid}, log {node.log})."
    )
    return 0


def _stop(node: KafkaNode) -> int:
    print("Kafka has stopped." if node.stop() else f"No Kafka runs in {node.folder}.")
    return 0


def _status(node: KafkaNode) -> int:
    if not node.pid:
        print(f"No Kafka runs in {node.folder}.")
        return EXIT_NOT_RUNNING
    print(f"Kafka runs at {node.bootstrap} (process {node.pid}, log {node.log}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
