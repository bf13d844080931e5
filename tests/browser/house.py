"""The running Handshake as the tests use it over HTTP: mentions in, agents' answers, figures."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

AGENTS = ("amira", "ben", "chiara", "miriam")
COMPLAINT = "I am very disappointed: your staff were rude and my suitcase arrived broken."
WAIT_S = 15.0  # twice the time in which a refused task may not come back
_POLL_S = 0.05


class House:
    """One Handshake. `run` is what it wrote into run.json."""

    def __init__(self, run: dict[str, Any]) -> None:
        self.web: str = run["web"]
        self.run_file = Path(run["data_dir"]) / "run.json"
        self.passwords: dict[str, str] = {user["name"]: user["password"] for user in run["users"]}
        self._keys = {user["name"]: user["key"] for user in run["users"]}
        self._intake_key = run["intake_key"]
        self._http = httpx.Client(base_url=self.web, timeout=10.0)
        self._number = itertools.count(1)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, user: str = "sofia") -> Any:
        return self._call("GET", path, self._keys[user])

    def post(self, user: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call("POST", path, self._keys[user], body or {})

    def send(self, method: str, user: str, path: str, body: Any = None, seen: int = 0) -> Any:
        """Any request; `seen` is the edit that an ETag stands for."""
        return self._call(method, path, self._keys[user], body, seen)

    def mention(self, text: str = COMPLAINT, **fields: Any) -> str:
        """Send a mention of a new customer; return its id. It is scored as English."""
        number = next(self._number)
        author = {"handle": f"guest_{number}", "name": f"Guest {number}"}
        value = {"channel": "email", "text": text, "author": author, "lang": "en"} | fields
        answer = self._call("POST", "/api/v1/mentions", self._intake_key, value)
        mention_id: str = answer["accepted"][0]["mention_id"]
        return mention_id

    def signal(self, **fields: Any) -> str:
        """What another system says; returns the id of its fact."""
        number = next(self._number)
        value = {"source": "logistics", "id": f"{number}", "kind": "delay", "at": ago(60)} | fields
        answer = self._call("POST", "/api/v1/signals", self._intake_key, value)
        fact_id: str = answer["accepted"][0]
        return fact_id

    def set_state(self, state: str, *names: str) -> None:
        for name in names:
            self.post(name, "/api/v1/me/state", {"state": state})

    def do(self, user: str, task_id: str, verb: str, **body: Any) -> Any:
        return self.post(user, f"/api/v1/tasks/{task_id}/{verb}", body)

    def tasks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/tasks")
        return found

    def task_of(self, mention_id: str) -> dict[str, Any] | None:
        return next((t for t in self.tasks() if t["mention_id"] == mention_id), None)

    def offered(self, mention_id: str, user: str) -> dict[str, Any]:
        """Wait until this mention is offered to this agent; return its card."""

        def found() -> dict[str, Any] | None:
            card = self.task_of(mention_id)
            return card if card and (card["state"], card["rep"]) == ("offered", user) else None

        card: dict[str, Any] = wait_for(found, f"no offer to {user}")
        return card

    def taken(self, user: str, **fields: Any) -> dict[str, Any]:
        """A new mention that this agent has been offered and has accepted; its card."""
        card = self.offered(self.mention(**fields), user)
        accepted: dict[str, Any] = self.do(user, card["task_id"], "accept")
        return accepted

    def facts(self, mention_id: str, op: str) -> list[dict[str, Any]]:
        """The ledger's facts of a mention with this operation; the ledger is soon up to date."""
        trail = self.get(f"/api/v1/mentions/{mention_id}/why")
        return [fact for fact in trail["facts"] if fact["op"] == op]

    def pid(self, name: str) -> int:
        found: int = json.loads(self.run_file.read_text("utf-8"))["pids"][name]
        return found

    def clean(self) -> None:
        """No open task, everybody offline."""
        wait_for(self._drained, "tasks are left over")
        self.set_state("offline", *AGENTS)

    def _drained(self) -> bool:
        left = self.tasks()
        for card in left:
            self._cancel(card["task_id"])
        return not left

    def _cancel(self, task_id: str) -> None:
        try:
            self.do("sofia", task_id, "cancel", reason="the test is over")
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise

    def _call(self, method: str, path: str, key: str, body: Any = None, seen: int = 0) -> Any:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
        headers |= {"If-Match": f'"{seen}"'} if seen else {}
        response = self._http.request(method, path, headers=headers, json=body)
        response.raise_for_status()
        return response.json()


def ago(seconds: float) -> str:
    """A moment in the past as the wire writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def wait_for(found: Callable[[], Any], failure: str, within_s: float = WAIT_S) -> Any:
    """Poll until the answer is truthy, and return it."""
    deadline = time.monotonic() + within_s
    while not (answer := found()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{failure} within {within_s:.0f} s")
        time.sleep(_POLL_S)
    return answer
