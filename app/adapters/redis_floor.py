"""What the screens show, read from Redis: cards, queues, reps. Reads only, never writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.core.catalogue import Catalogue, Queue
from app.core.errors import ReadOnly

_INTS = (
    *("priority", "version", "level", "hops", "detected_ms", "offered_ms", "expires_ms"),
    *("accepted_ms", "first_reply_ms", "half_ms", "at_risk_ms", "due_ms", "resolution_ms"),
    *("wrap_ends_ms", "until_ms", "for_until_ms"),
)
_TEXTS = ("mention_id", "state", "queue", "sla", "rep", "for_rep", "channel", "clock", "unroutable")
_OBJECTS = ("handed_on", "assigned", "reply")  # null where there is none
_LOOKED_AT = 200  # waiting tasks of a queue that are asked why nobody can take them

Ask = tuple[str | int, ...]  # one command of Redis with its arguments


class RedisFloor:
    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue

    async def now_ms(self) -> int:
        [time] = await self._read([("TIME",)])
        return _ms(time)

    async def card(self, task_id: str) -> dict[str, Any] | None:
        [card] = await self.cards([task_id])
        return card

    async def cards(self, task_ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """The cards of these tasks, in order; None for an unknown one."""
        found = await self._read(("HGETALL", f"hs:task:{task_id}") for task_id in task_ids)
        return [
            self._card(task_id, _text(fields)) if fields else None
            for task_id, fields in zip(task_ids, found, strict=True)
        ]

    async def held_by(self, rep: str) -> list[dict[str, Any]]:
        """The cards that this rep holds, the most pressing first."""
        [held] = await self._read([("SMEMBERS", f"hs:rep:{rep}:tasks")])
        cards = [card for card in await self.cards(_names(held)) if card]
        return sorted(cards, key=lambda card: (card["due_ms"], card["task_id"]))

    async def parked_by(self, rep: str) -> list[dict[str, Any]]:
        """The parked cards that come back to this rep, the next one first."""
        [parked] = await self._read([("SMEMBERS", f"hs:rep:{rep}:parked")])
        # One that has left meanwhile is told by its own event.
        cards = [c for c in await self.cards(_names(parked)) if c and c["state"] == "parked"]
        return sorted(cards, key=lambda card: (card["until_ms"], card["task_id"]))

    async def open_in(
        self, queues: Sequence[str], limit: int, only: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Open cards of these queues whose fields are as `only` says, the most pressing first."""
        members = await self._read(("SMEMBERS", f"hs:open:{queue}") for queue in queues)
        ids = [task_id for queue in members for task_id in _names(queue)]
        # A queue may hold thousands: look at little of each, read whole what will be shown.
        looks = await self._read(("HMGET", f"hs:task:{id_}", "due_ms", *only) for id_ in ids)
        wanted = [value.encode() for value in only.values()]
        fits = sorted(
            (float(due), task_id)
            for task_id, (due, *values) in zip(ids, looks, strict=True)
            if due and values == wanted
        )
        return [card for card in await self.cards([id_ for _, id_ in fits[:limit]]) if card]

    async def queues(self) -> list[dict[str, Any]]:
        """Every queue with its live figures, and why some of its tasks can go to nobody."""
        stuck = await self._stuck(list(self._catalogue.queues))
        return [row | {"unroutable": stuck[row["name"]]} for row in await self.figures()]

    async def figures(self) -> list[dict[str, Any]]:
        """Every queue with its live figures."""
        names = list(self._catalogue.queues)
        found = await self._read([("TIME",), *(ask for name in names for ask in _figures(name))])
        now, asked = _ms(found[0]), found[1:]
        rows = [asked[i : i + 5] for i in range(0, len(asked), 5)]
        return [
            _queue(self._catalogue.queues[name], row, now)
            for name, row in zip(names, rows, strict=True)
        ]

    async def ready(self) -> list[tuple[list[str], list[str]]]:
        """Queues and skills of everybody who could be offered something now."""
        [names] = await self._read([("ZRANGE", "hs:ready", 0, -1)])
        found = await self._read(
            ("HMGET", f"hs:rep:{name}", "queues", "skills") for name in _names(names)
        )
        return [(_split(_str(queues)), _split(_str(skills))) for queues, skills in found]

    async def _stuck(self, queues: Sequence[str]) -> dict[str, dict[str, int]]:
        """Per queue: how many of its longest waiting tasks nobody can take, by cause."""
        waiting = await self._read(
            ("ZRANGE", f"hs:wait:{queue}", 0, _LOOKED_AT - 1) for queue in queues
        )
        pairs = [(q, id_) for q, ids in zip(queues, waiting, strict=True) for id_ in _names(ids)]
        causes = await self._read(("HGET", f"hs:task:{id_}", "unroutable") for _, id_ in pairs)
        found: dict[str, dict[str, int]] = {queue: {} for queue in queues}
        for (queue, _), raw in zip(pairs, causes, strict=True):
            if raw:
                cause = bytes(raw).decode()
                found[queue][cause] = found[queue].get(cause, 0) + 1
        return found

    async def rep(self, name: str) -> dict[str, Any] | None:
        reps = await self.reps([name])
        return reps[0] if reps else None

    async def reps(self, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The people who take tasks, by name, with what they hold."""
        if names is None:
            names = _names((await self._read([("SMEMBERS", "hs:reps")]))[0])
        people = await self._read(("HGETALL", f"hs:rep:{name}") for name in names)
        held = await self._read(("SMEMBERS", f"hs:rep:{name}:tasks") for name in names)
        return [
            self._rep(name, _text(fields), _names(tasks))
            for name, fields, tasks in zip(names, people, held, strict=True)
            if b"state" in fields  # of who has left only a number is kept
        ]

    async def _read(self, asks: Iterable[Ask]) -> list[Any]:
        """The answers, in one round trip. Raises ReadOnly, also while tasks are rebuilt.

        Without its epoch Redis holds nothing, or half of what it held: showing that as the
        truth would be worse than showing nothing.
        """
        with away_is_unavailable():
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.execute_command("GET", "hs:epoch")
                for ask in asks:
                    pipe.execute_command(*ask)
                answers: list[Any] = await pipe.execute()
        if not answers[0]:
            raise ReadOnly("the tasks are being rebuilt")
        return answers[1:]

    def _rep(self, name: str, fields: dict[str, str], tasks: list[str]) -> dict[str, Any]:
        known = self._catalogue.reps.get(name)
        return {
            "name": name,
            "title": fields.get("title", name),
            "role": known.role if known else "agent",
            "state": fields.get("state", "offline"),
            "reason": fields.get("reason", ""),
            "since_ms": int(fields.get("since_ms", "0")),
            "capacity": _units(float(fields.get("capacity", "0"))),
            "load": _units(float(fields.get("load", "0"))),
            "skills": _split(fields.get("skills", "")),
            "queues": _split(fields.get("queues", "")),
            "simulated": fields.get("demo") == "1",
            "task_ids": tasks,
        }

    def _card(self, task_id: str, fields: dict[str, str]) -> dict[str, Any]:
        queue = self._catalogue.queues.get(fields["queue"])
        return {
            **orjson.loads(fields["card"]),
            "task_id": task_id,
            **{name: int(float(fields.get(name) or 0)) for name in _INTS},
            **{name: fields.get(name, "") for name in _TEXTS},
            "queue_title": queue.title if queue else fields["queue"],
            "skills": _split(fields.get("skills", "")),
            "weight": _units(float(fields.get("weight") or 1)),
            "waits_for": fields.get("waits_for", ""),
            "reservation_id": fields.get("reservation", ""),
            **{name: orjson.loads(fields.get(name) or "null") for name in _OBJECTS},
        }


def _figures(queue: str) -> list[Ask]:
    return [
        ("ZCARD", f"hs:wait:{queue}"),
        ("ZRANGE", f"hs:wait:{queue}", 0, 0, "WITHSCORES"),
        ("SCARD", f"hs:sla:{queue}:at_risk"),
        ("SCARD", f"hs:sla:{queue}:breached"),
        ("SCARD", f"hs:open:{queue}"),
    ]


def _queue(queue: Queue, figures: list[Any], now_ms: int) -> dict[str, Any]:
    waiting, oldest, at_risk, breached, open_tasks = figures
    oldest_wait_s = max(0.0, (now_ms - float(oldest[0][1])) / 1000) if oldest else 0.0
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


def _ms(time: tuple[int, int]) -> int:
    """What TIME answers, seconds and microseconds, in ms."""
    seconds, micros = time
    return int(seconds) * 1000 + int(micros) // 1000


def _str(value: bytes | None) -> str:
    return bytes(value or b"").decode()


def _units(amount: float) -> float:
    """Capacity as people write it: 3 rather than 3.0."""
    rounded = round(amount, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _names(members: Iterable[bytes]) -> list[str]:
    return sorted(bytes(member).decode() for member in members)


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {bytes(name).decode(): bytes(value).decode() for name, value in fields.items()}


def _split(csv: str) -> list[str]:
    return [part for part in csv.split(",") if part]
