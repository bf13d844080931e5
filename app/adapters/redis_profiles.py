"""The profile cache: one blob a profile, one MGET a batch. A miss is never a stop.

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

from app.adapters.profile_blob import unpacked
from app.adapters.redis_client import Client, away_is_unavailable
from app.core.profile import MISSING, STRANGER, Profile

_CHANGE, _FILLED = "hs:profile:@change", "hs:profile:@filled"  # no channel begins with @


class RedisProfiles:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, keys: Sequence[str]) -> list[Profile]:
        """The profiles under these handle keys, in order. Raises Unavailable.

        Whoever has none is a stranger; but `missing` while the cache is not filled.
        """
        if not keys:
            return []
        with away_is_unavailable():
            *blobs, filled = await self._client.mget(
                [f"hs:{kind}:{key}" for kind in ("profile", "own") for key in keys] + [_FILLED]
            )
        nobody = STRANGER if filled else MISSING
        profiles = [unpacked(blob) if blob else nobody for blob in blobs[: len(keys)]]
        owners = [orjson.loads(blob) if blob else ("", 0) for blob in blobs[len(keys) :]]
        return [
            replace(profile, last_rep=rep, last_reply_ms=at_ms) if rep else profile
            for profile, (rep, at_ms) in zip(profiles, owners, strict=True)
        ]

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
