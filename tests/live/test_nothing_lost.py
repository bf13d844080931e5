"""Every accepted mention has exactly one outcome, whatever is killed: ids compared, no counters."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

TEXTS = (
    "Hello, could you tell me when the shop in the high street opens on Sunday please?",
    "Your service is terrible, my parcel is broken and nobody cares. I am very angry.",
    "What a wonderful flight, the crew was lovely, thank you so much!",
    "There is smoke coming out of the engine and nobody answers the emergency number!",
)
LIST = 20  # mentions in one request


class Sender(threading.Thread):
    """Posts lists of mentions as a client does that repeats what was not answered."""

    def __init__(self, instance: Handshake, count: int, pause_s: float = 0.0) -> None:
        super().__init__(daemon=True)
        self._instance, self._pause_s = instance, pause_s
        self.waiting = [mention(f"{TEXTS[i % 4]} ({i})", channel="x") for i in range(count)]
        self.accepted: list[dict[str, str]] = []
        self.failed = ""

    def run(self) -> None:
        try:
            for start in range(0, len(self.waiting), LIST):
                self.accepted += self._instance.post(self.waiting[start : start + LIST])
                time.sleep(self._pause_s)
        except BaseException as error:
            self.failed = repr(error)

    def sent(self) -> list[dict[str, str]]:
        self.join(200)
        assert (self.failed, self.is_alive()) == ("", False)
        assert {n["source_id"] for n in self.accepted} == {m["id"] for m in self.waiting}
        return self.accepted


def check(instance: Handshake, accepted: list[dict[str, str]], seconds: float) -> None:
    """Wait for the outcomes, then compare every id that was sent with what the store says."""
    srcs = {f"intake:{named['intake_id']}" for named in accepted}
    wait_for(
        "an outcome of every delivery", lambda: srcs <= instance.outcomes().keys(), seconds, 1.0
    )
    time.sleep(1.0)  # what would come twice comes now
    outcomes = instance.outcomes()
    assert {src: found for src, found in outcomes.items() if len(found) != 1} == {}
    assert {outcomes[src][0] for src in srcs} <= {"decided", "duplicate"}
    of_mention: dict[str, list[dict[str, Any]]] = {}
    for fact in instance.facts("op IN ('decided', 'queued')"):
        of_mention.setdefault(fact["mention_id"], []).append(fact)
    for mention_id in {named["mention_id"] for named in accepted}:
        facts = of_mention[mention_id]
        [decided] = [fact for fact in facts if fact["op"] == "decided"]
        queued = [fact for fact in facts if fact["op"] == "queued"]
        assert len(queued) == (1 if decided["data"]["decision"]["queue"] else 0), mention_id
    journalled = {f"intake:{id_}" for (id_,) in instance.sql("SELECT intake_id FROM journal")}
    assert srcs <= journalled  # accepted is journalled; what was not answered may be there too


def progress(instance: Handshake) -> int:
    return int(instance.sql("SELECT count(*) FROM facts WHERE op = 'decided'")[0][0])


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lost")


@pytest.fixture
def one(data_dir: Path) -> Iterator[Handshake]:
    # Sent again after 15 s instead of a minute, else the tests would mostly wait for that.
    with running(data_dir, env={"HANDSHAKE_RECONCILE__AFTER_S": "15"}) as instance:
        yield instance


def test_killing_the_worker_thrice_and_the_web_process_once(one: Handshake) -> None:
    sender = Sender(one, 2000, pause_s=0.15)
    sender.start()
    for killed in ("worker", "web", "worker", "worker"):
        before = progress(one)
        wait_for(f"work in hand of the {killed}", lambda b=before: progress(one) > b + 40, 60)
        one.back(killed, one.kill(killed))
    check(one, sender.sent(), 90)


def test_killing_everything_else_once(one: Handshake) -> None:
    """watch, record, redis and the broker, each while mentions come in."""
    sender = Sender(one, 1000, pause_s=0.4)
    sender.start()
    for killed in ("watch", "record", "redis", "broker"):
        before = len(sender.accepted)
        wait_for("mentions under way", lambda b=before: len(sender.accepted) > b + 60, 60)
        one.back(killed, one.kill(killed))
    accepted = sender.sent()
    check(one, accepted, 90)
    everything = {named["mention_id"] for named in accepted}
    wait_for("the history", lambda: everything <= recorded(one), 30, 0.5)
    wait_for("all parts", lambda: all(one.ready(name) for name in one.run["health"]), 30)
    facts = one.facts("mention_id IN (SELECT mention_id FROM facts WHERE op = 'queued')")
    for id_, versions in versions_of(facts).items():
        assert versions == list(range(1, len(versions) + 1)), id_


def test_killing_the_server_that_all_processes_are_forked_from(one: Handshake) -> None:
    """Every process dies with it, at once: nothing may be lost, and all must come back."""
    servers = [line for line in one.leftovers() if "forkserver" in line]
    if not servers:
        pytest.skip("processes are started one by one here")
    sender = Sender(one, 300, pause_s=0.3)
    sender.start()
    wait_for("mentions under way", lambda: len(sender.accepted) > 60, 60)
    worker = one.pid("worker")
    os.kill(int(servers[0].split()[0]), signal.SIGKILL)
    one.back("worker", worker)
    check(one, sender.sent(), 90)
    wait_for("all parts", lambda: all(one.ready(name) for name in one.run["health"]), 30)


def recorded(one: Handshake) -> set[str]:
    return {id_ for (id_,) in one.sql("SELECT mention_id FROM history WHERE kind = 'said'")}


def versions_of(facts: list[dict[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for fact in facts:
        if fact.get("task_id"):
            found.setdefault(fact["task_id"], []).append(fact["version"])
    return found


def test_stop_and_start_of_everything_in_the_middle(data_dir: Path) -> None:
    env = {"HANDSHAKE_RECONCILE__AFTER_S": "15"}
    batch = [mention(f"{TEXTS[i % 4]} ({uuid.uuid4().hex})", channel="x") for i in range(600)]
    accepted: list[dict[str, str]] = []
    with running(data_dir, env=env) as first:
        for start in range(0, len(batch), 100):
            accepted += first.post(batch[start : start + 100])
        first.stop()  # the embedded broker forgets what triage has not read yet
        srcs = {f"intake:{named['intake_id']}" for named in accepted}
        assert srcs - first.outcomes().keys(), "too fast for this test: nothing was in the middle"
    with running(data_dir, env=env) as second:
        accepted += second.post([batch[0], mention(TEXTS[0])])
        check(second, accepted, 60)


def test_killing_up_itself_leaves_no_process_and_loses_nothing(data_dir: Path) -> None:
    env = {"HANDSHAKE_RECONCILE__AFTER_S": "15"}
    with running(data_dir, env=env) as first:
        accepted = first.post([mention(f"{TEXTS[i % 4]} (up {i})") for i in range(200)])
        first.process.kill()
        first.process.wait()
        wait_for("no process", lambda: first.leftovers() == [], 5)
        (data_dir / "run.json").unlink()  # nobody was left to do it
    with running(data_dir, env=env) as second:
        check(second, accepted, 60)
