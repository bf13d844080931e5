"""One Kafka node in one folder: format, start, wait until ready, stop."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tools.kafka import ports, process, properties
from tools.kafka.errors import KafkaToolError
from tools.kafka.jars import ensure_jars
from tools.kafka.java import find_java
from tools.kafka.properties import NODE_ID, Ports

READY_S = 90  # a busy two-core machine needs about 10 s
STOP_S = 30  # a clean stop takes about 2 s; then SIGKILL, which loses nothing acknowledged


class KafkaNode:
    """A node whose data, log and process id live in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "kafka.log"
        self._data = self.folder / "data"
        self._scratch = self.folder / "tmp"
        self._properties = self.folder / "server.properties"
        self._pid_file = self.folder / "kafka.pid"
        self._ports_file = self.folder / "ports.json"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running JVM, 0 if it does not run."""
        pid = process.read_pid(self._pid_file)
        return pid if process.is_ours(pid, str(self._properties)) else 0

    @property
    def bootstrap(self) -> str:
        """The address of the last start, empty before the first one."""
        known = self._last_ports()
        return known.bootstrap if known else ""

    def start(self, port: int = 0) -> bool:
        """Start the node and wait until it answers; False if it ran already.

        Port 0 takes the port of the last start again if it is free, else any free one.
        """
        with self._locked():
            if self.pid:
                self._check_same_port(port)
                self._wait_until_ready()
                return False
            java, jars = find_java(), ensure_jars()
            chosen = self._choose_ports(port)
            command = properties.jvm_command(java, jars, self._scratch)
            self._prepare(chosen, command)
            self._launch(command)
            try:
                self._wait_until_ready()
            except BaseException:  # Ctrl+C as well: nobody else would end the JVM
                self.kill()
                raise
            return True

    def stop(self) -> bool:
        """Stop the node cleanly; False if it did not run."""
        pid = self.pid
        if not pid:
            self._forget()
            return False
        clean = process.terminate(pid, str(self._properties), STOP_S)
        self._forget()
        if not clean:
            raise KafkaToolError(
                f"Kafka (process {pid}) did not stop within {STOP_S} s and was killed;"
                f" what it had acknowledged is kept. See {self.log}."
            )
        return True

    def kill(self) -> None:
        """End the JVM with SIGKILL, as a crash would."""
        process.kill(process.read_pid(self._pid_file), str(self._properties))
        self._forget()

    def _forget(self) -> None:
        self._pid_file.unlink(missing_ok=True)
        if self._child:
            self._child.wait()
            self._child = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise KafkaToolError(f"{self.folder} cannot be written: {error.strerror}.") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second finds it running
            yield

    def _last_ports(self) -> Ports | None:
        try:
            return Ports(**json.loads(self._ports_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _check_same_port(self, port: int) -> None:
        known = self._last_ports()
        if port and known and known.broker != port:
            raise KafkaToolError(
                f"Kafka in {self.folder} already runs on {known.bootstrap}:"
                f" stop it first, or choose another --dir for port {port}."
            )

    def _choose_ports(self, port: int) -> Ports:
        known = self._last_ports()
        if port:
            if not ports.is_free(port):
                raise KafkaToolError(
                    f"Port {port} is in use by another program: stop that program,"
                    " or choose another port with --port (0 picks a free one)."
                )
            return Ports(port, ports.free_port(other_than=port))
        if known and ports.is_free(known.broker) and ports.is_free(known.controller):
            return known
        broker = ports.free_port()
        return Ports(broker, ports.free_port(other_than=broker))

    def _prepare(self, chosen: Ports, command: list[str]) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)  # native libraries of a killed JVM
        self._scratch.mkdir(exist_ok=True)
        self._properties.write_text(properties.render(chosen, self._data), encoding="utf-8")
        self._ports_file.write_text(json.dumps(vars(chosen)), encoding="utf-8")
        if (self._data / "meta.properties").exists():
            return
        command = [
            *command,
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "-t",
            _cluster_id(),
            "-c",
            str(self._properties),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise KafkaToolError(f"{self._data} could not be formatted: {' '.join(last)}")

    def _launch(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [*command, "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl+C in the terminal must not reach the broker
            )  # fmt: skip
        self._pid_file.write_text(str(self._child.pid), encoding="ascii")

    def _wait_until_ready(self) -> None:
        known = self._last_ports()
        deadline = time.monotonic() + READY_S
        while known and time.monotonic() < deadline:
            if self._child and self._child.poll() is not None:
                raise KafkaToolError(f"Kafka ended while starting: {self._last_complaint()}")
            # A plain connect first: librdkafka logs every refused attempt.
            if ports.accepts(known.broker) and _answers(known.bootstrap):
                return
            time.sleep(process.POLL_S)
        raise KafkaToolError(f"Kafka did not answer within {READY_S} s, see {self.log}.")

    def _last_complaint(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-200:]
        bad = [line for line in lines if "ERROR" in line or "Exception" in line]
        return f"{(bad or lines or ['no output'])[-1].strip()} (see {self.log})"


def _cluster_id() -> str:
    """A random id as Kafka makes its own: one that begins with a dash would read as an option."""
    while True:
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


def _answers(bootstrap: str) -> bool:
    try:
        client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        return NODE_ID in client.list_topics(timeout=2).brokers
    except KafkaException:
        return False
