"""Server-sent events: an old snapshot and the events since make the new snapshot."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from starlette.applications import Starlette

from app.adapters.redis_feed import RedisFeed
from app.core.errors import Conflict
from app.web import hub as hub_module
from app.web import stream as stream_module
from app.web import views
from app.web.hub import QUEUE_LENGTH, Hub
from app.web.state import Parts
from tests.builders import OFFER_MS, admission, do, set_state, task_id
from tests.web.asgi import LONGEST_S, Exchange, requested
from tests.web.conftest import Api

Snapshot = dict[str, Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "_COALESCE_S", 0.01)
    monkeypatch.setattr(hub_module, "_BLOCK_MS", 20)


async def desk_of(api: Api, who: str = "amira") -> Snapshot:
    return dict((await api.get(who, "/api/v1/desk")).json())


def desk_state(snapshot: Snapshot) -> Snapshot:
    """What a desk shows of its own, apart from clocks and figures of whole queues."""
    tasks = {card["task_id"]: card for card in snapshot["tasks"]}
    return {"me": snapshot["me"], "offer": snapshot["offer"], "tasks": tasks}


def applied(state: Snapshot, name: str, data: Any) -> Snapshot:
    """What the screen does with an event (see static/js/store.js)."""
    state = {**state, "tasks": dict(state["tasks"])}
    offered = (state["offer"] or {}).get("task_id")
    if name == "me":
        state["me"] = data
    elif name == "offer":
        state["offer"] = data
    elif name == "offer_ended" and offered == data["task_id"]:
        state["offer"] = None
    elif name == "task":
        state["tasks"][data["task_id"]] = data
        state["offer"] = None if offered == data["task_id"] else state["offer"]
    elif name == "task_closed":
        state["tasks"].pop(data["task_id"], None)
    return state


async def live_through(parts: Parts, dice: Random, steps: int) -> None:
    """A stretch of a shift: whatever the door allows, in any order."""
    door = parts.base.door
    for _ in range(steps):
        door.now_ms += dice.choice([10, 1000, OFFER_MS])
        held = [card["task_id"] for card in await parts.floor.held_by("amira")]
        what = dice.choice(
            ["admit", "offer", "offer", "answer", "answer", "answer", "sweep", "edit"]
        )
        if what == "admit":
            await door.admit([admission(str(dice.randrange(99)), priority=dice.randrange(100))])
        elif what == "offer":
            await set_state(door, "amira", "available")
            await door.offer(OFFER_MS)
        elif what == "edit":
            id_ = str(dice.randrange(99))
            await door.admit([admission(id_, src=f"e{dice.random()}", text=f"{dice.random()}")])
        elif what == "sweep":
            door.now_ms += dice.choice([0, 1_440_000])
            await door.thresholds()
            await door.expire()
        elif held:
            await _answer(parts, dice, dice.choice(held))


async def _answer(parts: Parts, dice: Random, task: str) -> None:
    name = dice.choice(["accept", "accept", "reject", "reply", "complete", "transfer"])
    moved = {"queue": "service", "skills": ""} if name == "transfer" else {}
    try:
        await do(parts.base.door, name, task, "amira", op_id=str(dice.random()), **moved)
    except Conflict:
        return


@pytest.mark.parametrize("seed", range(12))
async def test_an_old_snapshot_and_the_events_since_make_the_new_snapshot(
    app: Starlette, api: Api, parts: Parts, seed: int
) -> None:
    """A5.2: after a cut the screen is as it would have been without one."""
    dice = Random(seed)
    await live_through(parts, dice, dice.randrange(25))
    before = await desk_of(api)
    await live_through(parts, dice, 25)
    await set_state(parts.base.door, "amira", "offline")
    await set_state(parts.base.door, "amira", "available")
    last = (await parts.feed.since("0-0", "rep:amira") or [])[-1].id
    state = desk_state(before)
    async with requested(
        app, "amira", "/api/v1/stream", last_event_id=before["last_event_id"]
    ) as s:
        id_ = ""
        while id_ != last:
            name, data, id_ = await s.next()
            assert name != "resync"
            state = applied(state, name, data)
    assert state == desk_state(await desk_of(api))


async def connected_desk(parts: Parts, stream: Exchange) -> None:
    """Wait until the stream listens, and let the hub go on from here."""
    assert (await stream.next())[0] == "clock"
    await parts.hub.turn()


async def test_an_offer_is_pushed_the_moment_it_is_made(
    app: Starlette, parts: Parts, api: Api
) -> None:
    """A5.2, A5.5: pushed, not polled."""
    await set_state(parts.base.door, "amira", "available")
    await parts.base.door.admit([admission()])
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await connected_desk(parts, stream)
        await parts.base.door.offer(OFFER_MS)
        await parts.hub.turn()
        name, card, id_ = await stream.next()
        assert (name, card["task_id"], card["state"]) == ("offer", task_id(), "offered")
        assert id_
        name, queues, id_ = (await stream.until("queues"))[-1]
        assert {q["name"] for q in queues} == {"billing", "service", "sales"}
        assert id_ == ""


@pytest.mark.parametrize("answer", ["none", "reject"])
async def test_my_load_follows_what_i_hold(
    app: Starlette, parts: Parts, api: Api, answer: str
) -> None:
    """The desk and the floor must not say that somebody has room who has not."""
    await set_state(parts.base.door, "amira", "available")
    await parts.base.door.admit([admission()])
    before = await desk_of(api)
    await parts.base.door.offer(OFFER_MS)
    if answer == "reject":
        before = await desk_of(api)
        await do(parts.base.door, "reject", task_id(), "amira")
    last = (await parts.feed.since("0-0", "rep:amira") or [])[-1].id
    state = desk_state(before)
    async with requested(app, "amira", f"/api/v1/stream?last={before['last_event_id']}") as stream:
        id_ = ""
        while id_ != last:
            name, data, id_ = await stream.next()
            state = applied(state, name, data)
    assert state["me"]["load"] == desk_state(await desk_of(api))["me"]["load"]


async def test_nobody_hears_of_another_reps_offer(app: Starlette, parts: Parts, api: Api) -> None:
    await set_state(parts.base.door, "amira", "available")
    await parts.base.door.admit([admission()])
    async with requested(app, "ben", "/api/v1/stream") as stream:
        await connected_desk(parts, stream)
        await parts.base.door.offer(OFFER_MS)
        await parts.hub.turn()
        assert {name for name, _, _ in await stream.until("queues")} == {"queues"}


@pytest.mark.parametrize("last", ["1-0", "abc", "9999999999999-0", "5-x", "-", "1-1-1"])
async def test_an_id_that_is_too_old_or_of_another_life_asks_for_a_new_snapshot(
    app: Starlette, parts: Parts, last: str
) -> None:
    await set_state(parts.base.door, "amira", "available")
    async with requested(app, "amira", f"/api/v1/stream?last={last}") as stream:
        names = [name for name, _, _ in await stream.until("resync")]
    assert names == ["clock", "resync"]


@pytest.mark.parametrize("last", ["abc", "9999999999999-0"])
async def test_an_unknown_id_on_an_empty_feed_asks_for_a_new_snapshot(
    app: Starlette, parts: Parts, last: str
) -> None:
    await parts.base.redis.delete("hs:feed")
    async with requested(app, "amira", f"/api/v1/stream?last={last}") as stream:
        assert (await stream.until("resync"))[-1][0] == "resync"


@pytest.mark.parametrize("empty", [False, True], ids=["running", "fresh"])
async def test_a_feed_that_no_longer_reaches_back_asks_for_a_new_snapshot(
    app: Starlette, parts: Parts, api: Api, empty: bool
) -> None:
    if not empty:
        await set_state(parts.base.door, "amira", "paused")
    before = await desk_of(api)
    for state in ("available", "paused") * 3:
        await set_state(parts.base.door, "amira", state)
    await parts.base.redis.xtrim("hs:feed", maxlen=2, approximate=False)
    async with requested(app, "amira", f"/api/v1/stream?last={before['last_event_id']}") as stream:
        assert "resync" in [name for name, _, _ in await stream.until("resync")]


async def test_the_floor_is_sent_whole_and_many_changes_make_one_event(
    app: Starlette, parts: Parts
) -> None:
    async with requested(app, "sofia", "/api/v1/stream?view=floor") as stream:
        name, floor, _ = await stream.next()
        assert name == "floor"
        assert floor["totals"]["waiting"] == 0
        await parts.hub.turn()
        await parts.base.door.admit([admission(str(i)) for i in range(10)])
        await parts.hub.turn()
        name, floor, _ = await stream.next()
        assert (name, floor["totals"]["waiting"]) == ("floor", 10)
        assert stream._events.empty()


async def test_an_agent_who_asks_for_the_floor_gets_their_own_desk(
    app: Starlette, parts: Parts
) -> None:
    async with requested(app, "amira", "/api/v1/stream?view=floor") as stream:
        assert (await stream.next())[0] == "clock"


async def test_a_stream_ends_soon_after_its_reader_has_signed_out(
    app: Starlette, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_CLOCK_S", 0.01)

    async def nobody(_request: Any) -> None:
        return None

    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        monkeypatch.setattr(app.state.auth, "user_of", nobody)
        async with asyncio.timeout(LONGEST_S):
            await stream.ended.wait()


async def test_a_screen_that_falls_behind_is_told_so_and_nothing_else(parts: Parts) -> None:
    hub = parts.hub
    await hub.turn()
    async with hub.listening("rep:amira") as screen:
        for i in range(QUEUE_LENGTH + 1):
            await set_state(parts.base.door, "amira", "available" if i % 2 else "paused")
        await hub.turn()
        assert screen.qsize() <= 2
        assert await screen.get() is None


async def test_a_hub_that_starts_late_does_not_repeat_the_past(
    redis_url: str, parts: Parts
) -> None:
    await set_state(parts.base.door, "amira", "available")
    hub = Hub(RedisFeed(parts.base.redis))
    async with hub.listening("rep:amira") as screen:
        await hub.turn()
        assert screen.empty()


async def test_a_snapshot_never_promises_more_than_it_shows(parts: Parts, api: Api) -> None:
    """Its id is read first: an event in between comes again rather than never."""
    seen: list[str] = []
    real = parts.floor.held_by

    async def late(name: str) -> list[dict[str, Any]]:
        seen.append(await parts.feed.last_id())
        await set_state(parts.base.door, "amira", "available")
        return await real(name)

    object.__setattr__(parts.floor, "held_by", late)
    user = type("U", (), {"name": "amira", "title": "A", "role": "agent"})()
    snapshot = await views.desk(parts, user)
    assert snapshot["last_event_id"] == seen[0]
