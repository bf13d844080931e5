"""A campaign fails where something was broken, and never counts a second of service too few."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.failpoints import STAGES
from tests.chaos import judge, table
from tests.chaos.judge import Verdict, service
from tests.chaos.run import Run
from tests.chaos.stages import plan


def test_every_stage_is_killed_equally_often_and_the_same_way_each_time() -> None:
    stages = Counter(line.partition(":")[0] for line in plan(24))
    assert stages == dict.fromkeys(STAGES, 2)
    assert plan(300) == plan(300)


def test_service_is_from_the_fault_to_the_first_outcome_after_it() -> None:
    assert service([1000, 9000, 9500], [2000], 2000) == 7.0


def test_a_kill_that_is_followed_by_another_one_before_service_is_not_timed() -> None:
    assert service([1000, 9000], [2000, 3000], 2000) == 0.0
    assert service([1000, 9000], [2000, 3000], 3000) == 6.0


def test_service_that_never_came_is_no_success() -> None:
    assert service([1000], [2000], 2000) == float("inf")


def judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, times: list[int]
) -> Run:
    nothing: Any = None
    run = Run(name="x", one=nothing, folder=tmp_path, traffic=nothing, people=nothing)
    run.fault("kill").happened(kill=True, at_ms=1000)
    monkeypatch.setattr(judge, "audit", lambda *_: verdict)
    monkeypatch.setattr(judge, "times_of", lambda _: {"decided": times})
    run.judge()
    return run


def test_a_violation_is_a_problem_and_is_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = judged(tmp_path, monkeypatch, Verdict(broken={"I1": 2, "I6": 1, "I11": 3}), [2000])
    assert run.problems == ["the auditor found I1x2 I6x1 I11x3"]
    assert "2 lost, 1 with two owners, 3 silent misses" in table.text([run])


def test_service_later_than_promised_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(tmp_path, monkeypatch, Verdict(), [15_000]).problems == []
    assert judged(tmp_path, monkeypatch, Verdict(), [17_000]).problems == [
        "kill: service after 16.0 s"
    ]
