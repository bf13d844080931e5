"""Real processes and a partner engine beside them: killed, failing and hanging, nothing is lost."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.adapters.signatures import Signer
from app.core.handoff import HANDOFF_TYPE
from app.core.profile import handle_key
from tests.live import topics
from tests.live.running import ROOT, Handshake, mention, running, wait_for
from tests.partner import SECRET, Engine, hangs, in_thread, says, takes

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

MENTIONS = 30
KILLS = 3


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The partner: it lives on whatever happens to us."""
    with in_thread(Engine()) as engine:
        yield engine


@contextmanager
def with_partner(tmp_path: Path, engine: Engine, rules: str = "") -> Iterator[Handshake]:
    folder = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    (folder / "handoffs.toml").write_text(
        f'[partner.crm]\ntitle = "CRM"\nurl = "{engine.url}"\ninner = true\nhands_in = true\n'
        'timeout = "2s"\nretries = 20\nstages = ["queued", "accepted"]\n'
        'call_out = true\nroutes = ["billing"]\non_failure = "escalation"\n',
        "utf-8",
    )
    if rules:
        (folder / "rules" / "00-handoffs.toml").write_text(rules, "utf-8")
    env = {"HANDSHAKE_CONFIG": str(folder), "HANDSHAKE_HANDOFFS__CRM_SECRET": SECRET}
    with running(tmp_path / "var", env=env) as instance:
        yield instance


def hand_in(instance: Handshake, said: dict[str, Any]) -> str:
    """As a partner does that sends again what was not answered; returns the event's id."""
    event = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "/crm",
        "type": HANDOFF_TYPE,
        "data": {"mention": said},
    }
    raw = orjson.dumps(event)
    for _ in range(300):
        headers = Signer(SECRET).headers(str(event["id"]), datetime.now(UTC), raw)
        try:
            path = "/api/v1/handoffs"
            answer = instance.call("POST", path, content=raw, headers=headers)
        except (httpx.HTTPError, FileNotFoundError):
            time.sleep(0.1)
            continue
        if answer.status_code == 202:
            return str(event["id"])
        assert answer.status_code >= 500, answer.text
        time.sleep(0.1)
    pytest.fail("the web process did not come back")


def told(engine: Engine, stage: str) -> Counter[str]:
    """How often each hand-in was told this stage."""
    return Counter(e["data"]["handoff"] for e in engine.events if e["data"].get("stage") == stage)


def test_killed_again_and_again_the_partner_hears_of_every_mention_once(
    tmp_path: Path, engine: Engine
) -> None:
    """A4.12: whatever is killed, the originator is informed of each; twice is once by its id."""
    with with_partner(tmp_path, engine) as instance:
        sent = []
        for n in range(MENTIONS):
            engine.script += [says({}, 500)] if n % 5 == 0 else []
            sent.append(hand_in(instance, mention(f"My parcel is broken, I am angry ({n})")))
            if n % (MENTIONS // KILLS) == 5:
                instance.back("handoffs", instance.kill("handoffs"))
        wait_for("each hand-in to be told", lambda: told(engine, "queued").keys() >= {*sent}, 60)
        assert told(engine, "queued") == Counter(sent)
        assert engine.forged == 0
        wait_for(
            "the log to be whole",
            lambda: not instance.sql("SELECT 1 FROM handoffs WHERE state = 'pending'"),
        )
        written = topics.read(
            instance.run["kafka"]["bootstrap"],
            "handoffs",
            lambda found: {json.loads(m.value or b"")["data"]["handoff"] for m in found} >= {*sent},
        )
        assert {m.headers["partner"] for m in written} == {b"crm"}


def test_a_partner_that_hangs_slows_neither_offers_nor_history_nor_intake(
    tmp_path: Path, engine: Engine
) -> None:
    engine.then = hangs
    with with_partner(tmp_path, engine) as instance:
        for n in range(20):
            hand_in(instance, mention(f"My parcel is broken, I am angry ({n})"))
        wait_for("the partner to hang", lambda: engine.requests.total() >= 5, 20)
        instance.state("amira", "available")
        began = time.monotonic()
        wait_for("an offer", lambda: instance.desk("amira")["offer"], 10)
        card = instance.desk("amira")["offer"]
        assert instance.command("amira", card["task_id"], "accept").status_code == 200
        key = handle_key("email", card["mention"]["author"]["handle"])
        wait_for(
            "the history",
            lambda: instance.sql("SELECT 1 FROM history WHERE handle_key = ?", key),
            10,
        )
        assert time.monotonic() - began < 5
        assert told(engine, "queued") == Counter()
        wait_for("the gauge of what waits", lambda: oldest_s(instance) > 0, 15)
        engine.then = takes
        wait_for("it to catch up", lambda: len(told(engine, "queued")) == 20, 90, 0.5)


def oldest_s(instance: Handshake) -> float:
    text = instance.call("GET", "/metrics").text
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "handshake_handoff_oldest_seconds"
    )
