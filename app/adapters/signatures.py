"""Signatures of Standard Webhooks: made with one secret, checked against any of several."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64  # as the specification has it


def secret_problem(secret: str) -> str:
    """What is wrong with one or more secrets, a blank between them; never shows them."""
    for one in secret.split() or [""]:
        if not one.startswith(_PREFIX):
            return f"expected {_PREFIX} and base64"
        try:
            size = len(base64.b64decode(one.removeprefix(_PREFIX) + "==", validate=False))
        except (binascii.Error, ValueError):
            return f"expected {_PREFIX} and base64"
        if not _LEAST_BYTES <= size <= _MOST_BYTES:
            return f"expected {_LEAST_BYTES} to {_MOST_BYTES} bytes in base64, got {size}"
    return ""


class Signer:
    """`secrets` are separated by a blank: while a secret is exchanged, the new and the old one."""

    def __init__(self, secrets: str) -> None:
        self._hooks = [Webhook(one) for one in secrets.split()]

    def headers(self, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """What goes with this body; signed with every secret."""
        signed = [hook.sign(event_id, at.astimezone(UTC), body.decode()) for hook in self._hooks]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signed),
        }

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Is this body signed with one of our secrets, within five minutes?"""
        return any(_verified(hook, body, dict(headers)) for hook in self._hooks)


def _verified(hook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        hook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # a header that is no signature at all, too
        return False
    return True
