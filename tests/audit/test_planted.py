"""Every planted bug is found under its invariant; a checker never seen failing proves nothing."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path

import pytest

from app.audit.auditor import CHECKS
from tests.audit import (
    bugs_beside,
    bugs_in_clocks,
    bugs_in_flow,
    bugs_in_offers,
    bugs_in_policies,
    bugs_in_tasks,
)
from tests.audit.centre import clean
from tests.audit.judging import judge
from tests.audit.planting import PLANTED, History, Mutation, NoPlace

_MODULES = (
    bugs_beside,
    bugs_in_clocks,
    bugs_in_flow,
    bugs_in_offers,
    bugs_in_policies,
    bugs_in_tasks,
)

_SEEDS = 200  # the rarest place is in one history of a hundred


@cache
def _pickled(seed: int) -> bytes:
    return pickle.dumps(clean(seed))


def planted(mutation: Mutation) -> History:
    """The first clean history with a place for the bug, with the bug."""
    for seed in range(_SEEDS):
        history: History = pickle.loads(_pickled(seed))  # noqa: S301 (our own, of a moment ago)
        try:
            mutation(history)
        except NoPlace:
            continue
        return history
    raise AssertionError("no history has a place for this bug")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, tmp_path: Path) -> None:
    invariant, mutation = PLANTED[name]
    auditor = judge(planted(mutation), tmp_path)
    found = {v.invariant: v.detail for v in auditor.violations}
    assert invariant in found, found


def test_there_are_enough_bugs_and_one_at_least_for_each_checked_invariant() -> None:
    assert len(_MODULES) == 6
    assert len(PLANTED) >= 40
    assert {invariant for invariant, _ in PLANTED.values()} == {check.id for check in CHECKS}


def test_every_invariant_is_checked() -> None:
    assert {check.id for check in CHECKS} == {f"I{number}" for number in range(1, 27)}
