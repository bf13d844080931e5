"""Channels: where mentions come in, and how answers go out, read from channels.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from app.config_entry import Entry, Name, Seconds
from app.core.addresses import url_problem
from app.core.catalogue import Channel
from app.core.chat import CHANNEL as CHAT
from app.core.outbound import Sending

CHANNELS_FILE = "config/channels.toml"
WEBHOOK, WEBCHAT = "webhook", "webchat"
_WAY = ("url", "inner", "timeout", "retries")  # of a channel that sends
_READ = {WEBHOOK: _WAY, WEBCHAT: ("retries",), None: ()}  # those of them that are read


class ChannelEntry(Entry):
    title: str
    public: bool = False
    weight: float = Field(1.0, gt=0, le=50, allow_inf_nan=False)
    send: Literal["webhook", "webchat"] | None = None
    url: str = Field("", max_length=2048)
    inner: bool = False
    timeout: Annotated[Seconds, Field(le=30)] = 5.0
    retries: int = Field(8, ge=0, le=50)


class ChannelFile(Entry):
    channel: dict[Name, ChannelEntry]


def channels(found: ChannelFile) -> dict[str, Channel]:
    """What rules and queues know of each channel."""
    return {
        name: Channel(name=name, title=entry.title, public=entry.public, weight=entry.weight)
        for name, entry in found.channel.items()
    }


def sending(found: ChannelFile) -> dict[str, Sending]:
    """The channels that have a connector."""
    return {
        name: Sending(
            name=name, kind=entry.send, url=entry.url, inner=entry.inner,
            timeout_s=entry.timeout, retries=entry.retries,
        )
        for name, entry in found.channel.items()
        if entry.send
    }  # fmt: skip


def problems_of(found: ChannelFile) -> Iterator[str]:
    """What is wrong with how channels send."""
    for name, entry in found.channel.items():
        place = f"{CHANNELS_FILE}: channel.{name}"
        if entry.send == WEBHOOK and (problem := url_problem(entry.url, entry.inner)):
            yield f"{place}: url: {problem}"
        if entry.send == WEBCHAT and name != CHAT:
            yield f"{place}: send: expected {WEBCHAT!r} for channel.{CHAT} alone: /chat shows it"
        unread = [key for key in _WAY if key in entry.model_fields_set]
        for key in [key for key in unread if key not in _READ[entry.send]]:
            yield f'{place}: {key}: expected send = "{WEBHOOK}" with it, or nobody reads it'
