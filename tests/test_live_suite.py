"""CI runs a few failures of the live suite once more, and no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import settings
from tools import live_suite
from tools.browser import STILL

_HEAD = """
import pathlib
import pytest
pytestmark = pytest.mark.live
runs = pathlib.Path("runs")
runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose module counts in `runs` how often it was collected."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    live: as here\n")
    return tmp_path / "test_it.py"


def _ran(suite: Path) -> int:
    return len((suite.parent / "runs").read_text())


def test_what_passes_when_run_again_does_not_fail_the_suite(
    suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    suite.write_text(
        _HEAD + "def test_load(): assert len(runs.read_text()) == 2\ndef test_a(): ...\n"
    )
    assert live_suite.main(["test_it.py"]) == 0
    assert "flaky if they pass now):\n  test_it.py::test_load" in capfd.readouterr().out


def test_what_fails_twice_fails_the_suite(suite: Path) -> None:
    suite.write_text(_HEAD + "def test_broken(): assert False\n")
    assert live_suite.main(["test_it.py"]) == 1
    assert _ran(suite) == 2


def test_failures_in_numbers_are_not_run_again(suite: Path) -> None:
    many = live_suite.MOST_AGAIN + 1
    suite.write_text(
        _HEAD + f"@pytest.mark.parametrize('n', range({many}))\ndef test_n(n): assert False\n"
    )
    assert live_suite.main(["test_it.py"]) == 1
    assert _ran(suite) == 1


def test_a_suite_without_failures_runs_once(suite: Path) -> None:
    suite.write_text(_HEAD + "def test_a(): ...\n")
    assert live_suite.main(["test_it.py"]) == 0
    assert _ran(suite) == 1


def test_no_wait_of_a_test_takes_its_instance_down_the_ladder_of_scoring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in STILL.items():
        monkeypatch.setenv(name, value)
    assert min(settings.load().scoring.until_ms) >= 600_000  # longer than any test may take
