"""Real processes and a receiver: replies arrive once, STOP blocks, kill -9 loses nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.store.database import Database
from tests.builders import keep_customer
from tests.live.running import ROOT, Handshake, mention, running, wait_for
from tests.partner import SECRET, Engine, hangs, in_thread, takes

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

REPLIES = 12
KILLS = 3


@pytest.fixture(scope="module")
def receiver() -> Iterator[Engine]:
    """Whoever brings e-mail to people: it lives on whatever happens to us."""
    with in_thread(Engine()) as engine:
        yield engine


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, receiver: Engine) -> Iterator[Handshake]:
    folder = tmp_path_factory.mktemp("sending")
    config = Path(shutil.copytree(ROOT / "config", folder / "config"))
    path = config / "channels.toml"
    sends = f'title = "E-mail"\nsend = "webhook"\nurl = "{receiver.url}"\ninner = true\n'
    path.write_text(path.read_text("utf-8").replace('title = "E-mail"\n', sends), "utf-8")
    env = {"HANDSHAKE_CONFIG": str(config), "HANDSHAKE_CHANNELS__EMAIL_SECRET": SECRET}
    with running(folder / "var", env=env) as instance:
        for who in ("amira", "ben"):
            instance.state(who, "available")
        yield instance


def asks(instance: Handshake, handle: str, channel: str = "email") -> str:
    """A question in words that go to amira and ben; returns the mention's id."""
    said = mention("My parcel is broken, I am angry", channel, author={"handle": handle})
    return instance.post([said])[0]["mention_id"]


def answers(instance: Handshake, mention_id: str, text: str) -> str:
    """Whoever is offered the task takes it and replies; returns the task's id."""
    for who in ("amira", "ben") * 100:
        card = instance.desk(who)["offer"]
        if card and card["mention_id"] == mention_id:
            task_id = str(card["task_id"])
            assert instance.command(who, task_id, "accept").status_code == 200
            assert instance.command(who, task_id, "reply", text=text).status_code == 200
            assert instance.command(who, task_id, "complete", code="resolved").status_code == 200
            return task_id
        time.sleep(0.05)
    pytest.fail("nobody was offered the task")


def ends(instance: Handshake, mention_id: str, op: str) -> dict[str, object]:
    def found() -> list[dict[str, object]]:
        return [fact for fact in instance.trail(mention_id) if fact["op"] == op]

    return wait_for(f"{op} of {mention_id}", found, 20)[0]


def test_a_reply_arrives_once_with_a_signature_and_the_trail_tells_of_it(
    instance: Handshake, receiver: Engine
) -> None:
    """A4.8: through the gate, and out."""
    asked = asks(instance, "anna@x.example")
    answers(instance, asked, "A new one is on its way.")
    fact = ends(instance, asked, "sent")
    [event] = [e for e in receiver.events if e["subject"] == asked]
    assert event["data"]["text"] == "A new one is on its way."
    assert event["data"]["to"] == "anna@x.example"
    assert (receiver.forged, receiver.requests[event["id"]]) == (0, 1)
    assert fact["data"]["outbound_id"] == event["id"]  # type: ignore[index]


def test_a_stop_on_another_channel_of_the_customer_blocks_the_reply(
    instance: Handshake, receiver: Engine
) -> None:
    """A4.8: what is asserted is the order; how long it takes stands in docs/permission.md."""
    database = Database(f"sqlite:///{instance.data_dir / 'handshake.db'}")
    asyncio.run(keep_customer(database, "bruno", "email:bruno@x.example", "sms:+4917"))
    database.close()
    asked = asks(instance, "bruno@x.example")
    wait_for("triage", lambda: "decided" in instance.ops(asked))
    instance.post([mention("Stop!", "sms", author={"handle": "+4917"})])
    wait_for("the stop", lambda: instance.sql("SELECT 1 FROM consent_events WHERE kind='stop'"))
    answers(instance, asked, "A new one is on its way.")
    fact = ends(instance, asked, "not_sent")
    assert fact["data"]["code"] == "stopped"  # type: ignore[index]
    assert asked not in {event["subject"] for event in receiver.events}


def test_killed_again_and_again_every_reply_arrives_once(
    instance: Handshake, receiver: Engine
) -> None:
    asked = []
    for n in range(REPLIES):
        receiver.script += [hangs] if n % (REPLIES // KILLS) == 1 else []
        asked.append(asks(instance, f"anna{n}@x.example"))
        answers(instance, asked[-1], f"Answer {n}.")
        if n % (REPLIES // KILLS) == 1:
            time.sleep(0.3)  # so that it is killed with something on its way
            instance.back("send", instance.kill("send"))
    receiver.then = takes
    for mention_id in asked:
        ends(instance, mention_id, "sent")
    arrived = Counter(e["subject"] for e in receiver.events if e["subject"] in asked)
    assert arrived == Counter(asked)
    told = [fact["op"] for m in asked for fact in instance.trail(m) if fact["op"] == "sent"]
    assert len(told) == REPLIES
