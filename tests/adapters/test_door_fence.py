"""The door: nothing changes without an epoch, under a stale version, or under a used key."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict, Unavailable
from tests.adapters.test_door_offers import offer
from tests.adapters.test_door_work import facts, field, refusal
from tests.builders import OFFER_MS, admission, do, hand_to, ready, supervise, task_id

# Those bring an epoch back, or only say what the queues are.
WITHOUT_AN_EPOCH = {
    *("hs_begin", "hs_configure", "hs_restore", "hs_standing", "hs_confirm", "hs_lease"),
    *("hs_end_epoch", "hs_clear", "hs_reopen", "hs_relayed"),
}
WRITES = {
    *("hs_admit", "hs_note", "hs_offer", "hs_preempt", "hs_accept", "hs_reject", "hs_expire"),
    *("hs_thresholds", "hs_reply", "hs_wrap", "hs_complete", "hs_transfer", "hs_pull_back"),
    *("hs_park", "hs_resume", "hs_assign", "hs_cancel", "hs_prioritise", "hs_reclock"),
    *("hs_enrol", "hs_set_state", "hs_present", "hs_timers", "hs_absent"),
}


async def registered(redis: Client) -> set[str]:
    """Every function of the library, as Redis itself lists them."""
    [library] = await redis.function_list(library="handshake")
    if not isinstance(library, dict):
        library = dict(zip(library[::2], library[1::2], strict=True))
    functions = library[b"functions"]
    found = [
        f if isinstance(f, dict) else dict(zip(f[::2], f[1::2], strict=True)) for f in functions
    ]
    return {f[b"name"].decode() for f in found}


async def snapshot(redis: Client) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) for key in await redis.keys("*")}


@pytest.mark.parametrize("epoch", ["missing", "another"])
async def test_whatever_writes_refuses_without_the_epoch_it_was_begun_with(
    door: RedisDoor, redis: Client, epoch: str
) -> None:
    """A wiped or foreign Redis is rebuilt from the ledger first. Every function is tried."""
    await door.admit([admission()])
    if epoch == "missing":
        await redis.delete("hs:epoch")
    else:
        await redis.set("hs:epoch", "of an older copy")
    before = await snapshot(redis)
    names = await registered(redis)
    assert names >= WRITES
    for name in sorted(names - WITHOUT_AN_EPOCH):
        answer = orjson.loads(await redis.execute_command("FCALL", name, 0, b"{}"))
        assert answer["error"] == "rebuilding", name
    assert await snapshot(redis) == before


async def test_who_asks_while_the_state_is_rebuilt_is_told_to_wait(
    door: RedisDoor, redis: Client
) -> None:
    """A 503 and never a false yes: the accept may come again."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await redis.delete("hs:epoch")
    with pytest.raises(Unavailable):
        await do(door, "accept", task_id(), "ann", op_id="k")
    await door.begin("test")
    assert (await do(door, "accept", task_id(), "ann", op_id="k"))["state"] == "accepted"


COMMANDS = ("accept", "reject", "reply", "wrap", "complete", "transfer", "park")


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_on_an_old_version_is_refused(
    door: RedisDoor, redis: Client, name: str
) -> None:
    """Who decided on what they no longer see decides again."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    if name not in ("accept", "reject"):
        await do(door, "accept", task_id(), "ann")
    version = int(await field(redis, "version"))
    for stale in (version - 1, version + 1):
        assert await refusal(door, name, "ann", version=stale) == "stale_version"
    await do(door, name, task_id(), "ann", version=version)


async def test_a_supervisors_command_on_an_old_version_is_refused(
    door: RedisDoor, redis: Client
) -> None:
    await door.admit([admission()])
    with pytest.raises(Conflict) as refused:
        await supervise(door, "cancel", task_id(), version=7)
    assert refused.value.code == "stale_version"


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_key_that_came_with_another_command_is_refused(
    door: RedisDoor, redis: Client, name: str
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    if name not in ("accept", "reject"):
        await do(door, "accept", task_id(), "ann")
    first = await do(door, name, task_id(), "ann", op_id="k", digest="one")
    before = await facts(redis)
    assert await refusal(door, name, "ann", op_id="k", digest="two") == "key_reused"
    assert await do(door, name, task_id(), "ann", op_id="k", digest="one") == first
    assert await facts(redis) == before


async def test_a_repeated_command_gets_its_first_answer_at_any_version(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    first = await do(door, "accept", task_id(), "ann", op_id="k", version=2)
    await do(door, "reply", task_id(), "ann")
    assert await do(door, "accept", task_id(), "ann", op_id="k", version=2) == first


async def test_an_accepted_task_cannot_be_accepted_again_under_another_key(
    door: RedisDoor,
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    assert await refusal(door, "accept", "ann", op_id="other") == "already_accepted"
    await do(door, "wrap", task_id(), "ann")
    assert await refusal(door, "accept", "ann", op_id="other") == "already_accepted"


@pytest.mark.parametrize(("late_ms", "wins"), [(-1, True), (0, False), (1, False)])
@pytest.mark.parametrize("swept", [False, True])
async def test_an_accept_around_the_very_expiry_has_one_truth(
    door: RedisDoor, redis: Client, late_ms: int, wins: bool, swept: bool
) -> None:
    """A5.4: whether the sweep or the answer comes first, the millisecond decides."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    door.now_ms = int(await field(redis, "expires_ms")) + late_ms
    if swept:
        await door.expire()
    if wins:
        assert (await do(door, "accept", task_id(), "ann"))["state"] == "accepted"
    else:
        assert await refusal(door, "accept", "ann") == "expired"
    await door.expire()
    ops = [f["op"] for f in await facts(redis, task_id())]
    assert ops == ["queued", "offered", "accepted" if wins else "timed_out"]


async def test_an_answer_to_an_earlier_offer_is_not_an_answer_to_this_one(
    door: RedisDoor, redis: Client
) -> None:
    """The second offer of the same task to the same agent has a name of its own."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    first = await field(redis, "reservation")
    await do(door, "reject", task_id(), "ann")
    door.now_ms += OFFER_MS
    assert await offer(door) == [task_id()]
    assert await refusal(door, "accept", "ann", reservation_id=first) == "expired"
    second = await field(redis, "reservation")
    given: dict[str, Any] = {"reservation_id": second}
    assert (await do(door, "accept", task_id(), "ann", **given))["state"] == "accepted"


async def test_a_refused_transfer_leaves_the_task_with_its_owner(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    with pytest.raises(Conflict):
        await hand_to(door, task_id(), "ann", "nobody")
    assert (await field(redis, "state"), await field(redis, "rep")) == ("accepted", "ann")
