"""`python -m app model promote`, `rollback`, `list`, `shadow`: what is refused, what is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.adapters.language import Language
from app.adapters.model_files import MANIFEST, find
from app.adapters.model_shelf import Shelf
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.tables import metadata
from app.cli import cli
from app.processes.model_promote import me, place, promote, wrong
from app.settings import Settings, load
from app.wiring.promoted import live_files, promoted_files
from app.wiring.scoring import patient
from tests.adapters.trial_model import NAME, another, change, mixed_up, of_setting, put, trial
from tests.builders import admission, mention

WHY = ("--reason", "it is better")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Of a store that is there, with its data beside it."""
    return load(data_dir=tmp_path)


@pytest.fixture
def candidate(tmp_path: Path) -> str:
    """As it is typed: the folder, and the name in its manifest."""
    return f"{trial(tmp_path / 'candidates')}/{NAME}"


def run(settings: Settings, *args: object) -> Any:
    told = ["model", *map(str, args), "--data-dir", str(settings.data_dir)]
    return CliRunner().invoke(cli, told, env={"COLUMNS": "200"})


def done(settings: Settings, *args: object) -> str:
    found = run(settings, *args)
    assert found.exit_code == 0, found.output
    return str(found.stdout)


def refused(settings: Settings, *args: object) -> str:
    found = run(settings, *args)
    assert found.exit_code == 2, found.output
    return str(found.output)


def listed(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done(settings, "list", "--json"))
    return found


def test_a_promoted_model_is_live_on_each_rung_of_the_setting_and_a_rollback_takes_it_back(
    settings: Settings, candidate: str
) -> None:
    """A4.10: which model is live is changed by a command, with a way back."""
    setting = of_setting().tag
    before = listed(settings)
    assert (before["live"], before["promotion"], before["changes"]) == (setting, 0, [])
    tag = find(Path(candidate).parent, NAME).tag
    assert f"{tag} is live, as change 1; before it was {setting}" in done(
        settings, "promote", candidate, *WHY
    )
    found = listed(settings)
    assert (found["live"], found["promotion"], found["problem"]) == (tag, 1, "")
    assert found["reason"] == "it is better"
    assert found["rungs"]["full"] == [tag]
    assert found["rungs"]["lexicon"] == ["lexicon"]
    assert found["rungs"]["fast"] == before["rungs"]["fast"]
    [only] = found["changes"]
    assert (only["from"], only["to"], only["kind"]) == (setting, tag, "promoted")
    assert Path(only["folder"]).parent.parent == settings.data_dir / "models"
    assert f"{setting} is live again, as change 2" in done(settings, "rollback", *WHY)
    assert listed(settings)["live"] == setting


def test_people_read_which_model_is_live_since_when_and_by_whom(
    settings: Settings, candidate: str
) -> None:
    done(settings, "promote", candidate, "--reason", "\x1b[2Jbetter")
    said = done(settings, "list")
    assert f"live: {NAME}@" in said
    assert "promoted as change 1" in said
    assert "others    off: " in said
    assert "\\x1b[2Jbetter" in said
    assert "\x1b" not in said


