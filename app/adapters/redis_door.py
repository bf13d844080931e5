"""The atomic door in Redis: every change of a task goes through one function of lua/*.lua."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.redis_functions import load, with_functions
from app.core.catalogue import Queue, Rep
from app.core.errors import Conflict, ReadOnly
from app.core.facts import Fact
from app.core.profile import handle_key
from app.ports import Admission, Seen

_LUA = Path(__file__).parent / "lua"

# Offers in one call of the door: about 2 ms, so that nobody else waits long for Redis.
_OFFERS_A_CALL = 20


def library() -> str:
    """The shipped Lua, as one Redis Functions library."""
    return "\n".join(path.read_text("utf-8") for path in sorted(_LUA.glob("*.lua")))


class RedisDoor:
    """Task state. `now_ms` 0 means the server's own clock; tests pass theirs.

    Everything that changes something raises `Unavailable` while Redis is away or has no epoch.
    """

    def __init__(self, client: Client, now_ms: int = 0) -> None:
        self._client = client
        self.now_ms = now_ms

    async def open(self) -> None:
        """Bring the functions where they are missing or others; raises Unavailable."""
        with away_is_unavailable():
            await load(self._client, library())

    async def begin(self, epoch: str) -> None:
        """Open the door: the state behind it is whole, and named by this epoch."""
        await self._call("hs_begin", epoch=epoch)

    async def admit(self, admissions: Sequence[Admission]) -> list[str]:
        calls = [self._encoded(_admission(admission)) for admission in admissions]
        with away_is_unavailable():
            answers = [orjson.loads(found) for found in await self._pipeline("hs_admit", calls)]
        for answer in answers:
            _raise_error(answer)
        return [str(answer["outcome"]) for answer in answers]

    async def note(self, facts: Sequence[Fact]) -> None:
        if facts:
            await self._call("hs_note", facts=[_json(fact) for fact in facts])

    async def offer(self, expires_ms: int, limit: int = _OFFERS_A_CALL) -> list[str]:
        """Offer what can be offered to whoever has room; returns the task ids."""
        return await self._offered("hs_offer", expires_ms, limit)

    async def preempt(self, expires_ms: int, limit: int = _OFFERS_A_CALL) -> list[str]:
        """Offer urgent work that found nobody to those it may interrupt; returns the task ids."""
        return await self._offered("hs_preempt", expires_ms, limit)

    async def _offered(self, name: str, expires_ms: int, limit: int) -> list[str]:
        offered: list[str] = []
        while True:
            made = await self._call(name, expires_ms=expires_ms, limit=limit)
            offered += made["offered"]
            if not made["more"]:
                return offered

    async def expire(self, until_ms: int = 0) -> list[str]:
        """Take back the offers that ran out; returns the task ids.

        This and the other sweeps do nothing where the door's time is beyond `until_ms`.
        """
        return list((await self._call("hs_expire", until_ms=until_ms))["expired"])

    async def thresholds(self, until_ms: int = 0) -> dict[str, list[str]]:
        """Mark what crossed a threshold: {"halfway": [...], "at_risk": ..., "breached": ...}."""
        crossed = await self._call("hs_thresholds", until_ms=until_ms)
        return {name: list(tasks) for name, tasks in crossed.items()}  # Lua's empty list is {}

    async def timers(self, until_ms: int = 0) -> int:
        """Do what is due by itself (park, wrap-up, first reply, ...); returns how much that was."""
        fired = 0
        while True:
            swept = await self._call("hs_timers", until_ms=until_ms)
            fired += int(swept["fired"])
            if not swept["more"]:
                return fired

    async def absent(self, grace_ms: int, gone_ms: int, until_ms: int = 0) -> list[str]:
        """Who lost their desk goes offline, later their tasks are released; returns these ids."""
        found = await self._call("hs_absent", grace_ms=grace_ms, gone_ms=gone_ms, until_ms=until_ms)
        return list(found["released"])

    async def present(self, reps: Sequence[str]) -> None:
        """The desks of these reps are open."""
        await self._call("hs_present", reps=list(reps))

    async def command(self, name: str, task: str, op_id: str, **given: Any) -> dict[str, Any]:
        """One command on one task (see `lua/`). Raises Conflict with the door's code."""
        return await self._call(f"hs_{name}", task=task, op_id=op_id, **given)

    async def forget(self, task: str) -> None:
        """Leave nothing here of a task that has ended. Raises Conflict while it is open."""
        await self._call("hs_forget", task=task)

    async def configure(self, queues: Iterable[Queue]) -> None:
        """Tell the door what each queue does with its tasks."""
        await self._call("hs_configure", queues={queue.name: _policy(queue) for queue in queues})

    async def enrol(self, reps: Sequence[Rep]) -> None:
        """Make these people known to the door; their state stays as it is."""
        for rep in reps:
            await self._call(
                "hs_enrol",
                rep=rep.name,
                title=rep.title,
                skills=",".join(rep.skills),
                queues=",".join(rep.queues),
                capacity=rep.capacity,
                channels=orjson.dumps(dict(rep.channels)).decode() if rep.channels else "",
                demo=rep.demo,
            )

    async def staff(self, reps: Sequence[Rep]) -> list[str]:
        """Enrol these and nobody else; returns who had to leave.

        What those held is given back, with a fact and the reason `agent_left`.
        """
        await self.enrol(reps)
        return list((await self._call("hs_leave", staff=[rep.name for rep in reps]))["left"])

    async def set_state(self, rep: str, state: str, reason: str, actor: dict[str, str]) -> None:
        await self._call("hs_set_state", rep=rep, state=state, reason=reason, actor=actor)

    async def _call(self, name: str, **given: Any) -> dict[str, Any]:
        encoded = self._encoded(given)
        with away_is_unavailable():
            [answer] = await self._pipeline(name, [encoded])
        result: dict[str, Any] = orjson.loads(answer)
        _raise_error(result)
        return result

    async def _pipeline(self, name: str, calls: list[bytes]) -> list[bytes]:
        # Admission is idempotent: it does not matter how much of the batch a repeat finds done.
        return await with_functions(self._client, library, lambda: self._fcall(name, calls))

    async def _fcall(self, name: str, calls: list[bytes]) -> list[bytes]:
        async with self._client.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.execute_command("FCALL", name, 0, call)
            return list(await pipe.execute())

    def _encoded(self, given: dict[str, Any]) -> bytes:
        return orjson.dumps({"now": self.now_ms, **given})


