"""Who is present, and what screens hear while nothing can be changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette

from app.adapters.redis_client import connect
from app.adapters.redis_feed import RedisFeed
from app.core.errors import ReadOnly, Unavailable
from app.processes.tcp_ports import free_port
from app.web import hub as hub_module
from app.web import presence as presence_module
from app.web import stream as stream_module
from app.web.hub import AWAY, Hub
from app.web.presence import Presence
from app.web.state import Parts
from tests.builders import OFFER_MS, admission, do, set_state, task_id
from tests.web.asgi import requested
from tests.web.conftest import Api


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "_COALESCE_S", 0.01)
    monkeypatch.setattr(hub_module, "_BLOCK_MS", 20)
    monkeypatch.setattr(presence_module, "BEAT_S", 0.0)


async def present(parts: Parts) -> set[str]:
    names = await parts.base.redis.zrange("hs:present", 0, -1)
    return {bytes(name).decode() for name in names}


async def lose_the_tasks(parts: Parts) -> None:
    await parts.base.redis.delete("hs:epoch")


async def test_an_open_desk_makes_its_agent_present_at_once_and_at_every_beat(
    app: Starlette, parts: Parts
) -> None:
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        assert await present(parts) == {"amira"}
        await parts.base.redis.delete("hs:present")
        await parts.presence.turn()
        assert await present(parts) == {"amira"}
    await parts.base.redis.delete("hs:present")
    await parts.presence.turn()
    assert await present(parts) == set()


async def test_of_two_windows_one_is_enough(parts: Parts) -> None:
    with parts.presence.at_the_desk("amira"):
        with parts.presence.at_the_desk("amira"):
            pass
        await parts.presence.turn()
        assert await present(parts) == {"amira"}


@pytest.mark.parametrize(("who", "path"), [("sofia", "?view=floor"), ("sofia", ""), ("ada", "")])
async def test_who_takes_no_tasks_is_never_present(
    app: Starlette, parts: Parts, who: str, path: str
) -> None:
    async with requested(app, who, f"/api/v1/stream{path}") as stream:
        await stream.next()
        await parts.presence.turn()
    assert await present(parts) == set()


async def test_who_works_over_http_alone_is_never_present(api: Api, parts: Parts) -> None:
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await api.get("amira", "/api/v1/desk")
    await parts.presence.turn()
    assert await present(parts) == set()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/desk", None),
        ("GET", "/api/v1/tasks", None),
        ("GET", f"/api/v1/tasks/{task_id()}", None),
        ("GET", "/api/v1/queues", None),
        ("GET", "/api/v1/stream", None),
        ("POST", "/api/v1/me/state", {"state": "available"}),
        ("POST", f"/api/v1/tasks/{task_id()}/accept", {}),
        ("POST", f"/api/v1/tasks/{task_id()}/wrap", {}),
    ],
)
async def test_while_tasks_are_rebuilt_nothing_is_shown_or_changed(
    api: Api, parts: Parts, method: str, path: str, body: Any
) -> None:
    """Half of a state is not the truth: 503 and a time to come back, never a false 200."""
    await parts.base.door.admit([admission()])
    await lose_the_tasks(parts)
    headers = {"authorization": "Bearer key-amira", "idempotency-key": "k"}
    answer = await api.client.request(method, path, headers=headers, json=body)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["code"] == "read_only"


@pytest.mark.parametrize("who", ["amira", "sofia"])
async def test_screens_are_told_that_nothing_can_be_changed_and_when_it_can_again(
    app: Starlette, parts: Parts, who: str
) -> None:
    await parts.hub.turn()
    view = "?view=floor" if who == "sofia" else ""
    async with requested(app, who, f"/api/v1/stream{view}") as stream:
        await stream.next()
        await lose_the_tasks(parts)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await parts.hub.turn()
        assert (await stream.next())[0] == "read_only"
        await parts.base.door.begin("again")
        await parts.hub.turn()
        assert (await stream.next())[0] == "resync"
        assert stream._events.empty()


async def test_the_snapshot_says_that_nothing_can_be_changed(api: Api, parts: Parts) -> None:
    """A full Redis still answers questions: the refused beat is what tells."""

    class Full:
        async def present(self, _reps: Any) -> None:
            raise ReadOnly("full")

    assert (await api.get("amira", "/api/v1/desk")).json()["read_only"] is False
    with pytest.raises(Unavailable):
        await Presence(Full(), parts.hub).turn()  # type: ignore[arg-type]
    assert (await api.get("amira", "/api/v1/desk")).json()["read_only"] is True
    assert (await api.get("sofia", "/api/v1/floor")).json()["read_only"] is True
    await parts.presence.turn()
    assert (await api.get("amira", "/api/v1/desk")).json()["read_only"] is False


async def test_two_reasons_are_both_waited_for(parts: Parts) -> None:
    async with parts.hub.listening("floor") as screen:
        for why in ("feed", "tasks", "feed"):
            parts.hub.block(why)
        parts.hub.unblock("feed")
        assert parts.hub.read_only
        parts.hub.unblock("tasks")
        parts.hub.unblock("tasks")
        assert [screen.get_nowait() for _ in range(screen.qsize())] == [AWAY, None]


async def test_a_redis_that_does_not_answer_is_away() -> None:
    hub = Hub(RedisFeed(connect(f"redis://127.0.0.1:{free_port()}/0")))
    with pytest.raises(Unavailable):
        await hub.turn()
    assert hub.read_only


async def test_other_tasks_than_before_are_read_anew(parts: Parts) -> None:
    """A Redis that was emptied and rebuilt between two looks counts its events from the start."""
    await parts.hub.turn()
    async with parts.hub.listening("rep:amira") as screen:
        await parts.base.redis.delete("hs:feed")
        await parts.base.door.begin("another")
        await parts.hub.turn()
        assert screen.get_nowait() is None
        await set_state(parts.base.door, "amira", "available")
        await parts.hub.turn()
        assert screen.get_nowait().event == "me"  # type: ignore[union-attr]


async def test_a_late_task_is_called_out_on_the_floor(app: Starlette, parts: Parts) -> None:
    """A6.4: somebody has to hear of a breach; many at once are one alert."""
    await parts.hub.turn()
    ids = [str(i) for i in range(7)]
    await parts.base.door.admit([admission(id_) for id_ in ids])
    await parts.hub.turn()
    async with requested(app, "sofia", "/api/v1/stream?view=floor") as stream:
        await stream.next()
        parts.base.door.now_ms += 1_800_000
        await parts.base.door.thresholds()
        await parts.hub.turn()
        _, late, _ = (await stream.until("breached"))[-1]
        assert late["count"] == 7
        assert len(late["tasks"]) == 5
        assert late["tasks"][0]["queue_title"] == "Escalation"


async def test_a_third_hand_off_escalates_without_an_alarm(app: Starlette, parts: Parts) -> None:
    await parts.hub.turn()
    async with requested(app, "sofia", "/api/v1/stream?view=floor") as stream:
        await stream.next()
        event = {"to": "floor", "event": "breached", "task": task_id(), "why": "third hand-off"}
        await parts.base.redis.xadd("hs:feed", event)
        await parts.hub.turn()
        assert (await stream.next())[0] == "floor"
        assert stream._events.empty()


async def test_a_parked_task_moves_below_the_desk_by_event(app: Starlette, parts: Parts) -> None:
    door = parts.base.door
    await set_state(door, "amira", "available")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "amira")
    await parts.hub.turn()
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        await do(door, "park", task_id(), "amira", until_ms=door.now_ms + 60_000, reason="a")
        await parts.hub.turn()
        name, card, _ = await stream.next()
        assert (name, card["state"], card["for_rep"]) == ("task", "parked", "amira")


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("cancel", {"reason": "a test"}, "cancelled"),
        ("pull_back", {"reason": "wrong hands"}, "handed_on"),
    ],
)
async def test_an_agent_is_told_why_a_task_left_the_desk(
    app: Starlette, parts: Parts, name: str, fields: dict[str, str], why: str
) -> None:
    door = parts.base.door
    await set_state(door, "amira", "available")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "amira")
    await parts.hub.turn()
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        sofia = {"type": "user", "id": "sofia", "role": "supervisor"}
        await door.command(name, task_id(), "op", rep="sofia", actor=sofia, **fields)
        await parts.hub.turn()
        _, said, _ = (await stream.until("task_closed"))[-1]
        assert said == {"task_id": task_id(), "why": why}


async def test_who_is_no_longer_on_the_staff_hears_it_at_the_desk_and_only_looks_on(
    app: Starlette, parts: Parts, api: Api
) -> None:
    door, ben = parts.base.door, parts.base.config.catalogue.reps["ben"]
    await set_state(door, "amira", "available")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "amira")
    await parts.hub.turn()
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        assert "amira" in await door.staff([ben])
        await parts.hub.turn()
        _, said, _ = (await stream.until("task_closed"))[-1]
        assert said == {"task_id": task_id(), "why": "agent_left"}
        _, me, _ = (await stream.until("me"))[-1]
        assert (me["name"], me["state"], me["capacity"]) == ("amira", "offline", 0)
    desk = (await api.get("amira", "/api/v1/desk")).json()
    assert (desk["me"]["capacity"], desk["tasks"]) == (0, [])
    answer = await api.post("amira", "/api/v1/me/state", {"state": "available"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_rep")


async def test_a_read_that_fails_amid_the_stream_makes_the_screen_read_only(
    app: Starlette, parts: Parts
) -> None:
    await parts.hub.turn()
    async with requested(app, "amira", "/api/v1/stream") as stream:
        await stream.next()
        await set_state(parts.base.door, "amira", "available")
        event = (await parts.feed.since("0-0", "rep:amira") or [])[-1]
        await lose_the_tasks(parts)
        [screen] = parts.hub._screens["rep:amira"]
        screen.put_nowait(event)
        assert (await stream.next())[0] == "read_only"
        async with asyncio.timeout(2):
            await stream.ended.wait()


async def test_a_beat_is_never_without_a_pause(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the feed alone is away the tasks answer: asking without end would take a core."""
    monkeypatch.setattr(presence_module, "BEAT_S", 5.0)
    monkeypatch.setattr(presence_module, "_STEP_S", 0.05)
    parts.hub.block("feed")
    began = asyncio.get_running_loop().time()
    await parts.presence.turn()
    assert 0.04 < asyncio.get_running_loop().time() - began < 1.0
