"""The webhook connector: a channel's messages to whoever brings them to people, signed."""

from __future__ import annotations

from collections.abc import Callable

from app import codec
from app.adapters.webhook import Webhooks
from app.core.delivery import Answer
from app.core.handoff import SOURCE, moment
from app.core.outbound import Outbound, Sending
from app.core.permission import Permit

OUTBOUND_TYPE = "handshake.outbound"


class WebhookConnector:
    """Sends CloudEvents; `webhook-id` and `id` are the message's, however often it is sent."""

    def __init__(self, to: Sending, webhooks: Webhooks, now_ms: Callable[[], int]) -> None:
        self._to = to
        self._webhooks = webhooks
        self._now_ms = now_ms

    async def send(self, message: Outbound, permit: Permit) -> Answer:
        permit.check(message, self._now_ms())
        body = codec.dumps(_event(message, permit))
        return await self._webhooks.post(self._to, message.outbound_id, body, self._to.timeout_s)


def _event(message: Outbound, permit: Permit) -> dict[str, object]:
    """What a receiver needs to bring it to its person; it names no agent."""
    return {
        "specversion": "1.0",
        "id": message.outbound_id,
        "source": SOURCE,
        "type": OUTBOUND_TYPE,
        "subject": message.mention_id,
        "time": moment(message.created_ms),
        "datacontenttype": "application/json",
        "data": {
            "channel": message.channel,
            "to": message.handle,
            "text": message.text,
            "in_reply_to": message.source_id,
            "purpose": message.purpose,
            "basis": permit.basis,
        },
    }
