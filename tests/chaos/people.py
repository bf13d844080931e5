"""The agents of a run: they answer through the API and keep a log of what they were told."""

from __future__ import annotations

import random
import threading
import time
import uuid
from typing import Any

import httpx

from tests.chaos.files import Lines, now_ms
from tests.live.running import Handshake

AGENTS = ("amira", "ben", "chiara", "miriam")
_TRIES = 60
_SURE = range(400, 500)  # a refusal that says for certain that nothing was done


class Agent:
    """One agent: a stream that is always open, as a desk's is, and a pair of hands."""

    def __init__(self, one: Handshake, name: str, log: Lines, pace_s: float) -> None:
        self.name, self._one, self._log, self._pace_s = name, one, log, pace_s
        self._chance = random.Random(name)
        self._over = threading.Event()
        self._http = httpx.Client(timeout=6.0)
        self._hands = threading.Thread(target=self._work, daemon=True, name=name)
        self._eyes = threading.Thread(target=self._watch, daemon=True, name=f"{name}'s stream")
        self._ignored: dict[str, float] = {}  # task -> until when its offer is left alone

    def start(self) -> None:
        self._hands.start()
        self._eyes.start()

    def finish(self) -> None:
        self._over.set()
        self._hands.join(30)
        self._eyes.join(5)

    # what the desk shows

    def _headers(self) -> tuple[str, dict[str, str]]:
        run = self._one.run
        [key] = [user["key"] for user in run["users"] if user["name"] == self.name]
        return run["web"], {"Authorization": f"Bearer {key}"}

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                web, headers = self._headers()
                limits = httpx.Timeout(6.0, read=20.0)
                with httpx.stream(
                    "GET", f"{web}/api/v1/stream", headers=headers, timeout=limits
                ) as answer:
                    for _ in answer.iter_lines():
                        if self._over.is_set():
                            return
            except (httpx.HTTPError, OSError, ValueError):
                self._over.wait(0.5)

    def _work(self) -> None:
        while not self._over.wait(self._pace_s * self._chance.uniform(0.5, 1.5)):
            try:
                web, headers = self._headers()
                answer = self._http.get(f"{web}/api/v1/desk", headers=headers)
            except (httpx.HTTPError, OSError, ValueError):
                continue
            if answer.status_code == 200:
                self._turn(answer.json())

    def _turn(self, desk: dict[str, Any]) -> None:
        if desk["me"]["state"] != "available":
            self._ready()
        if card := desk["offer"]:
            self._answer(card)
        for card in desk["tasks"]:
            if self._over.is_set():
                return
            if card["state"] == "accepted":
                self._do(card["task_id"], "reply", text="We are on it.")
                self._do(card["task_id"], "complete", code="resolved")

    def _ready(self) -> None:
        try:
            web, headers = self._headers()
            self._http.post(f"{web}/api/v1/me/state", headers=headers, json={"state": "available"})
        except (httpx.HTTPError, OSError, ValueError):
            return

    def _answer(self, card: dict[str, Any]) -> None:
        luck, task = self._chance.random(), card["task_id"]
        if time.monotonic() < self._ignored.get(task, 0.0):
            return
        if luck < 0.03 and task not in self._ignored:
            left_s = self._one.run["offer_seconds"] + 1.0
            self._ignored[task] = time.monotonic() + left_s  # a coffee: the offer runs out
        elif luck < 0.1:
            self._do(task, "reject", reason="not mine")
        else:
            key = uuid.uuid4().hex
            self._do(task, "accept", key=key)
            if luck < 0.2:
                self._do(task, "accept", key=key)  # a double click

    def _do(self, task: str, command: str, key: str = "", **given: Any) -> None:
        """Send one command until the answer is definite, always under the same key."""
        asked = {"key": key or uuid.uuid4().hex, "command": command, "rep": self.name, "task": task}
        for _ in range(_TRIES):
            self._log.add(type="invoke", **asked, at_ms=now_ms())
            kind, status, result = self._ask(asked, given)
            told = {"result": result} if result else {}
            self._log.add(type=kind, **asked, status=status, at_ms=now_ms(), **told)
            if kind != "info" or self._over.is_set():
                return
            time.sleep(0.3)

    def _ask(
        self, asked: dict[str, str], given: dict[str, Any]
    ) -> tuple[str, int, dict[str, Any] | None]:
        try:
            web, headers = self._headers()
            answer = self._http.post(
                f"{web}/api/v1/tasks/{asked['task']}/{asked['command']}",
                headers=headers | {"Idempotency-Key": asked["key"]},
                json=given,
            )
        except (httpx.HTTPError, OSError, ValueError):
            return "info", 0, None
        if answer.status_code == 200:
            said = answer.json()
            return "ok", 200, {"state": said["state"], "version": said["version"]}
        return "fail" if answer.status_code in _SURE else "info", answer.status_code, None


class People:
    """All agents of a run."""

    def __init__(self, one: Handshake, log: Lines, pace_s: float = 0.25) -> None:
        self._agents = [Agent(one, name, log, pace_s) for name in AGENTS]

    def start(self) -> None:
        for agent in self._agents:
            agent.start()

    def finish(self) -> None:
        for agent in self._agents:
            agent.finish()
