"""A running Handshake for the live tests: started, spoken to, killed in part, stopped whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from app.adapters.store.seal import open_facts
from tools.browser import STILL

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60.0  # how long a test waits; test_start_stop holds the promise of 20 s
STOP_S = 5.0  # the promise: Ctrl+C ends everything within this
OUTCOMES = ("duplicate", "edited", "dead", "decided")
_TAG = "LIVE_TEST_TAG"  # every child inherits it, so that none can hide from us


def absent(reason: str) -> None:
    """A real part is missing: no reason to fail on a desk, but in CI it must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)


def wait_for(what: str, found: Callable[[], T], seconds: float = 10.0, pause_s: float = 0.05) -> T:
    """Return the first true result; fail with what was waited for, and what there was."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for {what}; last: {result!r}")
        time.sleep(pause_s)
    return result


def mention(text: str, channel: str = "email", **fields: Any) -> dict[str, Any]:
    """A mention with an id and an author of its own."""
    author = {"handle": f"@{uuid.uuid4().hex[:8]}", "name": "Live Test", "followers": 3}
    return {
        "id": uuid.uuid4().hex, "channel": channel, "text": text, "author": author,
    } | fields  # fmt: skip


class Handshake:
    """One instance. `run` is its run.json, read anew each time, as it changes with restarts."""

    def __init__(
        self, data_dir: Path, process: subprocess.Popen[bytes], tag: str, store: str = ""
    ) -> None:
        self.data_dir = data_dir
        store = store or f"sqlite:///{data_dir / 'handshake.db'}"
        self._store = sa.create_engine(store, poolclass=sa.pool.NullPool)
        self.process = process
        self._tag = tag
        self._http = httpx.Client(timeout=30.0)

    @property
    def run(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text("utf-8"))
        return content

    @property
    def printed(self) -> str:
        return (self.data_dir / "up.out").read_text("utf-8")

    def log(self, name: str) -> str:
        return (self.data_dir / "log" / f"{name}.log").read_text("utf-8", "replace")

    # HTTP

    def call(self, method: str, path: str, who: str = "", **given: Any) -> httpx.Response:
        """One request as this user, as `intake`, or as nobody."""
        run, headers = self.run, dict(given.pop("headers", {}))
        keys = {user["name"]: user["key"] for user in run["users"]} | {"intake": run["intake_key"]}
        if who:
            headers["Authorization"] = f"Bearer {keys[who]}"
        return self._http.request(method, run["web"] + path, headers=headers, **given)

    def post(self, mentions: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        """Send a list as a well-behaved client does: again with the same ids until accepted."""
        for _ in range(300):
            try:
                response = self.call("POST", "/api/v1/mentions", "intake", json=list(mentions))
            except (httpx.HTTPError, FileNotFoundError):
                time.sleep(0.1)
                continue
            if response.status_code == 202:
                accepted: list[dict[str, str]] = response.json()["accepted"]
                return accepted
            assert response.status_code >= 500, response.text
            time.sleep(0.1)
        pytest.fail("the web process did not come back within 30 s")

    def desk(self, who: str) -> dict[str, Any]:
        content: dict[str, Any] = self.call("GET", "/api/v1/desk", who).json()
        return content

    def state(self, who: str, state: str) -> None:
        answer = self.call("POST", "/api/v1/me/state", who, json={"state": state})
        assert answer.status_code == 200, answer.text

    def command(self, who: str, task_id: str, name: str, **given: Any) -> httpx.Response:
        key = {"Idempotency-Key": given.pop("key", uuid.uuid4().hex)}
        return self.call("POST", f"/api/v1/tasks/{task_id}/{name}", who, json=given, headers=key)

    def offer(self, who: str, mention_id: str, seconds: float = 10.0) -> dict[str, Any]:
        """Wait until this user is offered the task of this mention."""

        def mine() -> dict[str, Any] | None:
            card: dict[str, Any] | None = self.desk(who)["offer"]
            return card if card and card["mention_id"] == mention_id else None

        found = wait_for(f"the offer to {who}", mine, seconds)
        assert found
        return found

    def metrics(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Every sample by name and sorted labels."""
        text = self.call("GET", "/metrics").text
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    # the store, read directly

    def sql(self, query: str, *given: Any) -> list[tuple[Any, ...]]:
        """Rows of the store, with `?` for what is given, whichever database it is."""
        for number in range(len(given)):
            query = query.replace("?", f":p{number}", 1)
        values = {f"p{number}": value for number, value in enumerate(given)}
        with self._store.connect() as store:
            return [tuple(row) for row in store.execute(sa.text(query), values)]

    def facts(self, where: str = "1=1", *given: Any) -> list[dict[str, Any]]:
        query = f"SELECT seq, body FROM facts WHERE {where} ORDER BY seq"  # noqa: S608 (ours)
        rows = self.sql(query, *given)
        with self._store.connect() as store:
            opened = open_facts(store, (bytes(body) for _, body in rows))
        return [{"seq": seq, **fact} for (seq, _), fact in zip(rows, opened, strict=True)]

    def trail(self, mention_id: str) -> list[dict[str, Any]]:
        return self.facts("mention_id = ?", mention_id)

    def ops(self, mention_id: str) -> list[str]:
        return [fact["op"] for fact in self.trail(mention_id)]

    def outcomes(self) -> dict[str, list[str]]:
        """What became of each delivery: src -> its outcome facts (more than one is a bug)."""
        found: dict[str, list[str]] = {}
        for src, op in self.sql("SELECT op_id, op FROM facts"):
            if op in OUTCOMES:
                found.setdefault(src, []).append(op)
        return found

    # processes

    def pid(self, name: str) -> int:
        pids = self.run["pids"][name]
        return int(pids[0] if isinstance(pids, list) else pids)

    def kill(self, name: str) -> int:
        """SIGKILL this part; returns the pid it had."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, name: str, old_pid: int, seconds: float = 30.0) -> None:
        """Wait until this part lives again under another pid."""
        wait_for(f"{name} to live again", lambda: self._pid_or(old_pid, name) != old_pid, seconds)

    def _pid_or(self, default: int, name: str) -> int:
        try:
            return self.pid(name)
        except FileNotFoundError:
            return default

    def ready(self, name: str) -> bool:
        try:
            return self._http.get(f"{self.run['health'][name]}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def leftovers(self) -> list[str]:
        """Processes of ours that still live, as `pid command`."""
        return processes_tagged(self._tag)

    def stop(self) -> float:
        """Ctrl+C; returns the seconds that it took. Fails where anything outlives it."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(STOP_S + 10)
        took = time.monotonic() - began
        assert code == 0, self.printed
        assert self.leftovers() == []
        return took

    def close(self) -> None:
        """Leave nothing behind, whatever a test did."""
        self._http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_S + 5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for line in self.leftovers():
            os.kill(int(line.split()[0]), signal.SIGKILL)


