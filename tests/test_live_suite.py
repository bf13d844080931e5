"""CI runs a few failures of the live suite once more, and no more than that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import live_suite


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Suite:
    """Runs that end as they are told to, and leave behind which tests failed."""

    def __init__(self, *ends: tuple[int, list[str]]) -> None:
        self.ends = list(ends)
        self.asked: list[list[str]] = []

    def __call__(self, arguments: list[str]) -> int:
        self.asked.append(arguments)
        code, failed = self.ends.pop(0)
        file = live_suite.CACHE / "v" / "cache" / "lastfailed"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dict.fromkeys(failed, True)))
        return code


def test_a_real_test_that_passes_when_run_again_does_not_fail_the_suite(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    live: as here\n")
    (folder / "test_it.py").write_text(
        "import pathlib, pytest\n"
        "pytestmark = pytest.mark.live\n"
        "ran = pathlib.Path('ran')\n"
        "def test_a(): ...\n"
        "def test_load():\n"
        "    again = ran.exists()\n"
        "    ran.touch()\n"
        "    assert again\n"
    )
    assert live_suite.main(["test_it.py"]) == 0
    assert "flaky if they pass now):\n  test_it.py::test_load" in capfd.readouterr().out


def test_what_fails_twice_fails_the_suite() -> None:
    suite = Suite((1, ["t.py::test_a"]), (1, ["t.py::test_a"]))
    assert live_suite.main(["t.py"], suite) == 1
    assert suite.asked == [["t.py"], ["t.py::test_a"]]


def _many() -> list[str]:
    return [f"t.py::test_{n}" for n in range(live_suite.MOST_AGAIN + 1)]


@pytest.mark.parametrize(
    ("code", "failed"),
    [(0, list), (1, _many), (2, lambda: ["t.py::test_a"])],
    ids=["none failed", "failures in numbers", "the run itself went wrong"],
)
def test_nothing_else_is_run_again(code: int, failed: Callable[[], list[str]]) -> None:
    suite = Suite((code, failed()))
    assert live_suite.main(["t.py"], suite) == code
    assert suite.asked == [["t.py"]]
