"""The auditor is silent where nothing is wrong: a thousand seeded days, and recorded ledgers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.audit.auditor import BEYOND, NOT_CHECKED, PARTLY, PROVEN, Auditor
from app.audit.edges import EDGES
from app.audit.fact import fact_of
from tests.audit.centre import clean
from tests.audit.judging import judge

_HERE = Path(__file__).parent
_DAYS = 1_000


@pytest.mark.timeout(240)  # 20 s on an idle core; a busy machine is not a failure
def test_a_thousand_clean_histories_are_silent(tmp_path: Path) -> None:
    ops: Counter[str] = Counter()
    for seed in range(_DAYS):
        history = clean(seed)
        auditor = judge(history, tmp_path)
        assert not auditor.violations, (seed, auditor.violations[:3])
        ops.update(fact["op"] for fact in history.facts)
    # Silence means something only where everything that can happen did.
    assert set(EDGES) - {"unroutable"} <= set(ops)
    assert min(ops[op] for op in EDGES if op != "unroutable") > 100


def test_everything_is_proven_of_a_history_with_all_files(tmp_path: Path) -> None:
    verdicts = judge(clean(7), tmp_path).verdicts()
    status = {v.id: v.status for v in verdicts}
    assert {id_ for id_, found in status.items() if found == NOT_CHECKED} == set(BEYOND)
    assert all(found == PROVEN for id_, found in status.items() if id_ not in BEYOND)


def test_a_seed_gives_the_same_history_every_time() -> None:
    assert clean(3) == clean(3)


def _recorded(name: str) -> Auditor:
    auditor = Auditor()
    for number, line in enumerate((_HERE / name).read_text("utf-8").splitlines(), 1):
        auditor.see(fact_of(line, number))
    auditor.end()
    return auditor


def test_a_recorded_ledger_of_the_demo_is_silent() -> None:
    """Its facts tell nothing of the reps, so what rests on that is said to be unproven."""
    auditor = _recorded("recorded.jsonl")
    assert auditor.violations == []
    status = {v.id: v.status for v in auditor.verdicts()}
    assert {status[id_] for id_ in ("I2", "I4", "I8", "I11", "I12", "I13", "I18")} == {PROVEN}
    assert status["I9"] == PARTLY
    assert {status[id_] for id_ in ("I7", "I10", "I15", "I16", "I23")} == {NOT_CHECKED}


def test_two_faults_of_the_first_engine_are_found_in_what_it_wrote() -> None:
    """One Idempotency-Key on two tasks lost a fact; a late completion was told as met."""
    found = Counter(v.invariant for v in _recorded("recorded-broken.jsonl").violations)
    assert found == {"I4": 1, "I11": 1}


def test_without_the_staff_facts_the_clean_stay_clean_and_less_is_proven(tmp_path: Path) -> None:
    for seed in range(40):
        history = clean(seed)
        history.facts[:] = [f for f in history.facts if f["op"] != "configured"]
        for fact in history.facts:
            if fact["op"] == "transferred":
                fact["data"].pop("skills")
        auditor = judge(history, tmp_path)
        assert not auditor.violations, (seed, auditor.violations[:3])
        assert {v.status for v in auditor.verdicts() if v.id in ("I7", "I10")} == {NOT_CHECKED}
