"""Another model under a running worker: promoted, signed for, rolled back, told in the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.model_files import find
from app.cli import cli
from tests.adapters.trial_model import NAME, of_setting, trial
from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

TEXT = "Thank you, your people were wonderful"
FOLLOWED_S = 60.0  # some times what a busy machine needs; as shipped it looks every 2 s


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handshake]:
    with running(tmp_path_factory.mktemp("model")) as instance:
        yield instance


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial(tmp_path_factory.mktemp("candidates") / "one")


@pytest.fixture(scope="module")
def tag(candidate: Path) -> str:
    return find(candidate, NAME).tag


@pytest.fixture(scope="module")
def setting() -> str:
    return of_setting().tag


def model(one: Handshake, *args: str) -> str:
    done = CliRunner().invoke(cli, ["model", *args, "--data-dir", str(one.data_dir)])
    assert done.exit_code == 0, done.output
    return done.stdout


def signed(one: Handshake) -> str:
    """Which model scores a mention that comes in now."""
    [named] = one.post([mention(TEXT)])

    def scored() -> str:
        facts = one.facts("mention_id = ? AND op = 'scored'", named["mention_id"])
        return str(facts[0]["data"]["score"]["model"]) if facts else ""

    return wait_for("its score", scored, FOLLOWED_S)


def follows(one: Handshake, tag: str) -> None:
    wait_for(f"a score by {tag}", lambda: signed(one) == tag, FOLLOWED_S, 0.2)


def changes(one: Handshake) -> list[dict[str, Any]]:
    return one.facts("op = 'configured' AND op_id LIKE 'model:%'")


def test_a_promoted_model_signs_the_next_scores_and_a_rollback_the_ones_after(
    one: Handshake, candidate: Path, tag: str, setting: str
) -> None:
    """A4.10: the model that primes the rules changes while everything runs, with a way back."""
    worker = one.pid("worker")
    assert signed(one) == setting
    model(one, "promote", f"{candidate}/{NAME}", "--reason", "a live test")
    follows(one, tag)
    model(one, "rollback", "--reason", "enough")
    follows(one, setting)
    assert one.pid("worker") == worker
    told = wait_for("both facts", lambda: len(changes(one)) == 2 and changes(one), FOLLOWED_S)
    assert told
    first, second = told
    assert (first["data"]["from"], first["data"]["to"], first["reason"]) == (
        setting, tag, "a live test",
    )  # fmt: skip
    assert (second["data"]["from"], second["data"]["to"], second["reason"]) == (
        tag, setting, "enough",
    )  # fmt: skip
    assert first["actor"]["role"] == "cli"


def test_a_worker_whose_promoted_model_vanished_goes_on_and_starts_with_the_settings(
    one: Handshake, candidate: Path, tag: str, setting: str
) -> None:
    model(one, "promote", f"{candidate}/{NAME}", "--reason", "to lose it")
    follows(one, tag)
    shutil.rmtree(one.data_dir / "models")
    lost = f"the files of {tag} are no longer those promoted"
    wait_for("the fact of it", lambda: told(one, lost), FOLLOWED_S)
    assert signed(one) == tag
    one.back("worker", one.kill("worker"))
    wait_for("a ready worker", lambda: one.ready("worker"), FOLLOWED_S)
    assert signed(one) == setting
    wait_for("the fact of that", lambda: told(one, "promoted and not in use here"), FOLLOWED_S)


def told(one: Handshake, words: str) -> list[dict[str, Any]]:
    return [fact for fact in one.facts("op = 'degraded'") if words in fact["reason"]]
