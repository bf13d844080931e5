"""`python -m tests.chaos`: the whole campaign, or the runs that are named."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.chaos import table
from tests.chaos.catalogue import RUNS, Wanted
from tests.chaos.files import say
from tests.chaos.run import Run


def main() -> int:
    wanted, names, keep = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="handshake-chaos-"))
    done: list[Run] = []
    problems: list[str] = []
    for name in names:
        try:
            run = RUNS[name](folder / name, wanted)
        except pytest.skip.Exception as skipped:
            say(f"{name}: left out: {skipped}")
        except (Exception, pytest.fail.Exception) as error:
            problems.append(f"{name}: {type(error).__name__}: {error}")
            say(problems[-1])
        else:
            done.append(run)
            problems += [f"{name}: {problem}" for problem in run.problems]
    say(f"\n{table.text(done)}")
    for problem in problems:
        say(problem)
    if problems or keep:
        say(f"everything of this campaign is in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if problems else 0


def _arguments() -> tuple[Wanted, list[str], bool]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="of the worker, at the stages")
    parser.add_argument("--rounds", type=int, default=3, help="of every other fault")
    parser.add_argument("--minutes", type=float, default=0, help="the longest the kills may take")
    parser.add_argument("--only", default=",".join(RUNS), help=f"of {', '.join(RUNS)}")
    parser.add_argument("--keep", action="store_true", help="keep the files of a clean campaign")
    given = parser.parse_args()
    names = [name for name in given.only.split(",") if name]
    if unknown := set(names) - set(RUNS):
        parser.error(f"--only: expected {', '.join(RUNS)}, got {', '.join(sorted(unknown))}")
    until = time.monotonic() + given.minutes * 60 if given.minutes else 0.0
    return Wanted(kills=given.kills, rounds=given.rounds, until=until), names, given.keep


if __name__ == "__main__":
    sys.exit(main())
