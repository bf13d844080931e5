"""`python -m tests.rules_fuzz --rules 10000`: fuzzed rules in child processes, and the figures."""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.rules_fuzz import campaign
from tests.rules_fuzz.trial import trial


def main() -> None:
    """Exit with 1 where a rule that was let in crashes, or goes beyond its budget."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules_fuzz", description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first")
    parser.add_argument("--child", nargs=2, type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        _child(*asked.child)
        return
    began, report = time.monotonic(), campaign.Report()
    for report in campaign.run(asked.first, asked.rules):
        print(f"  {report.rules} rules, {report.accepted} accepted", file=sys.stderr, end="\r")
    for name in ("crashed", "over", "silent"):
        for line in getattr(report, name):
            print(f"  {name}: {line}")
    for reason, times in report.reasons.most_common(20):
        print(f"  refused {times:>6}: {reason} ...")
    print(f"  worst: {report.worst}")
    print(
        f"{report.rules} rules, {report.accepted} accepted, {report.refused} refused,"
        f" {len(report.crashed)} crashed, {len(report.over)} beyond their budget;"
        f" worst accepted {report.worst_ms:.1f} ms, slowest check {report.check_ms:.0f} ms,"
        f" {time.monotonic() - began:.0f} s"
    )
    sys.exit(0 if report.clean else 1)


def _child(first: int, end: int) -> None:
    for number in range(first, end):
        found = trial(number)
        line = {
            "number": number,
            "condition": found.condition,
            "refused": found.refused,
            "check_ms": found.check_s * 1000,
            "worst_ms": found.worst_s * 1000,
            "over": found.over,
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
