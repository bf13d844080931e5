"""The profile cache: one blob a profile, one MGET a batch. A miss is a stranger, never a stop.

key                      type    holds
hs:profile:<channel>:<handle>  string  a profile as JSON; refreshed by `record`, may be wiped
hs:own:<channel>:<handle>      string  JSON [rep, ms]: who answered this handle last, and when
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.core.profile import STRANGER, Profile


class RedisProfiles:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, keys: Sequence[str]) -> list[Profile]:
        """The profiles under these handle keys, in order. Raises Unavailable."""
        if not keys:
            return []
        with away_is_unavailable():
            blobs = await self._client.mget(
                [f"hs:profile:{key}" for key in keys] + [f"hs:own:{key}" for key in keys]
            )
        profiles = [_decode(blob) if blob else STRANGER for blob in blobs[: len(keys)]]
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

    async def put(self, profiles: Mapping[str, Profile]) -> None:
        """Cache these profiles under their handle keys."""
        if not profiles:
            return
        with away_is_unavailable():
            await self._client.mset(
                {f"hs:profile:{key}": orjson.dumps(profile) for key, profile in profiles.items()}
            )

    async def change(self, profiles: Mapping[str, Profile | None]) -> None:
        """Cache these under their handle keys; None: whoever writes from there is a stranger."""
        await self.put({key: profile for key, profile in profiles.items() if profile})
        gone = [f"hs:profile:{key}" for key, profile in profiles.items() if profile is None]
        if gone:
            with away_is_unavailable():
                await self._client.delete(*gone)


def _decode(blob: bytes) -> Profile:
    try:
        return msgspec.json.decode(blob, type=Profile)
    except msgspec.DecodeError:
        return STRANGER  # an older or broken blob: as good as a miss, `record` refreshes it
