"""The live suite as CI runs it: a few failures are run once more by themselves, and named.

Real processes, brokers and browsers share two cores there, and now and then one test loses to the
load. What passes when it is run alone is flaky: it is named, for somebody to mend it, and the run
goes on. What fails twice, or fails in numbers, is broken.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CACHE = Path(".pytest_cache/live")  # not that of the fast tests: only this suite's failures count
MOST_AGAIN = 8  # tests; one broker that did not start is four of them
_SOME_FAILED = 1  # pytest's exit code; any other one says that the run itself went wrong


def suite(arguments: list[str]) -> int:
    """Run pytest on these tests of the suite; return its exit code."""
    command = (sys.executable, "-m", "pytest", "-m", "live", "-o", f"cache_dir={CACHE}", *arguments)
    return subprocess.run(command, check=False).returncode


def main(arguments: list[str], run: Callable[[list[str]], int] = suite) -> int:
    """Run the suite on `arguments`; return pytest's exit code of the last run."""
    _failed_file().unlink(missing_ok=True)
    code = run(arguments)
    again = failed()
    if code != _SOME_FAILED or not 0 < len(again) <= MOST_AGAIN:
        return code
    print(
        "\nFailed, and run again by themselves (flaky if they pass now):",
        *again,
        sep="\n  ",
        flush=True,
    )
    return run(again)


def failed() -> list[str]:
    """The ids of the tests that failed in the last run."""
    try:
        found = json.loads(_failed_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return sorted(found)


def _failed_file() -> Path:
    return CACHE / "v" / "cache" / "lastfailed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
