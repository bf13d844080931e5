"""Writes the broker's configuration: one process, both roles, loopback only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MAX_MESSAGE_BYTES = 8_388_608  # 8 MB, the topic and producer limit of the design
PARTITIONS = 4  # of topics made on first use, as in the default settings of the app
HEAP = "512m"  # enough for tests and benchmarks on a laptop; Kafka's own default is 1 GB
NODE_ID = 1
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """The two ports of a node; clients only ever need the broker's."""

    broker: int
    controller: int

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to."""
        return f"{HOST}:{self.broker}"


def render(ports: Ports, data: Path) -> str:
    """Return the text of server.properties."""
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{ports.controller}",
        "listeners": f"PLAINTEXT://{ports.bootstrap},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{ports.bootstrap}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": _escaped(data),
        "num.partitions": PARTITIONS,
        "auto.create.topics.enable": "true",
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
        # After a crash the controller refuses the new process until the old one's session is over:
        # 9 s by default, in which no client is served.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # A second member joins at once instead of waiting 3 s for more of them.
        "group.initial.rebalance.delay.ms": 0,
        # 50 partitions each by default: seconds of file creation at the first group's join.
        "offsets.topic.num.partitions": PARTITIONS,
        "transaction.state.log.num.partitions": PARTITIONS,
        # 128 MB by default, a quarter of our heap.
        "log.cleaner.dedupe.buffer.size": 16_777_216,
    }
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        settings[f"{topic}.replication.factor"] = 1  # there is no second broker to copy to
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        settings[f"{topic}.min.isr"] = 1
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\")


def jvm_command(java: str, jars: Path, scratch: Path) -> list[str]:
    """Return the command up to the main class."""
    return [
        java, f"-Xmx{HEAP}", "-Xms128m", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError",
        # Native libraries are unpacked here: elsewhere every kill -9 would leave a copy behind.
        f"-Djava.io.tmpdir={scratch}", "-XX:-UsePerfData",
        "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
        "-Dorg.slf4j.simpleLogger.showThreadName=false",
        "-cp", f"{jars}/*",
    ]  # fmt: skip
