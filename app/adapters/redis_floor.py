"""What the screens show, read from Redis: cards, queues, reps. Reads only, never writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.core.catalogue import Catalogue, Queue

_INTS = ("priority", "version", "level", "detected_ms", "due_ms", "at_risk_ms", "expires_ms")


class RedisFloor:
    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue

    async def now_ms(self) -> int:
        with away_is_unavailable():
            seconds, micros = await self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    async def card(self, task_id: str) -> dict[str, Any] | None:
        [card] = await self.cards([task_id])
        return card

    async def cards(self, task_ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """The cards of these tasks, in order; None for an unknown one."""
        with away_is_unavailable():
            async with self._client.pipeline(transaction=False) as pipe:
                for task_id in task_ids:
                    pipe.hgetall(f"hs:task:{task_id}")
                found = await pipe.execute()
        return [
            self._card(task_id, _text(fields)) if fields else None
            for task_id, fields in zip(task_ids, found, strict=True)
        ]

    async def held_by(self, rep: str) -> list[dict[str, Any]]:
        """The cards that this rep holds, the most pressing first."""
        with away_is_unavailable():
            held = await self._client.smembers(f"hs:rep:{rep}:tasks")
        cards = await self.cards(sorted(bytes(task).decode() for task in held))
        return sorted((c for c in cards if c), key=lambda card: (card["due_ms"], card["task_id"]))

    async def open_in(self, queues: Sequence[str]) -> list[dict[str, Any]]:
        """Open cards of these queues, the most pressing first."""
        with away_is_unavailable():
            async with self._client.pipeline(transaction=False) as pipe:
                for queue in queues:
                    pipe.smembers(f"hs:open:{queue}")
                members = await pipe.execute()
        ids = sorted(bytes(task).decode() for queue in members for task in queue)
        cards = [card for card in await self.cards(ids) if card]
        return sorted(cards, key=lambda card: (card["due_ms"], card["task_id"]))

    async def queues(self) -> list[dict[str, Any]]:
        """Every queue with its live figures."""
        names = list(self._catalogue.queues)
        now = await self.now_ms()
        with away_is_unavailable():
            async with self._client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.zcard(f"hs:wait:{name}")
                    pipe.zrange(f"hs:wait:{name}", 0, 0, withscores=True)
                    pipe.scard(f"hs:sla:{name}:at_risk")
                    pipe.scard(f"hs:sla:{name}:breached")
                    pipe.scard(f"hs:open:{name}")
                figures = await pipe.execute()
        rows = [figures[i : i + 5] for i in range(0, len(figures), 5)]
        return [
            _queue(self._catalogue.queues[name], row, now)
            for name, row in zip(names, rows, strict=True)
        ]

    async def rep(self, name: str) -> dict[str, Any] | None:
        reps = await self.reps([name])
        return reps[0] if reps else None

    async def reps(self, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The people who take tasks, by name, with what they hold."""
        with away_is_unavailable():
            if names is None:
                enrolled = await self._client.smembers("hs:reps")
                names = sorted(bytes(name).decode() for name in enrolled)
            async with self._client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hgetall(f"hs:rep:{name}")
                    pipe.smembers(f"hs:rep:{name}:tasks")
                found = await pipe.execute()
        pairs = [found[i : i + 2] for i in range(0, len(found), 2)]
        return [
            self._rep(name, _text(fields), [bytes(task).decode() for task in tasks])
            for name, (fields, tasks) in zip(names, pairs, strict=True)
            if fields
        ]

    def _rep(self, name: str, fields: dict[str, str], tasks: list[str]) -> dict[str, Any]:
        known = self._catalogue.reps.get(name)
        return {
            "name": name,
            "title": fields.get("title", name),
            "role": known.role if known else "agent",
            "state": fields.get("state", "offline"),
            "reason": fields.get("reason", ""),
            "since_ms": int(fields.get("since_ms", "0")),
            "capacity": int(fields.get("capacity", "0")),
            "load": len(tasks),
            "skills": _split(fields.get("skills", "")),
            "queues": _split(fields.get("queues", "")),
            "simulated": fields.get("demo") == "1",
            "task_ids": sorted(tasks),
        }

    def _card(self, task_id: str, fields: dict[str, str]) -> dict[str, Any]:
        queue = self._catalogue.queues.get(fields["queue"])
        return {
            **orjson.loads(fields["card"]),
            "task_id": task_id,
            **{name: int(float(fields.get(name, "0"))) for name in _INTS},
            "mention_id": fields["mention_id"],
            "state": fields["state"],
            "queue": fields["queue"],
            "queue_title": queue.title if queue else fields["queue"],
            "sla": fields["sla"],
            "rep": fields["rep"],
            "skills": _split(fields.get("skills", "")),
            "offered_ms": int(fields.get("offered_ms", "0")),
            "reply": orjson.loads(fields["reply"]) if fields.get("reply") else None,
        }


def _queue(queue: Queue, figures: list[Any], now_ms: int) -> dict[str, Any]:
    waiting, oldest, at_risk, breached, open_tasks = figures
    oldest_wait_s = max(0.0, (now_ms - oldest[0][1]) / 1000) if oldest else 0.0
    return {
        "name": queue.name,
        "title": queue.title,
        "waiting": waiting,
        "oldest_wait_s": round(oldest_wait_s, 1),
        "at_risk": at_risk,
        "breached": breached,
        "open": open_tasks,
        "window_s": queue.window_s,
    }


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {bytes(name).decode(): bytes(value).decode() for name, value in fields.items()}


def _split(csv: str) -> list[str]:
    return [part for part in csv.split(",") if part]
