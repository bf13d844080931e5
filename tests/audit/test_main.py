"""The command: sources, exit codes, reports, following, the metric."""

from __future__ import annotations

import io
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from app.audit import source
from app.audit.auditor import Auditor
from app.audit.beside import (
    read_canaries,
    read_resources,
    read_samples,
    read_snapshot,
    read_users,
)
from app.audit.fact import Unreadable, fact_of
from app.audit.inputs import read_client, read_dead, read_mentions, read_staff
from app.audit.invariant import Bounds
from app.audit.main import BROKEN, CLEAN, EMPTY, USAGE, Options, run
from app.audit.metric import Metric
from tests.audit.bugs_in_tasks import lost_fact
from tests.audit.centre import clean
from tests.audit.judging import inputs, judge, lines, sealed
from tests.audit.ledger import Row


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "facts.jsonl"
    path.write_text(lines(clean(5).facts), "utf-8")
    return path


def _broken() -> list[Row]:
    history = clean(5)
    lost_fact(history)
    return history.facts


def test_a_clean_ledger_is_0_and_says_what_it_could_not_check(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(ledger), Options()) == CLEAN
    out = capsys.readouterr().out
    assert "I15  not checked: needs what clients were told: --client-log" in out
    assert out.rstrip().endswith("0 violations")


