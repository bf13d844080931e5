"""A service that stumbles at its start gets up again; one that cannot start says why."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from app.core.errors import ConfigError, Unavailable
from app.processes import starting
from app.processes.children import Child
from app.processes.forks import EXIT_CONFIG, PROBLEM


class Faller(Child):
    """Dies in its first `falls` lives, saying `words`, with this exit code."""

    def __init__(self, log_file: Path, falls: int, words: str = "", code: int = 1) -> None:
        super().__init__("watch", {}, log_file)
        self.falls, self.words, self.code, self.lives = falls, words, code, 0

    @property
    def pid(self) -> int:
        return 0

    @property
    def alive(self) -> bool:
        return self.lives > self.falls

    async def start(self) -> None:
        self.lives += 1
        with self.log_file.open("a", encoding="utf-8") as out:
            out.write(self.words)

    async def wait(self) -> int:
        return self.code


@pytest.fixture(autouse=True)
def _gauges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))


async def start(child: Faller) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if child.alive else 503)

    await child.start()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await starting.until_ready(child, "http://watch", client)


async def test_a_service_that_dies_twice_at_its_start_is_started_again(tmp_path: Path) -> None:
    child = Faller(tmp_path / "watch.log", falls=2, words="Redis does not answer\n")
    await start(child)
    assert child.lives == 3


async def test_a_service_that_dies_three_times_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Faller(tmp_path / "watch.log", falls=9, words="one\nUnavailable: no Redis\n\n")
    with pytest.raises(Unavailable, match=r"watch did not start: Unavailable: no Redis; see .*log"):
        await start(child)
    assert child.lives == starting.TRIES


async def test_a_service_without_a_word_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="watch did not start: it said nothing"):
        await start(Faller(tmp_path / "watch.log", falls=9))


async def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    words = f"{PROBLEM}queues.toml: window: expected a time\n"
    child = Faller(tmp_path / "watch.log", falls=9, words=words, code=EXIT_CONFIG)
    with pytest.raises(ConfigError) as caught:
        await start(child)
    assert caught.value.problems == ["queues.toml: window: expected a time"]
    assert child.lives == 1
