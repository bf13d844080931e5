"""I17: whatever has happened, the state rebuilt from the ledger is the state that was there."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.adapters.redis_client import connect
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.core.catalogue import Overflow, Relaxation
from app.core.errors import Conflict
from tests.adapters.centre import Centre, differences
from tests.builders import (
    CATALOGUE,
    NOON_MS,
    OFFER_MS,
    actor_of,
    admission,
    ready,
    set_state,
)

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
REPS = ("ann", "bob", "mia")
SUE = {"type": "user", "id": "sue", "role": "supervisor"}
QUEUES = {
    **CATALOGUE.queues,
    "service": replace(
        CATALOGUE.queues["service"],
        relax=(Relaxation(after_s=60, drop=("billing",)),),
        interruptible=True,
        first_reply_s=300,
    ),
    "billing": replace(
        CATALOGUE.queues["billing"], overflow=Overflow(after_s=120, to="service"), preempts=True
    ),
}
moves = st.lists(
    st.tuples(
        st.sampled_from(
            "admit admit edit offer offer accept accept accept reject reply wrap complete transfer"
            " park resume assign pull_back cancel prioritise state pass pass relay".split()
        ),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    min_size=10,
    max_size=60,
)


class History:
    """Random moves through the real door; what it refuses has not happened."""

    def __init__(self, centre: Centre) -> None:
        self.centre, self.door = centre, centre.door
        self.number = 0

    async def run(self, steps: list[tuple[str, int, int]]) -> None:
        await ready(self.door, *REPS, capacity=2)
        for what, one, other in steps:
            self.number += 1
            with contextlib.suppress(Conflict):
                await getattr(self, what, self.command)(what, one, other)

    async def admit(self, _what: str, one: int, other: int) -> None:
        queue = ("service", "billing", "escalation")[one % 3]
        skills = {*QUEUES[queue].skills, *(("en",) if other % 2 else ("billing",))}
        await self.door.admit(
            [admission(str(self.number), queue=queue, skills=tuple(sorted(skills)), priority=other)]
        )

    async def edit(self, _what: str, one: int, _other: int) -> None:
        id_, src = str(one), f"edit-{self.number}"
        await self.door.admit([admission(id_, text=f"Wording {self.number}", src=src)])

    async def offer(self, _what: str, _one: int, _other: int) -> None:
        await self.door.offer(OFFER_MS)

    async def state(self, _what: str, one: int, other: int) -> None:
        states = ("available", "available", "paused", "offline")
        await set_state(self.door, REPS[one % 3], states[other % 4])

    async def relay(self, _what: str, _one: int, _other: int) -> None:
        await self.centre.relay.move(block_ms=0)

    async def pass_(self, one: int, other: int) -> None:
        self.door.now_ms += (1000, OFFER_MS, 65_000, 400_000, 1_000_000)[one % 5] + other
        await self.door.thresholds()
        await self.door.expire()
        await self.door.timers()
        await self.door.absent(15_000, 120_000)

    async def command(self, what: str, one: int, other: int) -> None:
        if what == "pass":
            await self.pass_(one, other)
            return
        tasks = await self.centre.tasks()
        fitting = sorted(t for t, f in tasks.items() if what not in _IN or f["state"] in _IN[what])
        if not fitting:
            return
        task = fitting[one % len(fitting)]
        rep = tasks[task]["rep"] or REPS[other % 3]
        supervised = what in ("assign", "pull_back", "cancel", "prioritise") or (
            what in ("park", "resume") and other % 2
        )
        fields: dict[str, Any] = {
            "rep": rep,
            "actor": SUE if supervised else actor_of(rep),
            "reason": "why not",
            "digest": f"digest {self.number}",
        }
        await self.door.command(
            what, task, f"op-{self.number}", **(fields | self._given(what, one, other))
        )

    def _given(self, what: str, one: int, other: int) -> dict[str, Any]:
        queue = ("service", "billing")[other % 2]
        return {
            "reply": {"text": "We are on it."},
            "complete": {"code": "resolved", "note": ""},
            "transfer": {"queue": queue, "skills": "en", "to_rep": "", "kept_ms": 30_000},
            "pull_back": {"queue": queue, "skills": "en", "kept_ms": 0},
            "park": {
                "until_ms": self.door.now_ms + 600_000,
                "waits_for": "customer" if one % 2 else "",
            },
            "resume": {"kept_ms": 30_000},
            "assign": {"to_rep": REPS[other % 3], "expires_ms": OFFER_MS},
            "prioritise": {"priority": other},
        }.get(what, {})


_IN = {
    "accept": ("offered",),
    "reject": ("offered",),
    "reply": ("accepted",),
    "wrap": ("accepted",),
    "complete": ("accepted", "wrapping"),
    "transfer": ("accepted", "wrapping"),
    "park": ("queued", "accepted"),
    "resume": ("parked",),
    "pull_back": ("offered", "accepted", "wrapping"),
}


def without_offer(task: dict[str, Any]) -> dict[str, Any]:
    """A task as it is once its offer has been taken back."""
    if task["state"] != "offered":
        return task
    version = str(int(task["version"]) + 1)
    return task | {"state": "queued", "rep": "", "expires_ms": "0", "version": version}


@pytest.fixture(scope="session")
def store(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _migrated, tmp_path_factory.mktemp("equals") / "handshake.db"


async def compare(url: str, database: Database, steps: list[tuple[str, int, int]]) -> None:
    client = connect(url)
    centre = Centre(RedisDoor(client, NOON_MS), client, database, QUEUES)
    try:
        await centre.open()
        await History(centre).run(steps)
        await centre.relayed()
        before, sets, reps = await centre.tasks(), await centre.sets(), await centre.reps()
        offers = await client.zcard("hs:offers")
        await centre.wiped()
        assert await centre.keeper.turn()
        expected = {id_: without_offer(task) for id_, task in before.items()}
        assert differences(expected, await centre.tasks()) == []
        if not offers:
            assert differences(sets, await centre.sets()) == []
            assert differences(reps, await centre.reps()) == []
    finally:
        await client.aclose()


@settings(
    max_examples=1000 if THOROUGH else 15,
    phases=[Phase.explicit, Phase.generate],  # a failing history is read as it was found
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=moves)
def test_a_rebuild_gives_back_what_was_there(
    redis_url: str, store: tuple[Path, Path], steps: list[tuple[str, int, int]]
) -> None:
    template, path = store
    for leftover in path.parent.glob("handshake.db*"):
        leftover.unlink()
    path.write_bytes(template.read_bytes())
    database = Database(f"sqlite:///{path}")
    try:
        asyncio.run(compare(redis_url, database, steps))
    finally:
        database.close()
