"""Sending whole: a ledger, the gate, connectors that keep what they get. Time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from app import codec
from app.adapters.store.consents import Consents
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.outbound import OutboundLog
from app.adapters.store.rule_events import RuleEvents
from app.config import load
from app.core.delivery import Answer
from app.core.facts import Fact
from app.core.outbound import Outbound, Outgoing, Sending
from app.core.permission import Permit
from app.processes.send import Intake, Telling
from app.processes.sending import Lane
from app.settings import CONFIG
from tests.builders import NOON_MS, mention

TAKEN = Answer(status=200, body=b'{"id": "ref-1"}')
SHIPPED = load(CONFIG).permission


@dataclass
class Channel:
    """A connector. `script` are its next answers; like every receiver it keeps each id once."""

    now_ms: Callable[[], int]
    script: list[Answer | BaseException] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    has: dict[str, Outbound] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None

    async def send(self, message: Outbound, permit: Permit) -> Answer:
        permit.check(message, self.now_ms())
        self.before()
        self.requests.append(message.outbound_id)
        answer = self.script.pop(0) if self.script else TAKEN
        if isinstance(answer, BaseException):
            raise answer
        if answer.status == 200:
            self.has[message.outbound_id] = message
        return answer

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.has.values()]


@dataclass
class Notes:
    """The door, as far as facts go: they are in the ledger at the next round."""

    facts: list[Fact] = field(default_factory=list)

    async def note(self, facts: Sequence[Fact]) -> None:
        self.facts += facts


class Post:
    """One Handshake that sends on two channels, and a third without a connector."""

    def __init__(self, database: Database) -> None:
        self.now_ms = NOON_MS
        self.database = database
        self.ledger, self.kept = Ledger(database), OutboundLog(database)
        self.acts = RuleEvents(database)
        self.consents, self.notes = Consents(database), Notes()
        self.channels = {name: Channel(lambda: self.now_ms) for name in ("sms", "email")}
        self.permission = SHIPPED
        self.facts = 0
        self.start()

    def start(self) -> None:
        """Begin anew, as after kill -9: all that is known is in the store."""
        self.intake = Intake(
            self.ledger,
            self.acts,
            self.kept,
            self.permission,
            self.channels,
            lambda: self.now_ms,
        )
        self.lanes = {
            name: Lane(
                Sending(name=name, kind="webhook", retries=2),
                channel,
                self.kept,
                self.permission.policy,
                self.intake.turn,
                lambda: self.now_ms,
                lambda: 1.0,
            )
            for name, channel in self.channels.items()
        }
        self.telling = Telling(self.kept, self.consents, self.notes)

    async def hears(
        self, text: str, channel: str = "sms", handle: str = "anna", **meta: Any
    ) -> str:
        """A mention; returns its id."""
        self.facts += 1
        said = mention(f"said-{self.facts}", text=text, channel=channel, meta=meta)
        said = replace(said, author=replace(said.author, handle=handle))
        data = {"mention": said, "content_hash": said.content_hash}
        await self._append("received", said.mention_id, data=data)
        return said.mention_id

    async def replies(self, mention_id: str, text: str = "On its way.", rep: str = "amira") -> None:
        self.facts += 1
        await self._append("replied", mention_id, data={"text": text, "first": True}, rep=rep)

    async def records(self, kind: str, channel: str, purpose: str, **data: Any) -> None:
        """A consent that amira was told of."""
        self.facts += 1
        given = {"kind": kind, "channel": channel, "purpose": purpose, "source": "phone"}
        given |= {"handle_key": f"{channel}:anna", "evidence": "call of 12:00"} | data
        await self._append("consent_changed", "", data=given)

    async def _append(self, op: str, mention_id: str, **given: Any) -> None:
        entry = {
            "fact_id": f"f{self.facts}/{op}", "op": op, "op_id": f"f{self.facts}",
            "now_ms": self.now_ms, "mention_id": mention_id,
            "actor": {"type": "user", "id": "amira", "role": "agent"},
        }  # fmt: skip
        await self.ledger.append([orjson.loads(codec.dumps(entry | given))])  # as from the door

    async def round(self) -> None:
        """Everything that the process does, until nothing is left to do now."""
        await self.intake.turn()
        for lane in self.lanes.values():
            for _ in range(4):  # to one person one message goes at a time
                await lane.turn()
                await lane.landed()
        await self.telling.turn()
        told, self.notes.facts = [fact.as_dict() for fact in self.notes.facts], []
        if told:
            await self.ledger.append(told)
            await self.round()

    async def log(self, **only: str) -> list[Outgoing]:
        return await self.kept.log(only, 100)

    async def states(self) -> list[str]:
        return [found.state for found in reversed(await self.log())]

    async def told(self, *ops: str) -> list[dict[str, Any]]:
        return [fact for fact in await self.ledger.since(0, 1000) if fact["op"] in ops]

    @property
    def sms(self) -> Channel:
        return self.channels["sms"]

    @property
    def email(self) -> Channel:
        return self.channels["email"]


@pytest.fixture
async def post(database: Database) -> Post:
    post = Post(database)
    await post.intake.turn()
    return post
