"""Plant each fault in a copy of the project and see whether its test fails, as it must."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.fault import ROOT, Fault

_COPIED = ("app", "agents", "config", "tests", "tools", "pyproject.toml", "docs", "README.md")
_LINKED = ("models",)
_LIMIT_S = 120
_TESTS_FAILED = 1  # pytest's exit status; anything else above 0 says that it could not run
_NOTHING = shutil.ignore_patterns("__pycache__", ".hypothesis", "*.pyc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    fault: Fault
    caught: bool
    said: str


def run(faults: Sequence[Fault], jobs: int) -> Iterator[Verdict]:
    """The verdict on each fault, as they come. Raises ValueError where a test fails without one."""
    with _copies(jobs) as free, ThreadPoolExecutor(jobs) as pool:
        _judge_soundness(faults, free)

        def one(fault: Fault) -> Verdict:
            folder = free.get()
            try:
                return _judge(fault, folder)
            finally:
                free.put(folder)

        yield from pool.map(one, faults)


def _judge_soundness(faults: Sequence[Fault], free: SimpleQueue[Path]) -> None:
    """In a copy as well: a test that fails there for another reason would prove nothing."""
    folder = free.get()
    status, said = _pytest(sorted({test for fault in faults for test in fault.caught_by}), folder)
    free.put(folder)
    if status:
        raise ValueError(f"the tests fail without any fault:\n{said}")


def _pytest(tests: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run these tests in this copy; returns the exit status and the last lines."""
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            argv, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return _TESTS_FAILED, f"stopped after {_LIMIT_S} s"
    return done.returncode, "\n".join(done.stdout.splitlines()[-6:])


@contextmanager
def _copies(count: int) -> Iterator[SimpleQueue[Path]]:
    free: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="handshake-mutants-") as base:
        for number in range(count):
            free.put(_copy(Path(base) / str(number)))
        yield free


def _copy(to: Path) -> Path:
    to.mkdir()
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=_NOTHING)
        else:
            shutil.copy(source, to / name)
    for name in _LINKED:
        (to / name).symlink_to(ROOT / name)
    return to


def _judge(fault: Fault, folder: Path) -> Verdict:
    path = folder / fault.file
    sound = path.read_text("utf-8")
    path.write_text(fault.planted(sound), "utf-8")
    try:
        status, said = _pytest(fault.caught_by, folder)
    finally:
        path.write_text(sound, "utf-8")
    return Verdict(fault=fault, caught=status == _TESTS_FAILED, said=f"exit {status}: {said}")
