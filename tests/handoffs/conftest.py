"""Hand-offs whole: the door, the ledger, the delivery log, the web application and a partner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx
import pytest

from app.adapters.redis_floor import RedisFloor
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.signatures import Signer
from app.adapters.store.rule_events import RuleEvents
from app.adapters.webhook import Webhooks
from app.config import Config, load
from app.core.facts import Fact
from app.core.handoff import Handoff, Partner
from app.core.queueing import task_id_of
from app.ports import Admission
from app.processes.handoff_delivery import Delivery, Sender
from app.processes.handoff_outcome import Outcome, Publisher
from app.processes.handoffs import Follow
from app.processes.relay import Relay
from app.settings import CONFIG
from app.web.state import Parts
from tests import partner as reference
from tests.builders import admission
from tests.doubles import KeepingProducer
from tests.web import conftest as web

AMIRA = {"type": "user", "id": "amira", "role": "agent"}

app, client, api, parts = web.app, web.client, web.api, web.parts


@pytest.fixture
async def engine() -> AsyncIterator[reference.Engine]:
    async with reference.Engine().serving() as engine:
        yield engine


@pytest.fixture
def partner(engine: reference.Engine) -> Partner:
    """How the configuration of these tests describes the reference partner."""
    return engine.partner(
        stages=("queued", "accepted", "replied", "completed", "cancelled", "breached", "closed"),
        on_failure="billing",
        call_out=True,
        routes=("billing",),
        highest_priority=80,
        retries=3,
    )


@pytest.fixture
def config(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("HANDSHAKE_HANDOFFS__CRM_SECRET", reference.SECRET)
    return replace(load(CONFIG), partners={partner.name: partner})


@dataclass
class House:
    """One Handshake and its partner. Time is the door's, which tests move."""

    parts: Parts
    engine: reference.Engine
    client: httpx.AsyncClient
    sender: Sender
    topic: KeepingProducer = field(default_factory=KeepingProducer)

    def __post_init__(self) -> None:
        base, log = self.parts.base, self.parts.handoffs
        config = base.config
        relayed: Any = KeepingProducer()
        self.relay = Relay(RedisOutbox(base.redis), base.ledger, relayed)
        self.acts = RuleEvents(base.database)
        self.follow = Follow(base.ledger, log, self.parts.parties, config.partners, self.acts)
        self.deliveries = {
            partner.name: Delivery(partner, log, self.sender, lambda: self.now_ms, lambda: 1.0)
            for partner in config.partners.values()
        }
        floor = RedisFloor(base.redis, config.catalogue)
        self.outcome = Outcome(base.door, floor, log, config, lambda: self.now_ms)
        self.publisher = Publisher(log, self.topic)  # type: ignore[arg-type]

    @property
    def now_ms(self) -> int:
        return self.parts.base.door.now_ms

    async def later(self, by_s: float) -> None:
        self.parts.base.door.now_ms += round(by_s * 1000)
        await self.round()

    async def admit(self, id_: str = "1", *partners: str, **given: Any) -> str:
        """A mention that the rules hand to these partners; returns its id."""
        admitted = handed(admission(id_, **given), *(partners or ("crm",)))
        await self.parts.base.door.admit([admitted])
        return admitted.mention.mention_id

    async def followed(self) -> None:
        while await self.relay.move(0):
            pass
        await self.follow.turn()

    async def round(self) -> None:
        """Everything that the process does, until nothing is left to do now."""
        await self.followed()
        for delivery in self.deliveries.values():
            for _ in range(3):  # of one mention one event goes at a time
                await delivery.turn()
                await delivery.landed()
        await self.outcome.turn()
        await self.publisher.turn()
        await self.followed()

    async def log(self) -> list[Handoff]:
        return await self.parts.handoffs.log({}, 100)

    async def facts(self, *ops: str) -> list[dict[str, Any]]:
        found = await self.parts.base.ledger.since(0, 10_000)
        return [fact for fact in found if not ops or fact["op"] in ops]

    async def accepted(self, mention_id: str) -> str:
        """Amira takes the task of this mention; returns its id."""
        await self.parts.base.door.set_state("amira", "available", "", AMIRA)
        await self.parts.base.door.offer(20_000)
        await self.do("accept", task_id_of(mention_id))
        return task_id_of(mention_id)

    async def do(self, name: str, task: str, **given: Any) -> None:
        """A command of amira."""
        door, op_id = self.parts.base.door, f"amira:{name}:{task}:{self.now_ms}"
        await door.command(name, task, op_id, rep="amira", actor=AMIRA, **given)

    async def card(self, mention_id: str) -> dict[str, Any]:
        found = await self.parts.floor.card(task_id_of(mention_id))
        assert found
        return found


def handed(admitted: Admission, *partners: str) -> Admission:
    """The same, where the rules hand the mention to these partners."""

    def told(fact: Fact) -> Fact:
        if fact.op != "decided":
            return fact
        decision = asdict(fact.data["decision"]) | {"handoffs": list(partners)}
        return replace(fact, data={"decision": decision})

    return replace(admitted, facts=tuple(told(fact) for fact in admitted.facts))


@pytest.fixture
async def house(
    parts: Parts, engine: reference.Engine, client: httpx.AsyncClient
) -> AsyncIterator[House]:
    webhooks = Webhooks({"crm": Signer(reference.SECRET)})
    yield House(parts, engine, client, webhooks)
    await webhooks.close()
