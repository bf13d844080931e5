"""The world of one simulation: the shipped processes over a simulated network, broker and store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from app import settings as shipped
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.journal import Journal
from app.adapters.store.ledger import Ledger
from app.config import Config
from app.settings import Settings
from app.wiring.base import Base, configuration
from app.wiring.intake import Gate
from tests.sim.broker import Broker, Producer
from tests.sim.loop import Process, VirtualLoop
from tests.sim.network import TIMEOUT_S, Client, Network
from tests.sim.server import Server
from tests.sim.store import Store

NOON_MS = 1_795_000_000_000
WINDOW_S = 30.0
OFFER_S = 4.0
RECONCILE_S = 8.0
_RESTART_S = (0.3, 1.5)  # the supervisor of `up` starts a process again after this

Work = Coroutine[Any, Any, Any]
Factory = Callable[["World", Process], list[Work]]


def settings() -> Settings:
    """The shipped settings, with times short enough to meet every deadline in a minute."""
    return shipped.load(
        sla={"window_s": WINDOW_S},
        offer={"expires_s": OFFER_S, "grace_s": 2.0, "gone_s": 6.0, "sticky_s": 3.0},
        reconcile={"after_s": RECONCILE_S, "every_s": 3.0},
        redis={"socket_timeout_s": TIMEOUT_S},
    )


class Door(RedisDoor):
    """The shipped door, told the world's time instead of asking the server for its own."""

    def __init__(self, client: Client, clock: Callable[[], int]) -> None:
        self._clock = clock
        super().__init__(client)

    @property
    def now_ms(self) -> int:  # type: ignore[override,unused-ignore]
        return self._clock()

    @now_ms.setter
    def now_ms(self, _given: int) -> None:
        return


@dataclass(slots=True)
class Grounds:
    """What is made once and used by many simulations."""

    server: Server
    database: Database
    settings: Settings
    config: Config
    client: Client  # it has no state: each command is a connection of its own


def grounds(server: Server, database: Database) -> Grounds:
    made = settings()
    return Grounds(server, database, made, configuration(made), Client())


@dataclass(slots=True)
class Host:
    """A place where one process at a time runs, and is started again after it died."""

    name: str
    factory: Factory
    process: Process
    starts: int = 0
    wanted: bool = True


@dataclass
class World:
    """Everything of one seed. `said` is the log that `-v` shows."""

    seed: int
    on: Grounds
    loop: VirtualLoop
    hosts: dict[str, Host] = field(default_factory=dict)
    outages: list[tuple[int, int]] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    at_desk: set[str] = field(default_factory=set)
    redis_skew_ms: int = 0
    dismissed: set[str] = field(default_factory=set)  # who is not on the staff just now
    lost: set[str] = field(default_factory=set)  # op ids whose facts went with a wiped Redis
    _ids: int = 0

    def __post_init__(self) -> None:
        self.network = Network(self.loop, self.on.server, self.chance("network"))
        self.store = Store(self.loop, self.chance("store"))
        self.broker = Broker(self.loop, self.chance("broker"), self.now_ms)
        self.fate = self.chance("fate")
        self.drain = asyncio.Event()  # all faults are over: whatever is left shall end
        self.loop.executor = self.store.execute

    @property
    def draining(self) -> bool:
        return self.drain.is_set()

    def chance(self, name: str) -> random.Random:
        """Random numbers of its own for each concern: one more draw here moves nothing there."""
        return random.Random(f"{self.seed}/{name}")

    def now_ms(self) -> int:
        return NOON_MS + round(self.loop.time() * 1000)

    def redis_ms(self) -> int:
        return self.now_ms() + self.redis_skew_ms

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:06x}{self.seed:06x}{self._ids:06x}"

    def say(self, sentence: str) -> None:
        self.said.append(f"{self.loop.time():8.3f} {sentence}")

    def base(self) -> Base:
        """What `app.wiring.base` makes for a process."""
        client = self.client()
        return Base(
            settings=self.on.settings,
            config=self._config(),
            redis=client,
            door=Door(client, self.redis_ms),
            database=self.on.database,
            ledger=Ledger(self.on.database),
        )

    def _config(self) -> Config:
        """As the files say at this moment: a process reads them when it starts."""
        catalogue = self.on.config.catalogue
        reps = {name: rep for name, rep in catalogue.reps.items() if name not in self.dismissed}
        return replace(self.on.config, catalogue=replace(catalogue, reps=reps))

    def client(self) -> Client:
        self.on.client.network = self.network
        return self.on.client

    def producer(self) -> Any:
        return Producer(self.broker, self.loop)

    def gate(self) -> Gate:
        return Gate(Journal(self.on.database), self.producer(), self.on.config.permission.words)

    def host(self, name: str, factory: Factory) -> None:
        self.hosts[name] = Host(name, factory, Process(name))
        self._start(self.hosts[name])

    def _start(self, host: Host) -> None:
        if not host.wanted:
            return
        host.starts += 1
        process = host.process = Process(f"{host.name}#{host.starts}")
        for work in host.factory(self, process):
            task = self.loop.spawn(process, work)
            task.add_done_callback(lambda task: self._ended(host, process, task))

    def _ended(self, host: Host, process: Process, task: Any) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None or not process.alive:
            return
        self.crashes.append(f"{process.name} died of {error!r}")
        self.kill(host.name, "a crash")

    def kill(self, name: str, why: str = "kill -9") -> None:
        """End a process between two steps; its supervisor starts it again."""
        host = self.hosts[name]
        if not host.process.alive:
            return
        self.say(f"{why}: {host.process.name}")
        self.loop.kill(host.process)
        self.broker.silent(host.process)
        self.again(host)

    def again(self, host: Host) -> None:
        delay_s = self.fate.uniform(*_RESTART_S)
        self.loop.outside(delay_s, self._start, host)
        self.outage(delay_s + 0.5)

    def outage(self, seconds: float) -> None:
        """From now on for so long nobody is promised anything in time."""
        now = self.now_ms()
        self.outages.append((now, now + round(seconds * 1000)))
