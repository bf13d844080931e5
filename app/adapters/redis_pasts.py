"""The pasts of handles in Redis: made of the store by `record`, read by triage.

key                         type    holds
hs:past:<channel>:<handle>  string  JSON: the mentions of a handle in the last 30 days, newest
                                    first, 32 at most, as `Earlier` names their fields, the
                                    last one only where it tells something; it ends by itself
hs:pasts                    string  the number of the ledger up to which all of them are told, a
                                    dot, and how often the history had been made anew by then;
                                    without it they are made again from the store
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from app.adapters.redis_client import Client, away_is_unavailable
from app.core.past import KEPT_MS, NO_PAST, Earlier, Past

POSITION = "hs:pasts"
Place = tuple[int, int]  # up to which fact, and of which making of the history

_PAGE = 500  # handles in one round trip


def key_of(handle_key: str) -> str:
    return f"hs:past:{handle_key}"


def encoded(past: Past) -> bytes:
    """Without a count of cases that is 0: workers from before there were any read no other."""
    return msgspec.json.encode([one if one.cases else one[:-1] for one in past])


def decoded(blob: bytes | None) -> Past:
    """One of an older kind, or broken, is none: `record` writes it again with the next mention."""
    if not blob:
        return NO_PAST
    try:
        return _DECODER.decode(blob)
    except msgspec.DecodeError:
        return NO_PAST


_DECODER = msgspec.json.Decoder(tuple[Earlier, ...])


class RedisPasts:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def position(self) -> Place | None:
        """How far the pasts are told; None where they have to be made again.

        Raises Unavailable.
        """
        with away_is_unavailable():
            found = await self._client.get(POSITION)
        if found is None:
            return None
        seq, _, made = found.decode().partition(".")
        return int(seq), int(made or 0)

    async def put(self, pasts: Mapping[str, Past], position: Place | None = None) -> None:
        """Write these under their handle keys, then how far they tell. Raises Unavailable."""
        every = list(pasts.items())
        for start in range(0, max(1, len(every)), _PAGE):
            page, last = every[start : start + _PAGE], start + _PAGE >= len(every)
            with away_is_unavailable():
                async with self._client.pipeline(transaction=False) as pipe:
                    for key, past in page:
                        if past:
                            pipe.set(key_of(key), encoded(past), px=KEPT_MS)
                        else:
                            pipe.delete(key_of(key))
                    if last and position is not None:
                        pipe.set(POSITION, f"{position[0]}.{position[1]}")
                    await pipe.execute()
