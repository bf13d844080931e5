"""`python -m tests.mutants`: every fault must be caught by the test that it names."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.mutants import campaign
from tests.mutants.fault import faults


def main() -> None:
    """Exit with 1 where a fault goes unnoticed, or where a test fails without one."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("only", nargs="*", help="ids of faults; default: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    chosen = [fault for fault in faults() if not asked.only or fault.id in asked.only]
    began = time.monotonic()
    missed = 0
    for verdict in campaign.run(chosen, asked.jobs):
        missed += not verdict.caught
        print(f"  {'caught' if verdict.caught else 'MISSED'}  {verdict.fault.id}", flush=True)
        if not verdict.caught:
            print(f"          {verdict.fault.why}\n          {verdict.said}", flush=True)
    took_s = time.monotonic() - began
    print(f"{len(chosen)} faults, {len(chosen) - missed} caught, {missed} missed, {took_s:.0f} s")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
