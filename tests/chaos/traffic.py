"""The customers of a run: known ids, good and urgent mentions, duplicates, edits, and poison."""

from __future__ import annotations

import json
import random
import threading
import uuid
from functools import partial
from typing import Any

from confluent_kafka import KafkaException, Message, Producer

from tests.chaos.files import Lines, now_ms
from tests.live.running import Handshake, mention

GOOD = (
    "Hello, could you tell me when the shop in the high street opens on Sunday please?",
    "Your service is terrible, my parcel is broken and nobody cares. I am very angry.",
    "My invoice is wrong again, you have charged me twice for the same month.",
    "What a wonderful flight, the crew was lovely, thank you so much!",
)
URGENT = "There is smoke coming out of the engine and nobody answers the emergency number!"
POISON = (b"no mention", b'{"text": 7}', b"\xff\xfe\x00", b"", None, b'{"id": "x", "channel": "x"}')
_TICK_S = 0.5


class Traffic(threading.Thread):
    """Sends until told to stop; everything accepted is a line of `mentions`."""

    def __init__(
        self, one: Handshake, mentions: Lines, *, rate: float, direct: bool, seed: int = 7
    ) -> None:
        super().__init__(daemon=True, name="traffic")
        self._one, self._mentions, self._direct = one, mentions, direct
        self._many = max(1, round(rate * _TICK_S))
        self._chance = random.Random(seed)
        self._sent: list[dict[str, Any]] = []
        self._producer: tuple[str, Producer] | None = None
        self._over = threading.Event()
        self.failed = ""

    def run(self) -> None:
        try:
            while not self._over.wait(_TICK_S):
                self._post([self._next() for _ in range(self._many)])
                if self._direct:
                    self._produce()
        except BaseException as error:
            self.failed = repr(error)

    def finish(self) -> None:
        """Stop sending, and wait until all that was sent is accepted."""
        self._over.set()
        self.join(60)
        if self._producer:
            self._producer[1].flush(20)
        assert not self.failed, f"the customers could not go on: {self.failed}"

    def _next(self) -> dict[str, Any]:
        luck = self._chance.random()
        if self._sent and luck < 0.15:  # sent again, or worded anew
            again = self._chance.choice(self._sent[-50:])
            return again if luck < 0.1 else again | {"text": f"{again['text']} Edited."}
        text = URGENT if luck > 0.9 else self._chance.choice(GOOD)
        new = mention(f"{text} ({uuid.uuid4().hex[:6]})", channel="x")
        self._sent.append(new)
        return new

    def _post(self, mentions: list[dict[str, Any]]) -> None:
        for named in self._one.post(mentions):
            self._mentions.add(**named)

    def _produce(self) -> None:
        """Past our intake, as a stranger's system does: some of it is no mention at all."""
        good = json.dumps(mention(self._chance.choice(GOOD), channel="x")).encode()
        try:
            producer = self._to(self._one.run["kafka"]["bootstrap"])
            values = [good] if self._chance.random() < 0.3 else []
            for value in (*values, self._chance.choice(POISON)):
                at_ms = now_ms()
                told = partial(self._delivered, at_ms)
                producer.produce("mentions", value, timestamp=at_ms, on_delivery=told)
            producer.poll(0)
        except (KafkaException, BufferError):
            return  # nothing was promised for what was not delivered

    def _to(self, bootstrap: str) -> Producer:
        if self._producer is None or self._producer[0] != bootstrap:
            options = {"bootstrap.servers": bootstrap, "linger.ms": 5, "log_level": 2}
            self._producer = (bootstrap, Producer(options | {"enable.idempotence": True}))
        return self._producer[1]

    def _delivered(self, at_ms: int, error: Any, message: Message) -> None:
        """What the broker acknowledged is promised an outcome, under the name triage gives it."""
        if error is None:
            place = f"{message.topic()}/{message.partition()}/{message.offset()}@{at_ms}"
            self._mentions.add(src=place, mention_id="")
