"""Channels: where mentions come in, and how answers go out, read from channels.toml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.config_entry import Entry, Name, Seconds
from app.core.addresses import url_problem
from app.core.catalogue import Channel
from app.core.outbound import Sending

WEBHOOK = "webhook"
_WAY = ("url", "inner", "timeout", "retries")  # of a channel that sends


class ChannelEntry(Entry):
    title: str
    public: bool = False
    weight: float = Field(1.0, gt=0, le=50, allow_inf_nan=False)
    send: Literal["webhook"] | None = None
    url: str = Field("", max_length=2048)
    inner: bool = False
    timeout: Annotated[Seconds, Field(le=30)] = 5.0
    retries: int = Field(8, ge=0, le=50)

    @model_validator(mode="after")
    def _sends(self) -> ChannelEntry:
        if self.send == WEBHOOK and (problem := url_problem(self.url, self.inner)):
            raise ValueError(f"url: {problem}")
        unread = [] if self.send else [key for key in _WAY if key in self.model_fields_set]
        if unread:
            raise ValueError(f'{unread[0]}: expected send = "{WEBHOOK}" with it')
        return self


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
