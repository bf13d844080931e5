"""up: start everything on one host, keep it running, say where it is, stop it as one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx

from app import log
from app.adapters.kafka import TOPICS
from app.adapters.kafka_admin import create_topics
from app.adapters.store.database import Database
from app.adapters.store.migrate import migrate
from app.config import Config
from app.core.errors import ConfigError, Unavailable
from app.processes import embedded, people
from app.processes.children import Child, Program, Service, keep_alive
from app.processes.console import Console
from app.processes.starting import until_ready
from app.processes.tcp_ports import KeptPorts
from app.settings import Settings
from app.wiring import rules
from app.wiring.base import configuration, system_ms
from app.wiring.check import check
from app.wiring.profiles import statements

READY_S = 60.0
_SERVICES = (
    "worker",
    "web",
    "watch",
    "record",
    "reconcile",
    "events",
    "send",
)  # the slowest to start first


class Up:
    """One run of everything. `settings` carry the flags; addresses are filled in as parts start."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data_dir = settings.data_dir.resolve()
        self.config = configuration(settings)
        self.children: dict[str, Child] = {}
        self.secrets = people.load(self.data_dir / "secrets.json", self.config.catalogue)
        self.kafka = settings.kafka.bootstrap
        self.redis = settings.redis.url
        self.rules: rules.Rules | None = None
        self.broker_since_ms = 0
        self.ports = KeptPorts()
        self.port = self.ports.keep(settings.web.host, settings.web.port)
        self.services = _services(self.config)
        self.health_ports = {name: self.ports.keep() for name in self.services if name != "web"}
        self.started = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Start, supervise, and stop when told to. Raises Unavailable where a part cannot start."""
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
        stop = asyncio.ensure_future(told.wait())
        work = asyncio.ensure_future(self._run())
        try:
            await asyncio.wait({stop, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stop, work, *self._tasks):
                task.cancel()
            await asyncio.gather(stop, *self._tasks, return_exceptions=True)
            await self._stop()
        with contextlib.suppress(asyncio.CancelledError):
            await work

    async def _run(self) -> None:
        console = Console(self)
        await self._start_parts()
        for name in self.services:
            self._add(Service(name, self._env(name), self.logs / f"{name}.log"))
            await self.children[name].start()
        await asyncio.gather(self._seed(), self._until_ready())
        if self.settings.demo.on:
            self._add(embedded.python("demo", "app", self._demo_env(), self.logs))
            await self.children["demo"].start()
        self._write_run_file()
        console.banner()
        for child in self.children.values():
            self._tasks.append(asyncio.ensure_future(self._supervise(child)))
        await console.follow()

    async def _start_parts(self) -> None:
        await asyncio.to_thread(migrate, self.settings.store_url)
        self.rules = await rules.take_in(self.settings)
        if not self.redis:
            child, self.redis = await embedded.start_redis(self.data_dir, self.ports.keep())
            self._add(child)
        else:
            await embedded.answers(self.redis)
        if not self.kafka:
            child, self.kafka = await embedded.start_broker(self._env("broker"), self.data_dir)
            self.broker_since_ms = time.time_ns() // 1_000_000
            self._add(child)
        else:
            await create_topics(self.kafka, self.settings.kafka.partitions)

    async def _seed(self) -> None:
        database = Database(self.settings.store_url)
        try:
            await people.enter(database, self.config.catalogue, self.secrets)
            if self.settings.demo.on:
                await self._seed_profiles(database)
        finally:
            database.close()

    async def _seed_profiles(self, database: Database) -> None:
        from app.demo.world import statements as said  # noqa: PLC0415 (only in the demo)

        store = statements(database, self.settings, self.config.catalogue)
        await store.take(said(system_ms()))

    async def _supervise(self, child: Child) -> None:
        if not isinstance(child, Program) or child.name != "broker":
            await keep_alive(child, self._write_run_file)
            return
        while True:  # the broker gets a new address, and everybody must hear of it
            await child.wait()
            self.kafka = await embedded.broker_address(child)
            self.broker_since_ms = time.time_ns() // 1_000_000
            for name in self.services:
                self.children[name].env = self._env(name)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.children[name].pid, signal.SIGTERM)
            self._write_run_file()

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(timeout=1.0) as client:
            try:
                async with asyncio.timeout(READY_S):
                    await asyncio.gather(
                        *(
                            until_ready(self.children[name], self.health_url(name), client)
                            for name in self.services
                        )
                    )
            except TimeoutError:
                raise Unavailable(f"not ready after {READY_S:.0f} s; see {self.logs}") from None

    def _add(self, child: Child) -> None:
        self.children[child.name] = child

    def _env(self, name: str) -> dict[str, str]:
        """The settings of this run, as the child will read them."""
        alone = {"data_dir", "secret", "webhook_secret"}
        env = {
            f"HANDSHAKE_{section.upper()}__{key.upper()}": _as_text(value)
            for section, keys in self.settings.model_dump(exclude=alone).items()
            for key, value in keys.items()
        }
        return env | {
            "HANDSHAKE_KAFKA__BOOTSTRAP": self.kafka,
            "HANDSHAKE_KAFKA__EMBEDDED_SINCE_MS": str(self.broker_since_ms),
            "HANDSHAKE_REDIS__URL": self.redis,
            "HANDSHAKE_STORE__URL": self.settings.store_url,
            "HANDSHAKE_WEB__PORT": str(self.port),
            "HANDSHAKE_DATA_DIR": str(self.data_dir),
            "HANDSHAKE_SECRET": self.secrets.intake_key,
            "HANDSHAKE_WEBHOOK_SECRET": self.secrets.webhook_secret,
            "HANDSHAKE_UP": "1",
            "HANDSHAKE_HEALTH_PORT": str(self.health_ports.get(name, 0)),
            "PROMETHEUS_MULTIPROC_DIR": str(self.data_dir / "metrics"),
            "PYTHONUNBUFFERED": "1",
        }

    def _demo_env(self) -> dict[str, str]:
        keys = {r.name: self.secrets.people[r.name].key for r in self._reps() if r.demo}
        return self._env("demo") | {
            "HANDSHAKE_DEMO__URL": self.url,
            "HANDSHAKE_DEMO__INTAKE_KEY": self.secrets.intake_key,
            "HANDSHAKE_DEMO__KEYS": json.dumps(keys),
        }

    def _reps(self) -> list[Any]:
        return list(self.config.catalogue.reps.values())

    @property
    def url(self) -> str:
        return f"http://{self.settings.web.host}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.data_dir / "log"

    def health_url(self, name: str) -> str:
        port = self.health_ports.get(name)
        return f"http://127.0.0.1:{port}" if port else self.url

    def users(self) -> list[dict[str, str]]:
        return [
            {
                "name": rep.name,
                "password": self.secrets.people[rep.name].password,
                "role": rep.role,
                "key": self.secrets.people[rep.name].key,
            }
            for rep in self._reps()
            if not rep.demo
        ]

    def _write_run_file(self) -> None:
        pids: dict[str, Any] = {name: child.pid for name, child in self.children.items()}
        pids["worker"] = [pids["worker"]]
        people.write_private(
            self.data_dir / "run.json",
            {
                "web": self.url,
                "metrics": [f"{self.url}/metrics"],
                "health": {name: self.health_url(name) for name in self.services},
                "kafka": {"bootstrap": self.kafka, "topics": TOPICS},
                "redis": self.redis,
                "store": self.settings.store_url,
                "pids": {"broker": 0, "redis": 0, "up": os.getpid()} | pids,
                "users": self.users(),
                "intake_key": self.secrets.intake_key,
                "webhook_secret": self.secrets.webhook_secret,
                "sla_seconds": self.settings.sla.window_s,
                "offer_seconds": self.settings.offer.expires_s,
                "data_dir": str(self.data_dir),
            },
        )

    async def _stop(self) -> None:
        """Everything that writes first, then what it writes to."""
        (self.data_dir / "run.json").unlink(missing_ok=True)
        first = [c for c in self.children.values() if c.name not in ("redis", "broker")]
        await asyncio.gather(*(child.stop() for child in first))
        last = [c for c in self.children.values() if c.name in ("redis", "broker")]
        await asyncio.gather(*(child.stop(1.0) for child in last))
        self.ports.close()


def _services(config: Config) -> tuple[str, ...]:
    """What is forked here; nobody follows the ledger for partners that there are not."""
    return (*_SERVICES, "handoffs") if config.partners else _SERVICES


def _as_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | tuple) else str(value)


def main(settings: Settings) -> None:
    """Run until Ctrl+C. Raises ConfigError or Unavailable."""
    problems = check(settings)
    if problems:
        raise ConfigError(problems)
    if sentence := embedded.supported():
        raise Unavailable(sentence)
    log.configure("up")
    asyncio.run(Up(settings).run())