def processes_tagged(tag: str) -> list[str]:
    """Every process that inherited the tag, wherever its parent has gone."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{_TAG}={tag}".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(f"{folder.name} {command}")
        except OSError:
            continue  # it ended meanwhile
    return found


def launch(data_dir: Path, *flags: str, env: dict[str, str] | None = None) -> Handshake:
    """Start `up` without waiting for it, with a ladder of scoring that stands still."""
    data_dir.mkdir(parents=True, exist_ok=True)
    tag = uuid.uuid4().hex
    argv = [sys.executable, "-m", "app", "up", "--no-demo", "--port", "0"]
    argv += ["--data-dir", str(data_dir), *flags]
    with (data_dir / "up.out").open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=os.environ | {_TAG: tag, "COLUMNS": "200"} | STILL | (env or {}),
        )  # fmt: skip
    store = flags[flags.index("--store") + 1] if "--store" in flags else ""
    return Handshake(data_dir, process, tag, store)


def refused(data_dir: Path, *flags: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Start what must refuse to start; its exit code and all that it said."""
    argv = [sys.executable, "-m", "app", "up", "--no-demo", "--port", "0"]
    done = subprocess.run(
        [*argv, "--data-dir", str(data_dir), *flags], cwd=ROOT, timeout=READY_S,
        capture_output=True, text=True, check=False, env=os.environ | (env or {}),
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@contextmanager
def running(data_dir: Path, *flags: str, env: dict[str, str] | None = None) -> Iterator[Handshake]:
    """Start `up`, wait for run.json, and end everything with Ctrl+C."""
    instance = launch(data_dir, *flags, env=env)
    try:
        wait_for(
            "run.json",
            lambda: (data_dir / "run.json").exists() or instance.process.poll() is not None,
            READY_S,
        )
        assert instance.process.poll() is None, f"it ended: {instance.printed}"
        yield instance
        if instance.process.poll() is None:
            instance.stop()
    finally:
        instance.close()
