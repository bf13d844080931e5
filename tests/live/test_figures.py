"""Metrics and the summary of `replay` say what the store says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import topics
from tests.live.running import ROOT, Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

QUESTION = "Hello, could you tell me when the shop in the high street opens on Sunday please?"
COMPLAINT = "Your service is terrible, my parcel is broken and nobody cares. I am very angry."
SMOKE = "There is smoke coming out of the engine and nobody answers the emergency number!"
RECORDED = ROOT.parent / "shared/data/mentions/airline_american_virgin_dev.jsonl"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handshake]:
    with running(tmp_path_factory.mktemp("figures")) as instance:
        yield instance


def test_metrics_say_what_happened(one: Handshake) -> None:
    sent, waits = mention(SMOKE), mention(QUESTION)
    [named, _, waiting] = one.post([sent, sent, waits])
    topics.write(one.run["kafka"]["bootstrap"], [b"not a mention"])
    one.call("POST", "/api/v1/mentions", "intake", json=mention(QUESTION) | {"text": 17})
    wait_for("queued", lambda: "queued" in one.ops(named["mention_id"]))
    wait_for("waiting", lambda: "queued" in one.ops(waiting["mention_id"]))
    one.state("ben", "available")
    card = one.offer("ben", named["mention_id"])
    one.command("ben", card["task_id"], "accept")
    one.command("ben", card["task_id"], "reply", text="Leave the aircraft.")
    one.command("ben", card["task_id"], "complete", code="resolved")
    one.state("ben", "offline")
    wait_for("the facts", lambda: "completed" in one.ops(named["mention_id"]))
    wait_for("consumer lag", lambda: "handshake_consumer_lag_messages" in names(one), 10)
    samples = one.metrics()
    for name, labels in (
        ("handshake_mentions_total", {"outcome": "task"}),
        ("handshake_mentions_total", {"outcome": "dead"}),
        ("handshake_mentions_total", {"outcome": "duplicate"}),
        ("handshake_intake_total", {}),
        ("handshake_intake_refused_total", {"code": "wrong_field"}),
        ("handshake_dead_letters_total", {"reason": "not_json"}),
        ("handshake_queue_waiting", {"queue": "service"}),
        ("handshake_queue_oldest_wait_seconds", {"queue": "service"}),
        ("handshake_intake_to_offer_seconds_count", {}),
        ("handshake_response_seconds_count", {"queue": "urgent"}),
        ("handshake_sla_outcome_total", {"queue": "urgent", "outcome": "met"}),
        ("handshake_offers_total", {"outcome": "accepted"}),
        ("handshake_facts_total", {"op": "decided"}),
    ):
        assert samples.get((name, tuple(sorted(labels.items()))), 0) > 0, (name, labels)
    stages = {dict(labels)["stage"] for name, labels in samples
              if name == "handshake_stage_duration_seconds_count"}  # fmt: skip
    assert stages == {"parse", "dedupe", "score", "identify", "join", "decide", "enqueue"}
    [model] = [dict(labels)["model"] for name, labels in samples if name == "handshake_model_info"]
    assert model.startswith("sentiment-l6@")


def names(one: Handshake) -> set[str]:
    return {name for name, _ in one.metrics()}


def test_metrics_have_bounded_labels_and_count_no_person(one: Handshake) -> None:
    for channel in ("shop-17", "shop-18"):  # unknown channels are accepted, and make no series
        [named] = one.post([mention(QUESTION, channel=channel)])
        wait_for("queued", lambda id_=named["mention_id"]: "queued" in one.ops(id_))
    values: dict[str, set[str]] = {}
    for _, labels in one.metrics():
        for name, value in labels:
            values.setdefault(name, set()).add(value)
    allowed = {"outcome", "code", "stage", "queue", "reason", "label", "model", "part",
               "partition", "op", "view", "state", "le", "cause", "direction",
               "channel", "rung"}  # fmt: skip
    del values["le"]
    assert values.keys() <= allowed
    assert all(len(found) <= 30 for found in values.values()), values
    everything = {value for found in values.values() for value in found}
    assert not {v for v in everything if v.startswith(("shop-", "@")) or v in ("ben", "amira")}


def replayed(one: Handshake, file: Path, *flags: str) -> tuple[int, dict[str, int], str]:
    """Run `replay`; its exit code, the figures of its summary, and all it printed."""
    argv = [sys.executable, "-m", "app", "replay", str(file), "--data-dir", str(one.data_dir)]
    done = subprocess.run(
        [*argv, *flags], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    figures = {}
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip(" │┃").split("│")]
        if len(cells) == 2 and cells[1].isdigit():
            figures[cells[0]] = int(cells[1])
    return done.returncode, figures, done.stdout + done.stderr


def from_store(one: Handshake, since: int) -> dict[str, int]:
    """The same figures, read from the store."""
    found: dict[str, int] = {}

    def count(name: str) -> None:
        found[name] = found.get(name, 0) + 1

    for fact in one.facts("seq > ?", since):
        if fact["op"] in ("duplicate", "edited"):
            count("duplicates")
        if fact["op"] == "scored":
            count(f"scored {fact['data']['score']['sentiment']['label']}")
        if fact["op"] == "decided":
            count(f"queue {fact['data']['decision']['queue'] or 'closed, no task'}")
    return found


def last_seq(one: Handshake) -> int:
    return int(one.sql("SELECT coalesce(max(seq), 0) FROM facts")[0][0])


def test_replay_sums_up_what_the_store_says(one: Handshake, tmp_path: Path) -> None:
    texts = (QUESTION, COMPLAINT, SMOKE, "What a wonderful flight, thank you so much!")
    rows = [json.dumps({"text": f"{texts[i % 4]} ({i})", "label": "x"}) for i in range(290)]
    same = json.dumps(mention(QUESTION))
    rows[100:100] = [same, same, same]
    deep = '{"text": "deep", "meta": {"a": ' + "[" * 40 + "]" * 40 + "}}"
    bad = ["{", '"text"', '{"text": 17}', '{"label": "no text"}', deep]
    bad += [json.dumps({"text": "x" * 300_000}), '{"text": "late", "posted_at": "never"}']
    for at, row in zip(range(20, 300, 40), bad, strict=True):
        rows.insert(at, row)
    file = tmp_path / "recorded.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    since, intakes = last_seq(one), one.sql("SELECT count(*) FROM journal")[0][0]
    code, figures, said = replayed(one, file, "--rate", "200")
    assert "Traceback" not in said, said
    assert figures["in"] == 293 == one.sql("SELECT count(*) FROM journal")[0][0] - intakes, said
    assert figures["dead or refused"] == len(bad), said
    assert (code, figures["without an outcome yet"]) == (5, 0)
    wait_for("the store", lambda: from_store(one, since).get("duplicates") == 2)
    stored = from_store(one, since)
    assert {k: v for k, v in figures.items() if k.startswith(("scored", "queue", "dupl"))} == stored
    assert "intake to decision p99" in said


def test_replay_of_one_row_too_many(one: Handshake, tmp_path: Path) -> None:
    """A row of 5 MB is refused; its neighbours in the same burst go through."""
    file = tmp_path / "large.jsonl"
    rows = [{"text": QUESTION + " 1"}, {"text": "x" * 5_000_000}, {"text": QUESTION + " 2"}]
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    code, figures, said = replayed(one, file, "--rate", "200")
    assert (code, figures.get("in"), figures.get("dead or refused")) == (5, 2, 1), said


def test_replay_of_real_recordings(one: Handshake, tmp_path: Path) -> None:
    if not RECORDED.exists():
        pytest.skip(f"the recorded mentions are not here: {RECORDED}")  # never in the repository
    file = tmp_path / "first500.jsonl"
    with RECORDED.open("rb") as recorded:
        file.write_bytes(b"".join(line for line, _ in zip(recorded, range(500), strict=False)))
    since = last_seq(one)
    code, figures, said = replayed(one, file, "--rate", "200")
    assert (code, figures["in"], figures["without an outcome yet"]) == (0, 500, 0), said
    stored = from_store(one, since)
    assert {k: v for k, v in figures.items() if k.startswith(("scored", "queue"))} == stored
    assert sum(v for k, v in stored.items() if k.startswith("queue")) == 500
    assert all(f"intake to decision {share}" in said for share in ("p50", "p95", "p99"))
