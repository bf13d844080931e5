"""A wrong model or configuration: one clear sentence at start, the last good model in a run."""

from __future__ import annotations

import os
import shutil
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.live.running import ROOT, Handshake, mention, refused, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

EXIT_CONFIG = 3
TEXT = "Your service is terrible, my parcel is broken and nobody cares. I am very angry."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of what a run reads, which a test may break."""
    for name in ("config", "models"):
        shutil.copytree(ROOT / name, tmp_path / "home" / name)
    return tmp_path / "home"


def start(home: Path, **env: str) -> tuple[int, str]:
    return refused(home / "var", env={"HANDSHAKE_HOME": str(home), **env})


def assert_refused(answer: tuple[int, str], *sentences: str) -> None:
    code, said = answer
    assert code == EXIT_CONFIG, said
    assert "Traceback" not in said
    for sentence in sentences:
        assert sentence in said


def test_a_missing_or_truncated_model(home: Path) -> None:
    model = home / "models/sentiment/sentiment-l6.int8.onnx"
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    assert_refused(start(home), str(model), "cut short or changed", f"{len(content) // 2} bytes")
    model.unlink()
    assert_refused(start(home), str(model), "missing")
    (home / "models/sentiment/tokenizer.json").write_text("{}", "utf-8")
    assert_refused(start(home), str(model), "tokenizer.json")  # both at once
    assert not (home / "var/run.json").exists()


def test_a_wrong_model_whose_hash_is_right(home: Path) -> None:
    """The manifest names it, but it is no model: found before anything else starts."""
    replace_model(home, b"this is no ONNX file")
    assert_refused(start(home), "sentiment-l6.int8.onnx", "cannot be loaded")


def test_a_model_that_is_not_in_the_manifest(home: Path) -> None:
    answer = start(home, HANDSHAKE_SCORING__MODEL="sentiment-l99")
    assert_refused(answer, "sentiment-l6, sentiment-others, got 'sentiment-l99'")


def test_all_wrong_settings_at_once(home: Path) -> None:
    answer = start(home, HANDSHAKE_KAFKA__BATCH="many", HANDSHAKE_SLA__AT_RISK_SHARE="2")
    assert_refused(answer, "HANDSHAKE_KAFKA__BATCH", "HANDSHAKE_SLA__AT_RISK_SHARE", "'many'")


def test_an_unknown_key_in_the_settings_file(home: Path) -> None:
    with (home / "config/settings.toml").open("a", encoding="utf-8") as file:
        file.write("\n[kafak]\nbootstrap = 'x:1'\n")
    assert_refused(start(home), "config/settings.toml", "kafak")


def test_all_wrong_configuration_at_once(home: Path) -> None:
    queues, rules = home / "config/queues.toml", home / "config/rules"
    queues.write_text(queues.read_text("utf-8").replace('"30m"', '"half an hour"', 1), "utf-8")
    (home / "config/staff.toml").write_text("[[rep]]\nname = 'X'\n", "utf-8")
    (rules / "99-more.toml").write_text("title = 'cut sho", "utf-8")
    (home / "models/sentiment/sentiment-l6.int8.onnx").unlink()
    wanted = ("queues.toml: queue.urgent.window", "staff.toml", "99-more.toml", "l6.int8.onnx")
    assert_refused(start(home), *wanted)


def test_a_rule_that_is_no_expression(home: Path) -> None:
    (home / "config/rules/05-first.toml").write_text(
        "title = 'First'\n"
        "[[row]]\nid = 'typo'\nwhen = 'score.urgncy > 0.5'\n"
        "then = { queue = 'urgent' }\nwhy = 'x'\n"
        "[[row]]\nid = 'not-bool'\nwhen = 'score.urgency'\n"
        "then = { queue = 'urgent' }\nwhy = 'x'\n",
        "utf-8",
    )
    wanted = ("rules/05-first.toml: row typo", "score.urgncy", "row not-bool", "true or false")
    assert_refused(start(home), *wanted)


def test_a_broken_model_during_a_run_keeps_the_last_good_one(home: Path) -> None:
    with running(home / "var", env={"HANDSHAKE_HOME": str(home)}) as one:

        def scored_by() -> str:
            [named] = one.post([mention(TEXT)])
            wait_for("a score", lambda: "scored" in one.ops(named["mention_id"]))
            scored = next(f for f in one.trail(named["mention_id"]) if f["op"] == "scored")
            return str(scored["data"]["score"]["model"])

        good, worker = scored_by(), one.pid("worker")
        replace_model(home, b"this is no ONNX file")
        [fact] = wait_for("a word about it", lambda: refusals(one))
        assert f"{good} stays" in fact["reason"]
        assert "model_refused" in one.log("worker")
        wait_for("the metric", lambda: one.metrics()["handshake_degraded", (("part", "model"),)])
        assert scored_by() == good

        shutil.copy(ROOT / "models/sentiment/sentiment-fast.int8.onnx",
                    home / "models/sentiment/sentiment-l6.int8.onnx")  # fmt: skip
        replace_model(home, None)
        wait_for("the new model", lambda: "model_loaded" in one.log("worker"))
        assert scored_by() not in (good, "none")
        models = {labels: value for (name, labels), value in one.metrics().items()
                  if name == "handshake_model_info"}  # fmt: skip
        assert sum(models.values()) == 1, models
        assert one.metrics()["handshake_degraded", (("part", "model"),)] == 0
        assert one.pid("worker") == worker


def refusals(one: Handshake) -> list[dict[str, Any]]:
    told = one.facts("op = 'degraded'")
    return [fact for fact in told if fact["reason"].startswith("model refused")]


def replace_model(home: Path, content: bytes | None) -> None:
    """Put this in the place of the model (None: what is there), and let the manifest say so."""
    manifest, folder = home / "models/sentiment/manifest.toml", home / "models/sentiment"
    model = folder / "sentiment-l6.int8.onnx"
    if content is not None:
        model.write_bytes(content)
    text = manifest.read_text("utf-8")
    old = tomllib.loads(text)["model"]["sentiment-l6"]["sha256"]
    draft = folder / "manifest.draft"
    draft.write_text(text.replace(old, sha256(model.read_bytes()).hexdigest()), "utf-8")
    os.replace(draft, manifest)
