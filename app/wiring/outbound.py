"""Connectors: for each channel that sends, what sends for it. Built here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

from app.adapters.connectors.webhook import WebhookConnector
from app.adapters.webhook import Webhooks
from app.config_channels import WEBHOOK
from app.config_secrets import CHANNELS
from app.core.outbound import Sending
from app.ports import Connector
from app.settings import Settings
from app.wiring import secrets
from app.wiring.base import Base, system_ms


def problems(sending: Mapping[str, Sending], settings: Settings) -> Iterator[str]:
    """What is wrong with the secrets of channels; they are never shown."""
    yield from secrets.problems(CHANNELS, _webhooks(sending), settings.channels)


@asynccontextmanager
async def connectors(base: Base) -> AsyncIterator[dict[str, Connector]]:
    """The connector of each channel that has one. Raises ConfigError where a secret is missing."""
    sending = base.config.sending
    named = _webhooks(sending)
    webhooks = Webhooks(secrets.signers(CHANNELS, named, base.settings.channels))
    try:
        yield {name: WebhookConnector(sending[name], webhooks, system_ms) for name in named}
    finally:
        await webhooks.close()


def _webhooks(sending: Mapping[str, Sending]) -> list[str]:
    return [name for name, one in sending.items() if one.kind == WEBHOOK]