def test_the_list_names_the_model_of_other_languages(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listed(settings)["others"] == ""
    monkeypatch.setenv("HANDSHAKE_SCORING__OTHERS", "sentiment-others")
    assert listed(settings)["others"].startswith("sentiment-others@")


def test_nobody_promotes_twice_or_goes_back_from_nothing(
    settings: Settings, candidate: str
) -> None:
    assert "No model is promoted: there is no way back" in refused(settings, "rollback", *WHY)
    done(settings, "promote", candidate, *WHY)
    assert "is live already" in refused(settings, "promote", candidate, *WHY)


def test_a_reason_is_needed_for_the_ledger(settings: Settings, candidate: str) -> None:
    assert "Missing option '--reason'" in refused(settings, "promote", candidate)
    assert "expected why" in refused(settings, "promote", candidate, "--reason", " ")
    assert "expected why" in refused(settings, "rollback", "--reason", "")


def test_a_candidate_with_its_labels_mixed_up_is_refused_and_nothing_is_kept(
    settings: Settings, tmp_path: Path
) -> None:
    folder = mixed_up(tmp_path / "mixed")
    said = refused(settings, "promote", f"{folder}/{NAME}", *WHY)
    assert "plain complaints that they are no more negative than positive" in said
    assert listed(settings)["changes"] == []
    assert not (settings.data_dir / "models").exists()


def test_a_candidate_that_is_cut_short_or_does_not_load_is_refused(
    settings: Settings, candidate: str
) -> None:
    files = find(Path(candidate).parent, NAME)
    files.model.unlink()
    files.model.write_bytes(b"no model")
    assert "not the file of the manifest" in refused(settings, "promote", candidate, *WHY)
    change(Path(candidate).parent, files.sha256, _sha256(b"no model"))
    assert "cannot be loaded" in refused(settings, "promote", candidate, *WHY)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_candidate_that_lacks_a_head_of_the_live_model_is_refused(
    settings: Settings, candidate: str
) -> None:
    """Rules that ask what only that head says would fall silent."""
    lacking = "complaint"  # its temperature is that of the head: the entry names none
    change(Path(candidate).parent, f'heads = ["{lacking}", ', "heads = [")
    said = refused(settings, "promote", candidate, *WHY)
    assert f"heads: expected {lacking} among them, as {of_setting().tag} has" in said


def test_a_candidate_without_a_manifest_or_without_a_language_is_refused(
    settings: Settings, candidate: str
) -> None:
    folder = Path(candidate).parent
    put(folder, "languages", '["xh"]')
    said = refused(settings, "promote", candidate, *WHY)
    assert "languages: expected en" in said or "expected a model for" in said
    model = find(folder, NAME).model
    (folder / MANIFEST).unlink()
    assert "expected a manifest.toml beside it" in refused(settings, "promote", model, *WHY)
    assert "there is none" in refused(settings, "promote", "no/where", *WHY)


def test_a_way_back_to_files_that_are_gone_is_refused(settings: Settings, candidate: str) -> None:
    folder = Path(candidate).parent
    done(settings, "promote", candidate, *WHY)
    first = listed(settings)["changes"][0]["folder"]
    put(folder, "max_tokens", "32")
    done(settings, "promote", candidate, *WHY)
    (Path(first).parent / MANIFEST).unlink()
    assert "not on this machine" in refused(settings, "rollback", *WHY)
    assert listed(settings)["promotion"] == 2


def test_a_candidate_that_is_slower_than_a_worker_waits_is_refused(settings: Settings) -> None:
    files, scoring, times = of_setting(), settings.scoring, iter(range(0, 1000, 7))
    [problem] = wrong(files, files, scoring, lambda: float(next(times)))
    assert problem.endswith("a text took 7.0 s, a worker waits 5 s (scoring.budget_s)")
    assert wrong(files, files, scoring, lambda: 0.0) == []


async def test_who_explains_one_mention_asks_the_promoted_model_while_it_is_whole(
    settings: Settings, database: Database, candidate: str
) -> None:
    files = find(Path(candidate).parent, NAME)
    assert promoted_files(settings, database) is None
    digest = Shelf(settings.data_dir / "models").keep(files)
    await promote(place(settings, database), candidate, "better", me())
    scorer = patient(settings.scoring, lambda: promoted_files(settings, database))
    [score] = await scorer.score([mention(text="Thank you, that was great")])
    assert score.model == files.tag
    assert live_files(settings, database).tag == files.tag
    (settings.data_dir / "models" / digest[:16] / MANIFEST).unlink()
    assert promoted_files(settings, database) is None
    assert live_files(settings, database).tag == of_setting().tag


def test_nobody_promoted_anything_where_there_is_no_store(settings: Settings) -> None:
    assert promoted_files(settings, None) is None


@pytest.fixture
async def recorded(database: Database) -> Sequence[str]:
    """Mentions in the ledger; one of them in a language that our models do not know."""
    texts = (
        "Thank you so much, the staff were wonderful and helpful.",
        "This is terrible, my parcel is broken and nobody answers.",
        "Guten Tag, meine Rechnung stimmt leider schon wieder nicht.",
    )
    for at, text in enumerate(texts):
        facts = [fact.as_dict() for fact in admission(f"s{at}", text=text).facts]
        await Ledger(database).append([orjson.loads(orjson.dumps(fact)) for fact in facts])
    return texts


def test_a_candidate_is_compared_with_the_live_model_on_what_is_recorded(
    settings: Settings, recorded: Sequence[str]
) -> None:
    """A3.1: what a candidate would tell the rules is seen before it is promoted."""
    candidate = another()
    said = json.loads(done(settings, "shadow", candidate, "--last", 50, "--json"))
    assert said["live"] == of_setting().tag
    assert said["candidate"].startswith(f"{candidate}@")
    assert (said["mentions"], said["skipped"], said["failed"]) == (len(recorded) - 1, 1, 0)
    assert (said["agreement"], said["kappa"], said["changed"]) == (1.0, 1.0, 0)
    for of in ("live", "candidate"):
        assert said["speed"][of]["p99_ms"] >= said["speed"][of]["p50_ms"] > 0
    table = done(settings, "shadow", candidate, "--last", 1)
    assert "0 mentions compared, 1 skipped for their language" in table
    table = done(settings, "shadow", candidate, "--last", 50)
    for told in ("2 mentions compared", "kappa 1.000", "messages/s", "Furthest apart"):
        assert told in table


def test_shadow_writes_nothing(
    settings: Settings, database: Database, recorded: Sequence[str]
) -> None:
    def rows(connection: sa.Connection) -> dict[str, Sequence[Any]]:
        tables = metadata.sorted_tables
        return {table.name: connection.execute(sa.select(table)).all() for table in tables}

    before = database.run_now(rows, reading=True)
    assert len(before["facts"]) == 2 * len(recorded)
    done(settings, "shadow", another(), "--last", len(recorded), "--json")
    assert database.run_now(rows, reading=True) == before
    assert not (settings.data_dir / "models").exists()


def test_what_cannot_run_in_shadow_is_told(settings: Settings, tmp_path: Path) -> None:
    assert "expected " in refused(settings, "shadow", "no-such-model", "--last", 1)
    assert "an .onnx file; there is none" in refused(settings, "shadow", "no/where", "--last", 1)
    name = settings.scoring.model
    assert "expected a duration" in refused(settings, "shadow", name, "--for", "soon")
    assert "--last, of what is recorded" in refused(
        settings, "shadow", name, "--last", 1, "--mentions", 1
    )


async def test_the_language_of_the_test_is_heard() -> None:
    """Else a skipped mention would prove nothing."""
    assert Language().of("Guten Tag, meine Rechnung stimmt leider schon wieder nicht.") == "de"
