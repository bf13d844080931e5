"""Connectors bring a message out whole, signed and under its id, and nothing without its permit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.connectors.webhook import OUTBOUND_TYPE, WebhookConnector
from app.adapters.signatures import Signer
from app.adapters.webhook import Webhooks
from app.core.delivery import AGAIN, TAKEN
from app.core.outbound import Outbound, Sending
from app.core.permission import Known, NotPermitted, Permit, ask
from tests.builders import NOON_MS
from tests.outbound.conftest import SHIPPED
from tests.partner import SECRET, Engine, hangs, says

MESSAGE = Outbound(
    outbound_id="out-1", channel="sms", handle="+491", handle_key="sms:+491",
    text="Grüße \U0001f4e6 </script>", purpose="answer", mention_id="m1", source_id="4711",
    by="rep:amira", created_ms=NOON_MS,
)  # fmt: skip


@pytest.fixture
def permit() -> Permit:
    found = ask(MESSAGE, Known(), SHIPPED.policy, NOON_MS)
    assert isinstance(found, Permit)
    return found


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine().serving() as engine:
        yield engine


@pytest.fixture
async def webhooks() -> AsyncIterator[Webhooks]:
    webhooks = Webhooks({"sms": Signer(SECRET)})
    yield webhooks
    await webhooks.close()


def to(engine: Engine, webhooks: Webhooks, **given: Any) -> WebhookConnector:
    sending = Sending(name="sms", kind="webhook", url=engine.url, inner=True, timeout_s=2.0)
    return WebhookConnector(replace(sending, **given), webhooks, lambda: NOON_MS)


async def test_a_message_arrives_whole_and_signed(
    engine: Engine, webhooks: Webhooks, permit: Permit
) -> None:
    engine.then = says({"id": "ref-1"})
    answer = await to(engine, webhooks).send(MESSAGE, permit)
    assert (answer.verdict, answer.body) == (TAKEN, b'{"id":"ref-1"}')
    [event] = engine.events
    assert (event["id"], event["type"], event["subject"]) == ("out-1", OUTBOUND_TYPE, "m1")
    assert event["data"] == {
        "channel": "sms", "to": "+491", "text": MESSAGE.text, "in_reply_to": "4711",
        "purpose": "answer", "basis": "contract",
    }  # fmt: skip
    assert "amira" not in str(event)
    assert engine.forged == 0


async def test_sent_again_it_is_the_same_message(
    engine: Engine, webhooks: Webhooks, permit: Permit
) -> None:
    connector = to(engine, webhooks)
    await connector.send(MESSAGE, permit)
    await connector.send(MESSAGE, permit)
    assert (engine.requests["out-1"], len(engine.events)) == (2, 1)


async def test_without_a_permit_that_fits_nothing_leaves(
    engine: Engine, webhooks: Webhooks, permit: Permit
) -> None:
    with pytest.raises(NotPermitted):
        await to(engine, webhooks).send(replace(MESSAGE, text="Buy more."), permit)
    assert engine.requests.total() == 0


async def test_a_receiver_that_hangs_is_tried_again(
    engine: Engine, webhooks: Webhooks, permit: Permit
) -> None:
    engine.then = hangs
    answer = await to(engine, webhooks, timeout_s=0.05).send(MESSAGE, permit)
    assert answer.verdict == AGAIN


async def test_no_inner_address_is_reached_by_a_channel(
    engine: Engine, webhooks: Webhooks, permit: Permit
) -> None:
    answer = await to(engine, webhooks, inner=False).send(MESSAGE, permit)
    assert answer.never
    assert engine.requests.total() == 0
