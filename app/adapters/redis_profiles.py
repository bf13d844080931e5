"""The profile cache: one blob a profile, one MGET a batch. A miss is a stranger, never a stop.

The same MGET brings the pasts of the handles and the state of the queues.

key                      type    holds
hs:profile:<channel>:<handle>  string  a profile as JSON; refreshed by `record`, may be wiped
hs:own:<channel>:<handle>      string  JSON [rep, ms]: who answered this handle last, and when
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import orjson

from app.adapters import redis_pasts, redis_queue_state
from app.adapters.redis_client import Client, away_is_unavailable
from app.core.profile import STRANGER, Profile
from app.core.queue_state import NO_QUEUES
from app.ports import HISTORY, QUEUES, Known


class RedisProfiles:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, keys: Sequence[str]) -> Known:
        """What is known around mentions of these handle keys, in order. Raises Unavailable."""
        asked = [f"hs:profile:{key}" for key in keys] + [f"hs:own:{key}" for key in keys]
        asked += [redis_pasts.key_of(key) for key in keys]
        asked += [redis_pasts.POSITION, redis_queue_state.KEY]
        with away_is_unavailable():
            *found, position, state = await self._client.mget(asked)
        count, queues = len(keys), redis_queue_state.decoded(state)
        missing = [HISTORY] * (position is None) + [QUEUES] * (queues is NO_QUEUES)
        return Known(
            profiles=_profiles(found[:count], found[count : 2 * count]),
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

    async def put(self, profiles: Mapping[str, Profile]) -> None:
        """Cache these profiles under their handle keys."""
        if not profiles:
            return
        with away_is_unavailable():
            await self._client.mset(
                {f"hs:profile:{key}": orjson.dumps(profile) for key, profile in profiles.items()}
            )


def _profiles(blobs: Sequence[bytes | None], owners: Sequence[bytes | None]) -> list[Profile]:
    profiles = [_decode(blob) if blob else STRANGER for blob in blobs]
    owned = [orjson.loads(blob) if blob else ("", 0) for blob in owners]
    return [
        replace(profile, last_rep=rep, last_reply_ms=at_ms) if rep else profile
        for profile, (rep, at_ms) in zip(profiles, owned, strict=True)
    ]


def _decode(blob: bytes) -> Profile:
    try:
        return msgspec.json.decode(blob, type=Profile)
    except msgspec.DecodeError:
        return STRANGER  # an older or broken blob: as good as a miss, `record` refreshes it
