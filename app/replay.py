"""replay: feed recorded mentions to a running Handshake, and sum up what became of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.core.errors import Unavailable
from app.core.quantiles import quantile

_BURST_S = 0.1  # one request carries what is due in this time
_RETRY_S = 0.5
_REFUSALS = (httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.REQUEST_ENTITY_TOO_LARGE)
_PATIENCE_S = 120.0  # the longest silence before we stop waiting for outcomes
EXIT_PARTIAL = 5  # some rows were refused, or had no outcome in time

_OUTCOMES = ("decided", "duplicate", "edited", "dead")


@dataclass(slots=True)
class Summary:
    """What became of the rows."""

    accepted: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    outcome: dict[str, str] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    queues: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    _received: dict[str, str] = field(default_factory=dict)

    def note(self, fact: dict[str, Any]) -> None:
        """Take in one fact of the ledger, if it is about one of ours."""
        src = str(fact["op_id"])
        if src not in self.accepted:
            return
        if fact["op"] == "scored":
            self.labels[fact["data"]["score"]["sentiment"]["label"]] += 1
        if fact["op"] in _OUTCOMES and src not in self.outcome:
            self.outcome[src] = fact["op"]
            if fact["op"] == "decided":
                self.queues[fact["data"]["decision"]["queue"] or "closed, no task"] += 1
        if fact["op"] == "received":
            self._received[src] = fact["data"]["mention"]["detected_at"]
        if fact["op"] == "decided" and src in self._received:
            self.seconds.append(fact["now_ms"] / 1000 - _epoch(self._received.pop(src)))

    @property
    def waiting(self) -> int:
        return len(self.accepted) - len(self.outcome)


def run(file: Path, rate: float, run_file: Path) -> int:
    """Replay the file at `rate` mentions a second; returns the exit code. Raises Unavailable."""
    place = _place(run_file)
    rows = list(_rows(file))
    summary = Summary()
    summary.refused += [problem for _, problem in rows if problem]
    mentions = [mention for mention, problem in rows if not problem]
    console = Console()
    supervisor = next(u for u in place["users"] if u["role"] == "supervisor")
    with (
        httpx.Client(base_url=place["web"], timeout=30.0) as client,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        ) as progress,
    ):
        ledger = _Ledger(client, supervisor["key"])
        sent = progress.add_task("sent", total=len(mentions))
        done = progress.add_task("outcomes", total=len(mentions))
        for burst in _paced(mentions, rate):
            _send(client, place["intake_key"], burst, summary)
            ledger.read(summary)
            progress.update(sent, advance=len(burst))
            progress.update(done, completed=len(summary.outcome), total=len(summary.accepted))
        deadline = time.monotonic() + _PATIENCE_S
        while summary.waiting and time.monotonic() < deadline:
            time.sleep(0.2)
            if ledger.read(summary):
                deadline = time.monotonic() + _PATIENCE_S
            progress.update(done, completed=len(summary.outcome), total=len(summary.accepted))
    _show(console, summary)
    return EXIT_PARTIAL if summary.refused or summary.waiting else 0


class _Ledger:
    """Reads the ledger from where it stood when the replay began."""

    def __init__(self, client: httpx.Client, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}
        self._seq = self._last()

    def read(self, summary: Summary) -> int:
        """Take in what is new; returns how many facts that was."""
        count = 0
        url = f"/api/v1/facts?since={self._seq}"
        try:
            with self._client.stream("GET", url, headers=self._headers) as response:
                if response.status_code != httpx.codes.OK:
                    return 0  # away for now: the next call asks again
                for line in response.iter_lines():
                    fact = orjson.loads(line)
                    self._seq = fact["seq"]
                    summary.note(fact)
                    count += 1
        except httpx.TransportError:
            return count
        return count

    def _last(self) -> int:
        response = self._client.get("/api/v1/facts/last", headers=self._headers)
        return int(_good(response).json()["seq"])


def _place(run_file: Path) -> dict[str, Any]:
    try:
        place: dict[str, Any] = json.loads(run_file.read_text("utf-8"))
    except FileNotFoundError:
        raise Unavailable(
            f"nothing runs here: {run_file} is missing; start `make run`, or name its --data-dir"
        ) from None
    return place


def _rows(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each line as a mention, or the problem that it has."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unavailable(f"{file}: cannot be read: {error.strerror}") from None
    name = hashlib.sha256(content).hexdigest()[:12]
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield {}, f"line {number}: expected JSON: {error}"
            continue
        if not isinstance(row, dict):
            yield {}, f"line {number}: expected an object, got {type(row).__name__}"
            continue
        yield _mention(row, name, number), ""


def _mention(row: dict[str, Any], name: str, number: int) -> dict[str, Any]:
    """A row with only `text` gets a channel, an id and a handle of its own."""
    extra = {key: row[key] for key in ("label", "reason") if key in row}
    known = {key: value for key, value in row.items() if key not in extra}
    return {
        "channel": "replay",
        "id": f"{name}-{number}",
        "author": {"handle": f"replay-{name[:6]}-{number}"},
        **({"meta": {"recorded": extra}} if extra else {}),
        **known,
    }


def _paced(mentions: list[dict[str, Any]], rate: float) -> Iterator[list[dict[str, Any]]]:
    """Bursts at the asked rate; behind schedule, the next ones come without a pause."""
    source, began, sent = iter(mentions), time.monotonic(), 0
    size = max(1, round(rate * _BURST_S))
    while burst := list(islice(source, size)):
        yield burst
        sent += len(burst)
        time.sleep(max(0.0, began + sent / rate - time.monotonic()))


def _send(client: httpx.Client, key: str, burst: list[dict[str, Any]], summary: Summary) -> None:
    response = _post(client, key, burst)
    if response.status_code in _REFUSALS and len(burst) > 1:
        for mention in burst:  # one of them spoils the request: let the others through
            _send(client, key, [mention], summary)
        return
    if response.status_code in _REFUSALS:
        summary.refused.append(f"{burst[0]['id']}: {response.json()['detail']}")
        return
    answer = _good(response).json()
    summary.accepted |= {f"intake:{named['intake_id']}" for named in answer["accepted"]}
    for refused in answer["refused"]:
        error = refused["errors"][0]
        row = burst[refused["index"]]["id"]
        summary.refused.append(
            f"{row}: {error['field']}: expected {error['expected']}, got {error['got']}"
        )


def _post(client: httpx.Client, key: str, burst: list[dict[str, Any]]) -> httpx.Response:
    """Send a burst; while the web process is away, again, with the same ids."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            response = client.post(
                "/api/v1/mentions",
                content=orjson.dumps(burst),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
        except httpx.TransportError as error:
            if time.monotonic() > deadline:
                raise Unavailable(f"{client.base_url} does not answer: {error}") from None
        else:
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return response
        time.sleep(_RETRY_S)


def _good(response: httpx.Response) -> httpx.Response:
    if response.status_code >= 400:
        raise Unavailable(f"{response.request.url}: {response.status_code} {response.text[:300]}")
    return response


def _show(console: Console, summary: Summary) -> None:
    outcomes = Counter(summary.outcome.values())
    table = Table(title="What became of them", show_header=False, title_justify="left")
    table.add_row("in", str(len(summary.accepted)))
    table.add_row("duplicates", str(outcomes["duplicate"] + outcomes["edited"]))
    table.add_row("dead or refused", str(outcomes["dead"] + len(summary.refused)))
    table.add_row("without an outcome yet", str(summary.waiting))
    for name, counts in (("scored", summary.labels), ("queue", summary.queues)):
        for label, count in sorted(counts.items()):
            table.add_row(f"{name} {label}", str(count))
    if summary.seconds:
        for share in (50, 95, 99):
            ms = 1000 * quantile(summary.seconds, share / 100)
            table.add_row(f"intake to decision p{share}", f"{ms:.0f} ms")
    console.print(table)
    for problem in summary.refused[:10]:
        console.print(f"  refused: {problem}", markup=False)
    if len(summary.refused) > 10:
        console.print(f"  ... and {len(summary.refused) - 10} more")


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
