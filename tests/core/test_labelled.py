"""How good matching is: on made-up people everywhere, on the labelled sets where they are."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.adapters.identity_weights import load
from app.adapters.labelled_csv import read
from app.adapters.normal_forms import similar
from app.cli import cli
from app.core.blocking import MOST_ALIKE
from app.core.errors import ConfigError, Invalid
from app.core.labelled import evaluate
from app.core.matching import JOIN, REVIEW
from app.settings import IDENTITY, ROOT
from models.identity.fit import as_toml, fit, halves, is_fitted_on
from models.identity.made import labelled

SETS = ROOT.parent / "shared" / "data" / "identity"
PRECISION, RECALL = 0.995, 0.90

with_sets = pytest.mark.skipif(
    not SETS.exists(), reason=f"the labelled sets (FEBRL) are not in {SETS}"
)


def test_made_up_people_are_told_apart_and_found_again() -> None:
    report = evaluate(labelled(1_500, seed=11), load(IDENTITY), similar)
    assert report.pairs > 500
    assert report.bands[JOIN].precision >= PRECISION
    assert report.groups.precision >= PRECISION
    assert report.recall >= RECALL
    assert report.join_recall > 0.4
    assert report.bands[REVIEW].pairs < report.pairs  # a person is asked about few others


def test_worse_weights_are_seen_in_the_figures() -> None:
    """The measure can fail: with the bands a hundred bits lower, strangers are joined."""
    weights = load(IDENTITY)
    blind = type(weights)(bits={}, join=0.0, review=-1.0, people=weights.people)
    report = evaluate(labelled(400, seed=11), blind, similar)
    assert report.bands[REVIEW].precision < 0.9


def test_the_same_name_everywhere_is_compared_with_nobody() -> None:
    """A million identical names would be 500 billion pairs."""
    records = [(str(n), labelled(1, seed=3)[0][1]) for n in range(MOST_ALIKE + 1)]
    report = evaluate(records, load(IDENTITY), similar)
    assert (report.compared, report.pairs) == (0, 0)


@with_sets
@pytest.mark.parametrize(
    "names", [["dataset1"], ["dataset4a", "dataset4b"]], ids=["dataset1", "dataset4"]
)
def test_sets_that_were_never_fitted_on(names: list[str]) -> None:
    """D9: at least 99.5 % of what the machine joins is right; with people nine tenths are found."""
    report = evaluate(read([SETS / f"{name}.csv" for name in names]), load(IDENTITY), similar)
    assert report.bands[JOIN].precision >= PRECISION
    assert report.groups.precision >= PRECISION
    assert report.recall >= RECALL


@with_sets
def test_people_who_were_held_out_of_the_fit() -> None:
    """Whoever the weights were not made of fares as well."""
    fitted_on, held_out = halves(SETS)
    seen = {person for records in fitted_on for person, _ in records}
    for records in held_out:
        report = evaluate(records, load(IDENTITY), similar)
        assert report.bands[JOIN].precision >= PRECISION
        assert report.recall >= RECALL
    assert not any(is_fitted_on(person) for each in held_out for person, _ in each)
    assert all(is_fitted_on(person) for person in seen)


@pytest.mark.live
@pytest.mark.timeout(180)
@with_sets
def test_the_shipped_weights_are_what_the_fit_makes() -> None:
    fitted_on, _ = halves(SETS)
    assert as_toml(fit(fitted_on)) == IDENTITY.read_text("utf-8")


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    heads = "rec_id given_name surname street_number address_1 date_of_birth postcode".split()
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(heads)
        out.writerow(["rec-1-org", "anna", "lindqvist", "12", "harbour road", "19840307", "4711"])
        out.writerow(["rec-1-dup-0", "anna", "lindqvst", "12", "harbour rd", "19840307", "4711"])
        out.writerow(["rec-2-org", "peter", "lindqvist", "12", "harbour road", "19821123", "4711"])
    return path


def test_the_command_tells_each_band(small_set: Path) -> None:
    answer = CliRunner().invoke(cli, ["identity", "evaluate", "--json", str(small_set)])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)["small.csv"]
    assert (found["records"], found["pairs"], found["compared"]) == (3, 1, 3)
    assert found["bands"]["join"] == {"pairs": 1, "true": 1, "share": 1.0}
    assert found["bands"]["review"]["true"] == 0
    table = CliRunner().invoke(cli, ["identity", "evaluate", str(small_set)])
    assert "100.00%" in table.output


def test_a_file_without_labels_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("rec_id,given_name\nrec-1-org,a\nrec-two,b\n", "utf-8")
    with pytest.raises(Invalid, match=r"x\.csv:3 rec_id.*rec-two"):
        read([file])
    answer = CliRunner().invoke(cli, ["identity", "evaluate", str(file)])
    assert answer.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("join = 1", "review: expected a number"),
        ("join = 1\nreview = 2\npeople = 5\n[bits.name]\nsame = 1", "review below join"),
        ("join = 2\nreview = 1\npeople = 5\n[bits.nose]\nsame = 1", "bits.nose.same"),
        ("join = 2\nreview = 1\npeople = 5\n[bits.name]\nsame = 'x'", "bits.name.same: expected"),
        ("join = ", "weights.toml"),
    ],
)
def test_weights_that_are_none_are_refused_whole(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=told):
        load(path)
