"""Input as it comes: broken, too large, twice, from the future; neighbours never suffer."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.live import topics
from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

QUESTION = "Hello, could you tell me when the shop in the high street opens on Sunday please?"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handshake]:
    with running(tmp_path_factory.mktemp("input")) as instance:
        yield instance


def body(**changes: Any) -> bytes:
    return json.dumps(mention(QUESTION) | changes).encode()


BAD: dict[str, tuple[bytes | None, str]] = {
    "malformed": (b'{"channel": "email", "text": ', "not_json"),
    "no object": (b'["a mention?"]', "wrong_field"),
    "a bare word": (b"hello", "not_json"),
    "text is a number": (body(text=17), "wrong_field"),
    "author is a text": (body(author="@somebody"), "wrong_field"),
    "followers is a text": (body(author={"handle": "@a", "followers": "many"}), "wrong_field"),
    "time without zone": (body(posted_at="2026-01-01T10:00:00"), "wrong_field"),
    "time that is none": (body(posted_at="yesterday"), "wrong_field"),
    "channel with a line end": (body(channel="email\n"), "wrong_field"),
    "no text": (json.dumps({"channel": "email", "author": {"handle": "@a"}}).encode(),
                "wrong_field"),
    "no handle": (body(author={}), "wrong_field"),
    "invalid UTF-8": (b'{"channel":"email","text":"caf\xe9","author":{"handle":"@a"}}', "not_json"),
    "half a surrogate": (rb'{"channel":"email","text":"\ud800","author":{"handle":"@a"}}',
                         "not_json"),
    "5 MB": (body(text="x" * 5_000_000), "too_large"),
    "nested 100,000 deep": (b'{"meta":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
    "null": (None, "empty"),
    "nothing": (b"", "empty"),
    "zeros": (b"\x00" * 64, "not_json"),
}  # fmt: skip


def test_bad_input_among_good_neighbours(one: Handshake) -> None:
    worker, bootstrap = one.pid("worker"), one.run["kafka"]["bootstrap"]
    good = [mention(QUESTION) for _ in range(len(BAD) + 1)]
    values: list[bytes | None] = [json.dumps(good[0]).encode()]
    for (bad, _), neighbour in zip(BAD.values(), good[1:], strict=True):
        values += [bad, json.dumps(neighbour).encode()]
    topics.write(bootstrap, values)

    wanted = {neighbour["id"] for neighbour in good}
    wait_for("all neighbours", lambda: wanted <= {f["source_id"] for f in decided(one)}, 30)
    wait_until_none("dead letters with reason and bytes", lambda: not_kept(one))
    wait_until_none("their facts", lambda: not_in_the_ledger(one))
    assert one.pid("worker") == worker
    assert "child_died" not in one.printed


def decided(one: Handshake) -> list[dict[str, Any]]:
    return one.facts("op = 'decided'")


def wait_until_none(what: str, missing: Callable[[], list[str]], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while (names := missing()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert names == [], what


def not_kept(one: Handshake) -> list[str]:
    rows = one.sql("SELECT code, raw FROM dead_letters")
    kept = [(code, raw if raw is None else bytes(raw)) for code, raw in rows]
    return [name for name, (raw, code) in BAD.items() if (code, raw) not in kept]


def not_in_the_ledger(one: Handshake) -> list[str]:
    of_src = dict(one.sql("SELECT src, sha256 FROM dead_letters"))
    facts = one.facts("op = 'dead'")
    noted = {(of_src[f["op_id"]], f["reason"]) for f in facts if f["data"]["detail"]}
    return [
        name for name, (raw, code) in BAD.items()
        if (sha256(raw or b"").hexdigest(), code) not in noted
    ]  # fmt: skip


def test_dead_letters_are_on_their_topic(one: Handshake) -> None:
    bootstrap = one.run["kafka"]["bootstrap"]
    marked = b"{" + uuid.uuid4().hex.encode()
    topics.write(bootstrap, [marked, b"{" + marked * 60_000])
    large = sha256(b"{" + marked * 60_000).hexdigest()
    wanted = {large, sha256(marked).hexdigest()}
    messages = topics.read(bootstrap, "dead", lambda found: wanted <= {_sha(m) for m in found}, 20)
    small = next(m for m in messages if m.value == marked)
    assert small.headers["reason"] == b"not_json"
    assert b"JSON" in small.headers["detail"]
    assert _sha(small) == sha256(marked).hexdigest()
    assert small.headers["size"] == str(len(marked)).encode()
    big = next(m for m in messages if _sha(m) == large)
    assert (big.value or b"") == b""  # above 1 MB the store alone keeps the bytes
    assert big.headers["reason"] == b"too_large"
    [(raw,)] = one.sql("SELECT raw FROM dead_letters WHERE sha256 = ?", large)
    assert bytes(raw) == b"{" + marked * 60_000
    src = small.headers["src"].decode()
    served = one.call("GET", "/api/v1/dead-letters", "sam", params={"src": src})
    assert served.content == marked


def _sha(message: topics.Message) -> str:
    return message.headers["sha256"].decode()


def test_over_http_bad_fields_are_named(one: Handshake) -> None:
    for raw, field in (
        (body(text=17), "text"),
        (body(author={}), "author.handle"),
        (body(posted_at="2026-01-01T10:00:00"), "posted_at"),
    ):
        answer = one.call("POST", "/api/v1/mentions", "intake", content=raw)
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        [error] = answer.json()["errors"]
        assert error["field"] == field
        assert error["expected"]
    large = one.call("POST", "/api/v1/mentions", "intake", content=body(text="x" * 300_000))
    assert large.status_code == 413
    nobody = one.call("POST", "/api/v1/mentions", content=body())
    assert nobody.status_code == 401


def test_over_http_a_bad_row_does_not_harm_its_neighbours(one: Handshake) -> None:
    deep: Any = "the end"
    for _ in range(60):
        deep = [deep]
    rows = [mention(QUESTION) for _ in range(4)]
    rows[1]["meta"], rows[2]["text"] = {"deep": deep}, 17
    answer = one.call("POST", "/api/v1/mentions", "intake", json=rows)
    assert answer.status_code == 202, answer.text
    assert [refused["index"] for refused in answer.json()["refused"]] == [1, 2]
    for named in answer.json()["accepted"]:
        wait_for("a decision", lambda id_=named["mention_id"]: "decided" in one.ops(id_))


def test_what_is_accepted_is_never_too_large_later(one: Handshake) -> None:
    """The journal adds an id and a time: what just fits must still fit then."""
    frame = {"channel": "email", "text": "", "author": {"handle": "@a"}}
    room = 262_144 - len(json.dumps(frame).encode())
    raw = json.dumps(frame | {"text": "x" * room}).encode()
    answer = one.call("POST", "/api/v1/mentions", "intake", content=raw)
    if answer.status_code == 413:
        return
    src = f"intake:{answer.json()['accepted'][0]['intake_id']}"
    assert wait_for("its outcome", lambda: one.outcomes().get(src)) == ["decided"]


def test_duplicates_and_edits(one: Handshake) -> None:
    sent = mention(QUESTION)
    named = [*one.post([sent, sent]), *one.post([sent])]
    wait_for("two duplicates", lambda: one.ops(named[0]["mention_id"]).count("duplicate") == 2)
    edit = one.post([sent | {"text": QUESTION + " And on Monday?"}])
    wait_for("the edit", lambda: "edited" in one.ops(named[0]["mention_id"]))
    ops = one.ops(named[0]["mention_id"])
    assert (ops.count("received"), ops.count("queued")) == (1, 1)
    outcomes = one.outcomes()
    srcs = [f"intake:{n['intake_id']}" for n in [*named, *edit]]
    assert [outcomes[src] for src in srcs] == [
        ["decided"],
        ["duplicate"],
        ["duplicate"],
        ["edited"],
    ]


def test_times_in_the_future_are_clamped_and_flagged(one: Handshake) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    near = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    both, close = (
        mention(QUESTION, posted_at=ahead, detected_at=ahead),
        mention(QUESTION, posted_at=near),
    )
    named = one.post([both, close])
    for one_named in named:
        wait_for("a task", lambda id_=one_named["mention_id"]: "queued" in one.ops(id_))
    far = one.trail(named[0]["mention_id"])[0]
    said = far["data"]["mention"]
    assert set(said["flags"]) == {"posted_in_future", "detected_in_future"}
    assert abs(datetime.fromisoformat(said["detected_at"]) - datetime.now(UTC)).seconds < 30
    assert one.trail(named[1]["mention_id"])[0]["data"]["mention"]["flags"] == []


def test_times_of_no_clock_are_the_intakes_and_flagged(one: Handshake) -> None:
    """Taken as they are, their tasks would go first; refused, a mention would be lost."""
    zero, edge = "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"
    [named] = one.post([mention(QUESTION, posted_at=edge, detected_at=zero)])
    wait_for("a task", lambda: "queued" in one.ops(named["mention_id"]))
    said = one.trail(named["mention_id"])[0]["data"]["mention"]
    assert set(said["flags"]) == {"posted_before_2000", "detected_before_2000"}
    assert abs(datetime.fromisoformat(said["detected_at"]) - datetime.now(UTC)).seconds < 30


CANARIES = {
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+49 170 1234567",
    "mail": "kim.canary@mail.example",
}


def test_no_log_and_no_metric_tells_a_number_or_an_address(one: Handshake) -> None:
    """Planted in every field of good and of bad mentions, over HTTP and straight on the topic."""
    for secret in CANARIES.values():
        author = {"handle": secret, "name": secret}
        good = mention(f"{QUESTION} {secret}", author=author, meta={secret: secret}, url=secret)
        bad = [good | {"channel": secret}, good | {"posted_at": secret}, good | {secret: [secret]}]
        [named] = one.post([good])
        wait_for("a task", lambda id_=named["mention_id"]: "queued" in one.ops(id_))
        for each in bad:
            one.call("POST", "/api/v1/mentions", json=each)
            one.call("GET", f"/api/v1/mentions/{secret}/why", "sofia")
            one.call("GET", f"/api/v1/facts?since={secret}", "sofia")
        topics.write(one.run["kafka"]["bootstrap"], [json.dumps(each).encode() for each in bad])
    buried = "SELECT count(*) FROM dead_letters WHERE detail LIKE '%canary%'"
    wait_for("the last to be buried", lambda: one.sql(buried) > [(0,)])
    told = [path.read_text("utf-8", "replace") for path in (one.data_dir / "log").iterdir()]
    told += [httpx.get(url).text for url in one.run["metrics"]]
    assert len(told) > 8  # one of each process, and metrics
    squeezed = ["".join(text.split()) for text in [*told, one.printed]]
    for secret in CANARIES.values():
        assert not any("".join(secret.split()) in text for text in squeezed)


def test_who_is_erased_is_gone_within_a_minute(one: Handshake) -> None:
    """A known customer's words in the record, the journal, the ledger and a dead letter."""
    word = f"canary{uuid.uuid4().hex}"
    author = {"handle": f"@{word}", "name": word}
    [named] = one.post([mention(f"{QUESTION} {word}", author=author)])
    topics.write(one.run["kafka"]["bootstrap"], [body(author=author, text=17)])
    wait_for("a task", lambda: "queued" in one.ops(named["mention_id"]))
    letters = "SELECT count(*) FROM dead_letters WHERE CAST(raw AS TEXT) LIKE ?"
    wait_for("a letter", lambda: one.sql(letters, f"%{word}%") == [(1,)])
    asked = {"handle_key": f"email:{word}", "reason": "asked by letter"}
    told = one.call("GET", "/api/v1/privacy/export", "ada", params=asked | {"reason": ""}).text
    assert word in told
    erasure = one.call("POST", "/api/v1/privacy/erasures", "ada", json=asked).json()["id"]

    def done() -> bool:
        [mine] = [e for e in one.call("GET", "/api/v1/privacy/erasures", "ada").json()
                  if e["id"] == erasure]  # fmt: skip
        return bool(mine["done_ms"])

    wait_for("the end of the erasure", done, 60.0)
    wait_for("its fact", lambda: one.facts("op = 'erased'"))
    files = [p for p in one.data_dir.rglob("*") if p.is_file() and "redis" not in str(p)]
    assert [p.name for p in files if word.encode() in p.read_bytes()] == []
    assert one.trail(named["mention_id"])[0]["data"]["mention"]["text"] == ""
    why = one.call("GET", f"/api/v1/mentions/{named['mention_id']}/why", "sofia")
    assert why.status_code == 200
    assert word not in why.text