def _raise_error(answer: dict[str, Any]) -> None:
    if answer.get("error") == "rebuilding":
        raise ReadOnly(answer["message"])
    if "error" in answer:
        raise Conflict(answer["error"], answer["message"])


def _policy(queue: Queue) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "first_reply_ms": round(queue.first_reply_s * 1000),
        "wrap_ms": round(queue.wrap_up_s * 1000),
        "preempts": queue.preempts,
        "interruptible": queue.interruptible,
    }
    if queue.relax:
        policy["relax"] = [
            {"after_ms": round(r.after_s * 1000), "drop": list(r.drop)} for r in queue.relax
        ]
    if queue.overflow:
        over = queue.overflow
        policy["overflow"] = {"after_ms": round(over.after_s * 1000), "to": over.to}
    return policy


def _admission(admission: Admission) -> dict[str, Any]:
    mention, task, known = admission.mention, admission.task, admission.known
    card = admission.card.decode()
    return {
        "src": admission.src,
        "mention_id": mention.mention_id,
        "source_id": mention.source_id,
        "handle_key": handle_key(mention.channel, mention.author.handle),
        "content_hash": mention.content_hash,
        "known": _seen(known) if known else "",
        "facts": [_json(fact) for fact in admission.facts],
        "duplicate_fact": _json(admission.duplicate_fact),
        "edited_fact": _json(admission.edited_fact),
        "task_id": admission.task_id,
        "card": card,
        "task": task
        and {
            **{name: getattr(task, name) for name in task.__slots__},
            "skills": ",".join(task.skills),
            "card": card,
        },
    }


def _seen(known: Seen) -> str:
    return orjson.dumps([known.src, known.content_hash, known.last_src, known.handle_key]).decode()


def _json(fact: Fact) -> str:
    return orjson.dumps(fact.as_dict(), option=orjson.OPT_UTC_Z).decode()
