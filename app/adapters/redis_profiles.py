"""The profile cache: one blob a profile, one MGET a batch. A miss is never a stop.

The same MGET brings the pasts of the handles and the state of the queues.

key                      type    holds
hs:profile:<channel>:<handle>  string  a profile as JSON; refreshed by `record`, may be wiped
hs:profile:@change       string  JSON [change, customer]: how far `record` has followed the store
hs:profile:@filled       string  there while every profile is cached: a miss is a stranger then
hs:own:<channel>:<handle>      string  JSON [rep, ms]: who answered this handle last, and when
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from app.adapters import redis_pasts, redis_queue_state
from app.adapters.profile_blob import unpacked
from app.adapters.redis_client import Client, away_is_unavailable
from app.core.profile import MISSING, STRANGER, Profile
from app.core.queue_state import NO_QUEUES
from app.ports import HISTORY, QUEUES, Known

_CHANGE, _FILLED = "hs:profile:@change", "hs:profile:@filled"  # no channel begins with @


class RedisProfiles:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, keys: Sequence[str]) -> Known:
        """What is known around mentions of these handle keys, in order. Raises Unavailable.

        Whoever has no profile is a stranger; but `missing` while the cache is not filled.
        """
        asked = [f"hs:profile:{key}" for key in keys] + [f"hs:own:{key}" for key in keys]
        asked += [redis_pasts.key_of(key) for key in keys]
        asked += [redis_pasts.POSITION, redis_queue_state.KEY, _FILLED]
        with away_is_unavailable():
            *found, position, state, filled = await self._client.mget(asked)
        count, queues = len(keys), redis_queue_state.decoded(state)
        missing = [HISTORY] * (position is None) + [QUEUES] * (queues is NO_QUEUES)
        nobody = STRANGER if filled else MISSING
        return Known(
            profiles=_profiles(found[:count], found[count : 2 * count], nobody),
            pasts=[redis_pasts.decoded(blob) for blob in found[2 * count :]],
            queues=queues,
            missing=tuple(missing),
        )

    async def put_owners(self, owners: Mapping[str, tuple[str, int]], keep_s: int) -> None:
        """Remember for so long who answered these handle keys last, and when."""
        if not owners or keep_s <= 0:
            return
        with away_is_unavailable():
            async with self._client.pipeline(transaction=False) as pipe:
                for key, owner in owners.items():
                    pipe.set(f"hs:own:{key}", orjson.dumps(owner), ex=keep_s)
                await pipe.execute()

    async def position(self) -> tuple[tuple[int, str] | None, bool]:
        """How far the store's changes are in here, None before any; and are they all?"""
        with away_is_unavailable():
            found, filled = await self._client.mget([_CHANGE, _FILLED])
        if not found:
            return None, False
        change, customer_id = orjson.loads(found)
        return (int(change), str(customer_id)), bool(filled)

    async def put(
        self, blobs: Mapping[str, bytes | None], position: tuple[int, str], filled: bool
    ) -> None:
        """Cache these blobs by handle key: all changes up to `position`; `filled`: no more are.

        None takes what is under a key away: nobody known writes from there.
        """
        with away_is_unavailable():
            async with self._client.pipeline(transaction=True) as pipe:
                if not filled:
                    pipe.delete(_FILLED)
                _change(pipe, blobs)
                pipe.set(_CHANGE, orjson.dumps(position))
                if filled:
                    pipe.set(_FILLED, b"1")
                await pipe.execute()

    async def change(self, blobs: Mapping[str, bytes | None]) -> None:
        """Cache these beside the store's own changes: what joined people have together."""
        if not blobs:
            return
        with away_is_unavailable():
            async with self._client.pipeline(transaction=True) as pipe:
                _change(pipe, blobs)
                await pipe.execute()


def _change(pipe: Any, blobs: Mapping[str, bytes | None]) -> None:
    kept = {f"hs:profile:{key}": blob for key, blob in blobs.items() if blob is not None}
    gone = [f"hs:profile:{key}" for key, blob in blobs.items() if blob is None]
    if kept:
        pipe.mset(kept)
    if gone:
        pipe.delete(*gone)


def _profiles(
    blobs: Sequence[bytes | None], owners: Sequence[bytes | None], nobody: Profile
) -> list[Profile]:
    profiles = [unpacked(blob) if blob else nobody for blob in blobs]
    owned = [orjson.loads(blob) if blob else ("", 0) for blob in owners]
    return [
        replace(profile, last_rep=rep, last_reply_ms=at_ms) if rep else profile
        for profile, (rep, at_ms) in zip(profiles, owned, strict=True)
    ]