def test_an_empty_ledger_is_6_and_proves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path that is mistaken by a file that is there must not look like a proof."""
    (tmp_path / "facts").write_text("\n", "utf-8")
    assert run(str(tmp_path / "facts"), Options()) == EMPTY
    out = capsys.readouterr().out
    assert "proven      none" in out
    assert "I4   not checked: needs any fact at all: the ledger is empty" in out
    assert "the ledger is empty: nothing was proven from it" in out


def test_an_empty_ledger_that_is_expected_is_0_and_still_proves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts").write_text("", "utf-8")
    options = Options(allow_empty=True, as_json=True)
    assert run(str(tmp_path / "facts"), options) == CLEAN
    report = json.loads(capsys.readouterr().out)
    assert {one["status"] for one in report["invariants"]} == {"not checked"}


def test_an_empty_ledger_is_a_breach_where_something_was_accepted(tmp_path: Path) -> None:
    (tmp_path / "facts").write_text("", "utf-8")
    (tmp_path / "mentions").write_text('{"src": "http/1"}\n', "utf-8")
    assert run(str(tmp_path / "facts"), Options(mentions=tmp_path / "mentions")) == BROKEN


def test_a_violation_is_1_and_names_invariant_facts_and_sentence(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.write_text(lines(_broken()), "utf-8")
    assert run(str(ledger), Options()) == BROKEN
    out = capsys.readouterr().out
    assert "I4 is broken 1 times: A task's facts are versions 1, 2, 3" in out
    assert "a gap: version" in out


def test_the_report_as_json(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger.write_text(lines(_broken()), "utf-8")
    assert run(str(ledger), Options(as_json=True)) == BROKEN
    report = json.loads(capsys.readouterr().out)
    assert report["violations_total"] == len(report["violations"])
    first = report["violations"][0]
    assert first["invariant"] == "I4"
    assert len(first["seqs"]) == 2
    assert {v["id"] for v in report["invariants"]} == {f"I{n}" for n in range(1, 27)}


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(lines(clean(5).facts).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("-", Options()) == CLEAN


@pytest.mark.parametrize(
    ("name", "content"),
    [("facts", "not json\n"), ("facts", "[1]\n"), ("facts", '{"seq": 1}\n'), ("missing", "")],
)
def test_a_source_that_is_no_ledger_is_2(
    name: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts").write_text(content, "utf-8")
    assert run(str(tmp_path / name), Options()) == USAGE
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "reader",
    [read_mentions, read_dead, read_client, read_staff, read_users, read_samples, read_snapshot,
     read_resources, lambda path: read_canaries(path, [path / "nowhere"])],
)  # fmt: skip
@pytest.mark.parametrize("content", ["nonsense", "{}"])
def test_a_file_beside_the_ledger_that_says_nothing_is_refused(
    reader: Any, content: str, tmp_path: Path
) -> None:
    path = tmp_path / "beside"
    path.write_text(content, "utf-8")
    with pytest.raises(Unreadable):
        reader(path)


def test_a_head_that_is_none_and_canaries_without_a_place_are_2(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(ledger), Options(head="12")) == USAGE
    assert run(str(ledger), Options(canaries=ledger)) == USAGE
    assert "--canaries and --search: expected both or none" in capsys.readouterr().err


def test_with_every_file_every_invariant_is_proven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = clean(7)
    inputs(history, tmp_path)
    facts = sealed(history.facts)
    (tmp_path / "facts").write_text(lines(facts), "utf-8")
    options = Options(
        mentions=tmp_path / "mentions", dead=tmp_path / "dead", client_log=tmp_path / "client",
        snapshot=tmp_path / "snapshot", users=tmp_path / "users", samples=tmp_path / "samples",
        resources=tmp_path / "resources", canaries=tmp_path / "canaries",
        search=[tmp_path / "disk"], head=f"{facts[-1]['seq']}:{facts[-1]['chain']}", drained=True,
    )  # fmt: skip
    assert run(str(tmp_path / "facts"), options) == CLEAN
    out = capsys.readouterr().out
    assert f"proven      {' '.join(f'I{number}' for number in range(1, 27))}" in out
    assert f"head        {options.head}" in out


def test_the_head_that_a_report_prints_shows_later_that_the_end_was_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = sealed(clean(5).facts)
    path = tmp_path / "facts"
    path.write_text(lines(facts), "utf-8")
    run(str(path), Options())
    head = next(
        line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("head")
    )
    path.write_text(lines(facts[:-3]), "utf-8")
    assert run(str(path), Options()) == CLEAN
    assert run(str(path), Options(head=head)) == BROKEN


def test_an_outage_that_is_none_is_2(ledger: Path) -> None:
    assert run(str(ledger), Options(outages=["soon"])) == USAGE


def test_an_outage_moves_the_promise(tmp_path: Path) -> None:
    history = clean(5)
    start, end = history.facts[0]["now_ms"], history.facts[-1]["now_ms"]
    bounds = Bounds(expiry_ms=0, sla_ms=0, offer_ms=0)
    assert judge(history, tmp_path, bounds).violations
    calm = Bounds(expiry_ms=0, sla_ms=0, offer_ms=0, outages=((start, end),))
    assert not judge(history, tmp_path, calm).violations


def test_a_staff_file_gives_capacity(tmp_path: Path) -> None:
    path = tmp_path / "staff.toml"
    path.write_text('[[rep]]\nname = "a"\nskills = ["en"]\nqueues = ["q"]\ncapacity = 2\n')
    assert read_staff(path) == [{"name": "a", "skills": ["en"], "queues": ["q"], "capacity": 2}]


class _Ledger(BaseHTTPRequestHandler):
    facts: ClassVar[list[Row]] = []

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Bearer right":
            self.send_error(401)
            return
        since = int(parse_qs(urlsplit(self.path).query)["since"][0])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(lines([f for f in self.facts if f["seq"] > since]).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    _Ledger.facts = clean(5).facts
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Ledger)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/facts"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_handshake_is_a_source(url: str) -> None:
    assert run(url, Options(key="right")) == CLEAN
    assert run(url, Options(key="wrong")) == USAGE


def test_following_a_url_goes_on_where_it_stopped(url: str) -> None:
    whole = list(_Ledger.facts)
    _Ledger.facts = whole[:10]
    stream = source.facts(url, "right", follow=True)
    seen = [fact.seq for fact in iter(lambda: next(stream), None) if fact]
    _Ledger.facts = whole
    seen += [fact.seq for fact in iter(lambda: next(stream), None) if fact]
    assert seen == [f["seq"] for f in whole]


def test_following_a_file_waits_for_the_other_half_of_a_line(ledger: Path) -> None:
    first, second = lines(clean(5).facts[:2]).splitlines(keepends=True)
    ledger.write_text(first + second[:20], "utf-8")
    stream = source.facts(str(ledger), follow=True)
    assert [next(stream), next(stream)][1] is None
    with ledger.open("a") as file:
        file.write(second[20:])
    fact = next(stream)
    assert fact is not None
    assert fact.seq == 2


def test_while_following_silence_shows_what_did_not_happen() -> None:
    """A sweep that died writes no fact: only time can show that."""
    auditor = Auditor()
    history = clean(5)
    offered = next(f for f in history.facts if f["op"] == "offered")
    for fact in history.facts[: history.facts.index(offered) + 1]:
        auditor.see(fact_of(json.dumps(fact), 1))
    assert not auditor.violations
    found = auditor.idle(offered["data"]["expires_ms"] + 60_000)
    assert {"I8", "I11"} <= {v.invariant for v in found}


def test_the_metric_is_served_by_invariant_on_loopback() -> None:
    metric = Metric(0)
    metric.count("I4")
    with urllib.request.urlopen(f"http://127.0.0.1:{metric.port}/metrics") as response:
        text = response.read().decode()
    metric.close()
    assert 'routing_invariant_violations_total{invariant="I4"} 1.0' in text
    assert 'routing_invariant_violations_total{invariant="I9"} 0.0' in text
