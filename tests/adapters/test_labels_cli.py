"""`python -m app labels`: agreement for people and programs, a file to evaluate and train on."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.labelled_lines import read
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.migrate import migrate
from app.adapters.store.score_labels import ScoreLabels
from app.cli import cli
from app.core.label_draw import Draw
from app.core.score import UNSUPPORTED
from tests.adapters.test_personal import erased
from tests.builders import NOON_MS
from tests.core.label_house import MODEL, edited, label_fact, scored_mention

DRAW = Draw(per_day=5, unsupported_per_day=2, unsure_below=0.7)


def story() -> list[dict[str, Any]]:
    """Three mentions: labelled by two, by one before an edit, and of no known language."""
    one, two = scored_mention("m1"), scored_mention("m2", handle="@eve")
    three = scored_mention("m3", handle="@sam", label=UNSUPPORTED, confidence=0.0, lang="nl")
    return [
        *one,
        *two,
        *three,
        label_fact(one, "anton", NOON_MS + 1, sentiment="neutral", blind=True),
        label_fact(one, "ann", NOON_MS + 2, sentiment="positive"),
        label_fact(two, "ann", NOON_MS + 3, sentiment="negative", intent="complaint"),
        edited("m2", "All is well now", NOON_MS + 4, label="positive", confidence=0.9),
        label_fact(three, "sofia", NOON_MS + 5, sentiment="negative"),
    ]


async def kept(folder: Path, erase: str = "") -> None:
    url = f"sqlite:///{folder / 'handshake.db'}"
    migrate(url)
    database = Database(url)
    await Ledger(database).append(story())
    while await ScoreLabels(database).take(DRAW):
        pass
    if erase:
        await erased(database, erase)
    database.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    asyncio.run(kept(folder))
    return folder


def run(folder: Path, *args: str) -> Any:
    given = ["labels", *args, "--data-dir", str(folder)]
    return CliRunner().invoke(cli, given, env={"COLUMNS": "200"})


def exported(folder: Path, *args: str) -> list[dict[str, Any]]:
    done = run(folder, "export", str(folder / "out.jsonl"), *args)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]


def test_the_file_is_read_by_evaluate_and_by_nobody_else(folder: Path) -> None:
    """A3.2: what people corrected comes back to the model; personal data, for its owner alone."""
    (folder / "out.jsonl").write_text("an older one, open to all", "utf-8")
    exported(folder)
    labelled = read(folder / "out.jsonl")
    assert dict(zip(labelled.texts, labelled.labels, strict=True)) == {
        "Well, m1": "neutral",
        "Well, m2": "negative",
    }
    assert stat.S_IMODE((folder / "out.jsonl").stat().st_mode) == 0o600
    assert [path.name for path in folder.glob("out*")] == ["out.jsonl"]


def test_each_mention_is_there_once_as_it_was_worded_then_with_whose_answer_it_was(
    folder: Path,
) -> None:
    lines = {line["mention_id"]: line for line in exported(folder)}
    assert lines["m1"] == {
        "text": "Well, m1", "label": "neutral", "said": "neutral", "blind": True, "lang": "en",
        "model": MODEL, "mention_id": "m1",
    }  # fmt: skip
    assert (lines["m2"]["text"], lines["m2"]["blind"]) == ("Well, m2", False)


def test_other_fields_and_languages_that_no_model_knew_are_written_when_asked_for(
    folder: Path,
) -> None:
    assert [line["label"] for line in exported(folder, "--of", "intent")] == ["complaint"]
    assert {line["lang"] for line in exported(folder, "--unsupported")} == {"en", "nl"}
    refused = run(folder, "export", str(folder / "out.jsonl"), "--of", "mood")
    assert refused.exit_code == 2
    assert "sentiment, intent, urgency" in refused.output


def test_nothing_of_who_was_erased_is_written(tmp_path: Path) -> None:
    asyncio.run(kept(tmp_path, erase="x:kim"))
    assert [line["text"] for line in exported(tmp_path)] == ["Well, m2"]


def test_a_file_that_cannot_be_written_is_told(folder: Path) -> None:
    done = run(folder, "export", str(folder / "none" / "out.jsonl"))
    assert done.exit_code != 0
    assert "cannot be written: No such file" in str(done.exception)


def test_agreement_is_told_to_people_and_to_programs(folder: Path) -> None:
    shown = run(folder)
    assert shown.exit_code == 0, shown.output
    for part in (MODEL, "blind", "1 (100.0%)", "neutral -> negative 1", UNSUPPORTED):
        assert part in shown.stdout
    told = json.loads(run(folder, "--json").stdout)
    assert {(one["of"], one["blind"], one["labels"]) for one in told if one["model"] == MODEL} == {
        ("sentiment", True, 1), ("sentiment", False, 2), ("intent", False, 1),
    }  # fmt: skip


def test_where_nothing_ran_yet_it_says_so(tmp_path: Path) -> None:
    assert "there is no store" in str(run(tmp_path).exception)
