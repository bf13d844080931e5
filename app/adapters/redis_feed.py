"""The feed: what screens must hear, in one bounded stream that each web process tails."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.adapters.redis_client import Client, away_is_unavailable

_KEY = "hs:feed"
_PAGE = 500
_ID = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")


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

    async def epoch(self) -> str:
        """The name of this Redis's tasks; nothing while they are lost and being rebuilt."""
        with away_is_unavailable():
            found = await self._client.get("hs:epoch")
        return bytes(found or b"").decode()

    async def next(self, after: str, block_ms: int) -> list[FeedEvent]:
        """Events after this id, waiting up to `block_ms` for the first."""
        with away_is_unavailable():
            found = await self._client.xread({_KEY: after}, count=_PAGE, block=block_ms)
        return [_event(*entry) for _, entries in found or [] for entry in entries]

    async def since(self, after: str, to: str) -> list[FeedEvent] | None:
        """What this audience missed after an id; None where the feed no longer reaches back."""
        oldest, newest, trimmed = await self._reach()
        asked, fresh = _order(after), _order(after) == (0, 0)
        if asked > newest or (asked < oldest and (trimmed or not fresh)):
            return None  # dropped since, or of another life of this Redis, or no id at all
        with away_is_unavailable():
            missed = await self._client.xrange(_KEY, min=f"({after}")
        return [event for event in (_event(*entry) for entry in missed) if event.to == to]

    async def _reach(self) -> tuple[tuple[int, int], tuple[int, int], bool]:
        """The oldest and the newest id, and whether anything older has been dropped."""
        with away_is_unavailable():
            if not await self._client.exists(_KEY):
                return (0, 0), (0, 0), False
            stream = await self._client.xinfo_stream(_KEY)
        oldest, newest = stream["first-entry"], stream["last-generated-id"]
        first = _order(bytes(oldest[0]).decode()) if oldest else (0, 0)
        trimmed = int(stream["entries-added"]) > int(stream["length"])
        return first, _order(bytes(newest).decode()), trimmed


def _event(entry_id: bytes, fields: dict[bytes, bytes]) -> FeedEvent:
    return FeedEvent(
        id=entry_id.decode(),
        to=fields[b"to"].decode(),
        event=fields[b"event"].decode(),
        task=fields[b"task"].decode(),
        why=fields[b"why"].decode(),
    )


def _order(event_id: str) -> tuple[int, int]:
    """An id as numbers that compare; (-1, -1) for what is no id."""
    found = _ID.fullmatch(event_id)
    return (int(found[1]), int(found[2])) if found else (-1, -1)
