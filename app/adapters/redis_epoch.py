"""The life of a Redis: whose state it holds, under which name, and how that is put back.

key                type    holds
hs:relayed         string  the last number of the ledger that the relay brought there from here: an
                           old copy of this Redis gives itself away by a ledger that is further
hs:lease:rebuild   string  token of the process that rebuilds; the only key whose end decides
                           something (10 s): nobody could tell otherwise that its holder has died
hs:condemned       string  why this state is to be rebuilt, since somebody took the lease for it: it
                           is never confirmed again, whatever became of them
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable, refuse_eviction
from app.adapters.redis_door import RedisDoor, library
from app.adapters.redis_functions import with_functions
from app.core.errors import ReadOnly
from app.core.rebuild import RestoredRep, Task

LEASE_MS = 10_000
# Tasks in one call, about 10 ms: whoever asks this Redis meanwhile is not kept waiting.
_TASKS_A_CALL = 50
_SRCS_A_CALL = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is behind the door. Without `confirmed` nobody may change it.

    `condemned` says why somebody has begun to rebuild it; empty where nobody has.
    """

    epoch: str
    confirmed: bool
    condemned: str
    relayed: int
    time_ms: int
    highest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """A rebuilt state: its name, how far the ledger had come, and what it shall tell of this."""

    epoch: str
    seq: int
    rebuilt: dict[str, Any]
    accepted_ms: dict[str, int]


class RedisEpoch:
    def __init__(self, client: Client, door: RedisDoor) -> None:
        self._client = client
        self._door = door

    async def standing(self) -> Standing:
        return Standing(**await self._call("hs_standing"))

    async def confirm(self, epoch: str) -> bool:
        """This is the state that the ledger knows: open the door; False where it is another."""
        return bool((await self._call("hs_confirm", epoch=epoch))["confirmed"])

    async def reset_clock(self) -> int:
        """Go by the server's clock again, which went back; by how many milliseconds it did."""
        return int((await self._call("hs_reset_clock"))["back_ms"])

    async def refuse_eviction(self) -> None:
        """Raise ConfigError where this Redis may drop keys."""
        await refuse_eviction(self._client)

    async def lease(self, token: str, cause: str) -> bool:
        """Take the right to rebuild; False while another process has it, or serves this state.

        From here on nobody confirms this state any more, also after the lease.
        """
        given = {"token": token, "lease_ms": LEASE_MS, "cause": cause}
        return bool((await self._call("hs_lease", **given))["held"])

    async def clear(self, token: str) -> None:
        """End this epoch and forget its state. Profiles, sessions and the feed stay."""
        await self._leased("hs_end_epoch", token)
        cursor = "0"
        while (cursor := (await self._leased("hs_clear", token, cursor=cursor))["cursor"]) != "0":
            pass

    async def restore_reps(self, token: str, reps: Sequence[RestoredRep]) -> None:
        await self._leased("hs_restore", token, tasks=[], reps=[asdict(rep) for rep in reps])

    async def restore_repeats(self, token: str, srcs: Sequence[str]) -> None:
        """These deliveries have had their outcome: should they come again, nothing happens."""
        for start in range(0, len(srcs), _SRCS_A_CALL):
            page = srcs[start : start + _SRCS_A_CALL]
            await self._leased("hs_restore", token, tasks=[], reps=[], srcs=page)

    async def restore_tasks(self, token: str, tasks: Sequence[Task]) -> None:
        for start in range(0, len(tasks), _TASKS_A_CALL):
            page = [_task(task) for task in tasks[start : start + _TASKS_A_CALL]]
            await self._leased("hs_restore", token, tasks=page, reps=[])

    async def reopen(self, token: str, given: Reopening) -> int:
        """Serve again under this name; returns how many offers were rescinded."""
        return int((await self._leased("hs_reopen", token, **asdict(given)))["rescinded"])

    async def _leased(self, name: str, token: str, **given: Any) -> dict[str, Any]:
        return await self._call(name, token=token, lease_ms=LEASE_MS, **given)

    async def _call(self, name: str, **given: Any) -> dict[str, Any]:
        argument = orjson.dumps({"now": self._door.now_ms, **given})
        with away_is_unavailable():
            answer = await with_functions(
                self._client, library, lambda: self._client.fcall(name, 0, argument)
            )
        result: dict[str, Any] = orjson.loads(answer)
        if "error" in result:
            raise ReadOnly(f"{result['error']}: {result['message']}")
        await asyncio.sleep(0)
        return result


def _task(task: Task) -> dict[str, Any]:
    return {"id": task.id, "fields": task.fields, "refused": task.refused, "ops": task.ops}
