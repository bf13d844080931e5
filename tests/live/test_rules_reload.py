"""Rules that change while everything runs: published, followed, rolled back, told in the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

ROOT = "/api/v1/rules"
PROMISED_S = 2.0  # from publish to effect on all workers
TEXT = "The zebra on your poster is upside down"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handshake]:
    with running(tmp_path_factory.mktemp("rules")) as instance:
        yield instance


def zebra(queue: str) -> dict[str, Any]:
    return {
        "id": "zebra",
        "when": 'mention.text.says("zebra")',
        "then": {"queue": queue},
        "why": "Zebras have a queue of their own.",
    }


def overview(one: Handshake) -> Any:
    return one.call("GET", ROOT, "sofia").json()


def publish(one: Handshake, queue: str) -> tuple[int, float]:
    """Publish the live rules with one more row at the top; the number, and when it was done."""
    made = one.call("POST", f"{ROOT}/drafts", "sofia", json={"title": f"Zebra {queue}"}).json()
    path, seen = f"{ROOT}/drafts/{made['id']}", {"If-Match": '"1"'}
    first = sorted(made["texts"])[0]
    if any("zebra" in text for text in made["texts"].values()):
        body: dict[str, Any] = {"row": zebra(queue)}
        answer = one.call("PUT", f"{path}/rows/zebra", "sofia", json=body, headers=seen)
    else:
        body = {"file": first, "row": zebra(queue), "before": "danger-to-people"}
        answer = one.call("POST", f"{path}/rows", "sofia", json=body, headers=seen)
    assert answer.json()["problems"] == [], answer.text
    given = {"comment": f"to {queue}", "skip_reason": "a live test"}
    answer = one.call("POST", f"{path}/publish", "sofia", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()["number"], time.monotonic()


def decision(one: Handshake) -> dict[str, Any]:
    """What is made of a mention that comes in now."""
    [named] = one.post([mention(TEXT)])

    def decided() -> dict[str, Any]:
        facts = one.facts("mention_id = ? AND op = 'decided'", named["mention_id"])
        return dict(facts[0]["data"]["decision"]) if facts else {}

    return wait_for("its decision", decided, pause_s=0.01)


def followed(one: Handshake, number: int) -> bool:
    readers = overview(one)["in_effect"]
    return len(readers) >= 2 and {reader["number"] for reader in readers} == {number}


def test_what_is_published_decides_the_next_mention_within_two_seconds(one: Handshake) -> None:
    """A4.10: rules change while everything runs."""
    assert decision(one)["rule"] != "zebra"
    for queue in ("billing", "sales", "service"):
        number, at = publish(one, queue)
        wait_for("every process to follow", lambda n=number: followed(one, n), 10, 0.02)
        assert time.monotonic() - at < PROMISED_S
        found = decision(one)
        assert (found["rule"], found["queue"]) == ("zebra", queue)
        [told] = one.facts("op = 'configured' AND op_id LIKE ?", f"config:{found['version']}:%")
        assert told["data"]["number"] == number


def test_a_rollback_is_as_quick_and_leaves_its_reason_in_the_ledger(one: Handshake) -> None:
    before = overview(one)["live"]["number"]
    answer = one.call("POST", f"{ROOT}/rollback", "sofia", json={"to": 1, "reason": "no zebras"})
    at = time.monotonic()
    assert answer.status_code == 200, answer.text
    wait_for("every process to follow", lambda: followed(one, 1), 10, 0.02)
    assert time.monotonic() - at < PROMISED_S
    assert decision(one)["rule"] != "zebra"

    def told() -> list[dict[str, Any]]:
        facts = one.facts("op = 'configured' AND op_id LIKE 'rules:%'")
        return [fact for fact in facts if fact["reason"] == "no zebras"]

    [fact] = wait_for("the fact of it", told)
    assert fact["actor"] == {"type": "user", "id": "sofia", "role": "supervisor"}
    assert (fact["data"]["rules"], fact["data"]["number"]) == ("rolled_back", 1)
    assert before > 1
    assert "version 1, by files" in one.printed


def test_a_draft_in_shadow_is_asked_and_changes_nothing(one: Handshake) -> None:
    made = one.call("POST", f"{ROOT}/drafts", "sofia", json={"title": "Shadow"}).json()
    body = {"file": sorted(made["texts"])[0], "row": zebra("sales"), "before": "danger-to-people"}
    path = f"{ROOT}/drafts/{made['id']}/rows"
    one.call("POST", path, "sofia", json=body, headers={"If-Match": '"1"'})
    begun = one.call("POST", f"{ROOT}/shadow", "sofia", json={"draft_id": made["id"]})
    assert begun.status_code == 200, begun.text

    def differs() -> bool:
        assert decision(one)["rule"] != "zebra"
        return bool(one.call("GET", f"{ROOT}/shadow", "sofia").json()["different"])

    wait_for("the worker to count", differs, 10, 0.2)
    found = one.call("GET", f"{ROOT}/shadow", "sofia").json()
    assert found["samples"][0]["body"]["shadow"]["queue"] == "sales"
    assert found["agreement"] == found["same"] / (found["same"] + found["different"])
    one.call("POST", f"{ROOT}/shadow", "sofia", json={"draft_id": None, "reason": "enough"})
    assert one.call("GET", f"{ROOT}/shadow", "sofia").json()["ended_why"] == "enough"
