"""Redis is wiped, or put back from an old copy, under a running Handshake: nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

ANGRY = "Your service is terrible, my parcel is broken and nobody cares. I am very angry."
BACK_S = 30.0  # the promise


@pytest.fixture
def one(tmp_path: Path) -> Any:
    with running(tmp_path / "var", "--offer", "60s") as instance:
        yield instance


def open_tasks(one: Handshake) -> dict[str, str]:
    """Every open task with its owner where it is accepted, as the API tells it to a supervisor."""
    answer = one.call("GET", "/api/v1/tasks", "sofia")
    if answer.status_code != 200:
        return {}
    return {
        card["task_id"]: card["rep"] if card["state"] == "accepted" else ""
        for card in answer.json()
    }


def some_work(one: Handshake) -> tuple[str, str]:
    """Tasks wait, and one is accepted: by whom, and which."""
    named = one.post([mention(f"{ANGRY} ({n})") for n in range(8)])
    wait_for("tasks", lambda: len(open_tasks(one)) >= 8, 30)
    agents = [u["name"] for u in one.run["users"] if u["role"] == "agent"]
    for who in agents:
        one.state(who, "available")
    who, card = wait_for("an offer", lambda: an_offer(one, agents), 20)
    assert one.command(who, card["task_id"], "accept").status_code == 200
    for other in agents:
        if other != who:
            one.state(other, "paused")
    one.state(who, "paused")
    assert len(named) == 8
    wait_for("a still ledger", lambda: relayed(one), 10)
    return who, card["task_id"]


def an_offer(one: Handshake, agents: list[str]) -> tuple[str, dict[str, Any]] | None:
    for who in agents:
        if card := one.desk(who).get("offer"):
            return who, card
    return None


def relayed(one: Handshake) -> bool:
    with redis.Redis.from_url(one.run["redis"]) as client:
        return client.xlen("hs:outbox") == 0


def test_a_wiped_redis_is_back_with_the_same_tasks(one: Handshake) -> None:
    who, task = some_work(one)
    before = open_tasks(one)
    assert before[task] == who
    with redis.Redis.from_url(one.run["redis"]) as client:
        client.flushall()
        client.function_flush()
    began = time.monotonic()
    refused = one.command(who, task, "reply", text="On it")
    if refused.status_code != 200:  # else the rebuild was quicker than our request
        assert (refused.status_code, refused.json()["code"]) == (503, "read_only")
    wait_for("the same set", lambda: open_tasks(one) == before, BACK_S)
    assert time.monotonic() - began < BACK_S
    assert one.command(who, task, "complete").status_code == 200
    [told] = one.facts("op = 'configured' AND op_id LIKE 'rebuild:%' AND seq > 40")[-1:]
    assert told["data"]["rebuilt"]["cause"] == "empty"
    assert told["data"]["rebuilt"]["gaps"] == 0
    wait_for("watch is ready", lambda: one.ready("watch"), BACK_S)


def test_an_old_copy_of_redis_is_brought_up_to_date(one: Handshake, tmp_path: Path) -> None:
    folder = one.data_dir / "redis"
    one.post([mention(ANGRY)])
    wait_for("a task", lambda: open_tasks(one), 30)
    shutil.copytree(folder, tmp_path / "copy")
    who, task = some_work(one)
    before = open_tasks(one)
    up, pid = one.pid("up"), one.pid("redis")
    os.kill(up, signal.SIGSTOP)  # so that the supervisor does not start it before the copy is there
    os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    os.kill(up, signal.SIGCONT)
    one.back("redis", pid)
    wait_for("the same set", lambda: open_tasks(one) == before, BACK_S)
    assert one.command(who, task, "complete").status_code == 200
    versions = [f["version"] for f in one.facts("op_id <> ''") if f.get("task_id") == task]
    assert versions == list(range(1, len(versions) + 1))
