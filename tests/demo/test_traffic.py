"""Traffic keeps its rate, survives a server that is away, and repeats ids when it retries."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from app.demo import client, traffic


class Intake:
    """Answers like the intake, with a list of troubles to come first."""

    def __init__(self, *troubles: int | Exception, enough: int = sys.maxsize) -> None:
        self.troubles = list(troubles)
        self.enough = enough  # posts after which the traffic is stopped
        self.posts: list[list[dict[str, Any]]] = []
        self.keys: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.posts.append(body if isinstance(body, list) else [body])
        self.keys.add(request.headers["authorization"])
        if len(self.posts) > self.enough:
            raise TimeoutError
        trouble = self.troubles.pop(0) if self.troubles else 202
        if isinstance(trouble, Exception):
            raise trouble
        return httpx.Response(trouble, json={"accepted": [], "refused": []})


async def send(
    monkeypatch: pytest.MonkeyPatch, intake: Intake, rate: float, for_s: float
) -> list[list[dict[str, Any]]]:
    def connect(base_url: str, key: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.MockTransport(intake)
        return httpx.AsyncClient(base_url=base_url, headers=headers, transport=transport)

    monkeypatch.setattr(traffic, "client", connect)
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(for_s):
            await traffic.run("http://handshake.test", "secret", rate, 1.0, 7)
    return intake.posts


async def test_the_rate_is_kept_with_the_intake_key(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = Intake()
    posts = await send(monkeypatch, intake, rate=100.0, for_s=0.6)
    assert 20 <= sum(len(post) for post in posts) <= 62
    assert intake.keys == {"Bearer secret"}


async def test_a_server_that_is_away_gets_the_same_mentions_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    troubles = (httpx.ConnectError("refused"), 503, httpx.ReadTimeout("slow"), 401)
    posts = await send(monkeypatch, Intake(*troubles, enough=6), rate=20.0, for_s=30.0)
    assert posts[0] == posts[1] == posts[2] == posts[3] == posts[4]
    assert posts[5] != posts[4]


async def test_what_the_intake_refuses_for_good_is_not_sent_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posts = await send(monkeypatch, Intake(422, enough=2), rate=20.0, for_s=30.0)
    assert posts[1] != posts[0]


def test_after_an_outage_the_world_goes_on_from_now() -> None:
    posted = datetime(2025, 3, 1, 12, tzinfo=UTC)
    mention = {"id": "demo-1", "posted_at": posted.isoformat()}
    later = traffic._later(mention, timedelta(minutes=2))
    assert datetime.fromisoformat(later["posted_at"]) == posted + timedelta(minutes=2)


async def test_patience_grows_to_a_bound_and_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    patience = client.Patience("test", Random(1))
    for _ in range(20):
        await patience.wait("away")
    assert slept[0] <= client.FIRST_PAUSE_S < slept[9] <= max(slept) <= client.LONGEST_PAUSE_S
    patience.back()
    await patience.wait("away")
    assert slept[-1] <= client.FIRST_PAUSE_S
