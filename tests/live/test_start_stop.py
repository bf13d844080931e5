"""One command starts everything, Ctrl+C ends everything, and a second start goes on."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.running import STOP_S, Handshake, mention, refused, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

START_S = 20.0
CONTRACT = {
    "web", "metrics", "kafka", "redis", "store", "pids", "users", "intake_key",
    "sla_seconds", "offer_seconds", "data_dir",
}  # fmt: skip
EMERGENCY = "There is smoke coming out of the engine and nobody answers the emergency number!"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("start")


@pytest.fixture(scope="module")
def first_life(data_dir: Path) -> Iterator[tuple[Handshake, float]]:
    # The promise is for a machine that is not busy with something else.
    patience = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    began = time.monotonic()
    with running(data_dir) as instance:
        yield instance, (time.monotonic() - began) / patience


def test_it_is_ready_within_20_seconds(first_life: tuple[Handshake, float]) -> None:
    _, took = first_life
    assert took < START_S


def test_the_run_file_keeps_its_contract(first_life: tuple[Handshake, float]) -> None:
    instance, _ = first_life
    run = instance.run
    assert run.keys() >= CONTRACT
    assert stat.S_IMODE((instance.data_dir / "run.json").stat().st_mode) == 0o600
    assert run["kafka"]["topics"].keys() == {"mentions", "facts", "responses", "handoffs", "dead"}
    parts = {"broker", "redis", "worker", "web", "watch", "record", "reconcile"}
    assert run["pids"].keys() >= parts
    assert all(os.kill(instance.pid(name), 0) is None for name in parts)
    assert all(user.keys() >= {"name", "password", "role", "key"} for user in run["users"])
    assert {user["role"] for user in run["users"]} >= {"agent", "supervisor", "sre"}
    assert (run["sla_seconds"], run["offer_seconds"]) == (1800, 20)
    assert run["data_dir"] == str(instance.data_dir)


def test_it_prints_addresses_users_and_counters(first_life: tuple[Handshake, float]) -> None:
    instance, _ = first_life
    web = instance.run["web"]
    wait_for("the line of counters", lambda: "mentions 0" in instance.printed, 15)
    for path in ("/desk", "/floor", "/metrics", "/docs"):
        assert f"{web}{path}" in instance.printed
    for user in instance.run["users"]:
        assert user["name"] in instance.printed
        assert user["password"] in instance.printed


def test_the_printed_password_signs_in(first_life: tuple[Handshake, float]) -> None:
    instance, _ = first_life
    amira = next(user for user in instance.run["users"] if user["name"] == "amira")
    form = {"name": "amira", "password": amira["password"]}
    with httpx.Client(base_url=instance.run["web"], follow_redirects=True) as browser:
        answer = browser.post("/login", data=form)
        assert (answer.status_code, answer.url.path) == (200, "/desk")
    wrong = httpx.post(f"{instance.run['web']}/login", data=form | {"password": "guess"})
    assert wrong.status_code in (401, 403, 422)


def test_health_of_every_process(first_life: tuple[Handshake, float]) -> None:
    instance, _ = first_life
    assert instance.run["health"].keys() == {
        *("web", "worker", "watch", "record", "reconcile", "events", "send")
    }
    for name, url in instance.run["health"].items():
        alive = httpx.get(f"{url}/healthz")
        assert (alive.status_code, alive.json()["pid"]) == (200, instance.pid(name)), name
        ready = httpx.get(f"{url}/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": []})


def test_a_second_start_on_the_same_data_is_refused(first_life: tuple[Handshake, float]) -> None:
    instance, _ = first_life
    code, said = refused(instance.data_dir)
    assert (code, "Traceback" in said) == (4, False)
    assert f"another Handshake already runs on {instance.data_dir}" in said
    assert instance.call("GET", "/healthz").status_code == 200
    assert instance.run["pids"]["up"] == instance.process.pid


def test_stop_and_second_start(first_life: tuple[Handshake, float], data_dir: Path) -> None:
    instance, _ = first_life
    open_one, done_one = mention(EMERGENCY), mention(EMERGENCY)
    [done] = instance.post([done_one])
    instance.state("ben", "available")
    card = instance.offer("ben", done["mention_id"])
    assert instance.command("ben", card["task_id"], "accept").status_code == 200
    reply = instance.command("ben", card["task_id"], "reply", text="Leave the engine; help comes.")
    assert reply.status_code == 200
    assert instance.command("ben", card["task_id"], "complete", code="resolved").status_code == 200
    instance.state("ben", "offline")
    [waiting] = instance.post([open_one])
    wait_for("the task", lambda: "queued" in instance.ops(waiting["mention_id"]))
    wait_for("the history", lambda: replies(instance, done["mention_id"]))
    users = instance.run["users"]

    assert instance.stop() < STOP_S
    assert not (data_dir / "run.json").exists()

    with running(data_dir) as again:
        assert again.run["users"] == users
        assert replies(again, done["mention_id"]) == ["Leave the engine; help comes."]
        assert again.ops(done["mention_id"])[-1] == "completed"
        [card] = again.call("GET", "/api/v1/tasks", "sofia").json()
        assert card["mention_id"] == waiting["mention_id"]
        again.state("ben", "available")
        card = again.offer("ben", waiting["mention_id"])
        assert again.command("ben", card["task_id"], "accept").status_code == 200
        [new] = again.post([mention(EMERGENCY)])
        wait_for("a new task", lambda: "queued" in again.ops(new["mention_id"]), 15)
        [repeat] = again.post([done_one])
        src = f"intake:{repeat['intake_id']}"
        wait_for("its outcome", lambda: src in again.outcomes(), 15)
        assert again.outcomes()[src] == ["duplicate"]


def replies(instance: Handshake, mention_id: str) -> list[str]:
    rows = instance.sql(
        "SELECT text FROM history WHERE mention_id = ? AND kind = 'replied'", mention_id
    )
    return [text for (text,) in rows]


def test_secrets_are_private(data_dir: Path) -> None:
    assert stat.S_IMODE((data_dir / "secrets.json").stat().st_mode) == 0o600
    assert json.loads((data_dir / "secrets.json").read_text("utf-8"))["intake_key"]
