"""The feed: what screens must hear, in one bounded stream that each web process tails."""

from __future__ import annotations

from dataclasses import dataclass

from app.adapters.redis_client import Client, away_is_unavailable

_KEY = "hs:feed"
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """`to` is `rep:<name>` or `floor`; the screens refetch what the event points at."""

    id: str
    to: str
    event: str
    task: str
    why: str


class RedisFeed:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def last_id(self) -> str:
        """The id of the newest event, from which a fresh screen goes on."""
        with away_is_unavailable():
            newest = await self._client.xrevrange(_KEY, count=1)
        return bytes(newest[0][0]).decode() if newest else "0-0"

    async def next(self, after: str, block_ms: int) -> list[FeedEvent]:
        """Events after this id, waiting up to `block_ms` for the first."""
        with away_is_unavailable():
            found = await self._client.xread({_KEY: after}, count=_PAGE, block=block_ms)
        return [_event(*entry) for _, entries in found or [] for entry in entries]

    async def since(self, after: str, to: str) -> list[FeedEvent] | None:
        """What this audience missed after an id; None where the feed no longer reaches back."""
        with away_is_unavailable():
            oldest = await self._client.xrange(_KEY, count=1)
            if oldest and _order(after) < _order(bytes(oldest[0][0]).decode()) and after != "0-0":
                return None
            newest = await self.last_id()
            if _order(after) > _order(newest):
                return None  # an id of another life of this Redis
            missed = await self._client.xrange(_KEY, min=f"({after}")
        return [event for event in (_event(*entry) for entry in missed) if event.to == to]


def _event(entry_id: bytes, fields: dict[bytes, bytes]) -> FeedEvent:
    return FeedEvent(
        id=entry_id.decode(),
        to=fields[b"to"].decode(),
        event=fields[b"event"].decode(),
        task=fields[b"task"].decode(),
        why=fields[b"why"].decode(),
    )


def _order(event_id: str) -> tuple[int, int]:
    try:
        milliseconds, _, sequence = event_id.partition("-")
        return int(milliseconds), int(sequence or 0)
    except ValueError:
        return (-1, -1)
