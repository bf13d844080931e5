"""The auditor is silent where nothing is wrong: on seeded days, and recorded ledgers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.auditor import NOT_CHECKED, PARTLY, PROVEN, Auditor
from app.audit.edges import CAUSES, EDGES
from app.audit.fact import fact_of
from app.audit.invariant import Bounds
from tests.audit.centre import clean
from tests.audit.judging import judge
from tests.audit.ledger import SYSTEM, Row

_HERE = Path(__file__).parent
_DAYS = int(os.environ.get("CLEAN_HISTORIES", "120"))  # 1000 takes 30 s on an idle core


@pytest.mark.timeout(480)  # 10 s on an idle core; a busy machine is not a failure
def test_clean_histories_are_silent(tmp_path: Path) -> None:
    ops: Counter[str] = Counter()
    for seed in range(_DAYS):
        history = clean(seed)
        auditor = judge(history, tmp_path)
        assert not auditor.violations, (seed, auditor.violations[:3])
        for fact in history.facts:
            ops.update((fact["op"], *_rarities(fact)))
    # Silence means something only where everything that can happen did.
    assert min(ops[op] for op in EDGES) > _DAYS / 10
    assert min(ops[name] for name in _RARITIES) > _DAYS / 50, ops


_RARITIES = (
    "relaxed",
    "overflowed",
    "forced",
    "pre-empts",
    "pre-empted",
    "no_first_reply",
    "the agent is gone",
    "disconnected",
    "third hand-off",
    "resolution breached",
    "policy",
    "waits",
    "kept",
    "wrap_up_ended",
    *sorted(CAUSES),
)


def _rarities(fact: Row) -> Iterator[str]:
    """What is rarer than an op, by the reason that the fact tells or by its data."""
    data = fact["data"]
    yield str(fact["reason"])
    if fact["op"] == "offered":
        yield "relaxed" if "skills" in data else ""
        yield "overflowed" if "overflow" in data else ""
        yield "forced" if fact["actor"]["role"] == "supervisor" else ""
        yield "pre-empts" if "override" in data else ""
    yield "waits" if data.get("waits_for") else ""
    yield "kept" if data.get("for_rep") else ""


def test_everything_is_proven_of_a_history_with_all_files(tmp_path: Path) -> None:
    verdicts = judge(clean(7), tmp_path).verdicts()
    status = {v.id: v.status for v in verdicts}
    assert len(status) == 26
    assert {id_ for id_, found in status.items() if found != PROVEN} == set()


def test_a_score_by_words_is_signed_as_one_by_a_model_is(tmp_path: Path) -> None:
    """Its signature says that no model did it."""
    history = clean(7)
    for fact in history.facts:
        if fact["op"] == "scored":
            fact["data"]["score"]["model"] = "lexicon"
    auditor = judge(history, tmp_path)
    assert auditor.violations == []
    assert {v.id: v.status for v in auditor.verdicts()}["I22"] == PROVEN


def test_what_other_systems_say_disturbs_no_proof(tmp_path: Path) -> None:
    """A8.3: signals and warnings are facts of no task."""
    history = clean(7)
    first = history.facts[0]
    for op in ("signalled", "warned"):
        told = {"fact_id": f"s/{op}", "op": op, "op_id": "s", "mention_id": "", "source_id": ""}
        beside = {"reason": "Delay", "data": {}, "actor": dict(SYSTEM) | {"id": "crm"}}
        history.facts.insert(1, told | beside | {"now_ms": first["now_ms"]})
    auditor = judge(history, tmp_path)
    assert auditor.violations == []
    assert {verdict.status for verdict in auditor.verdicts()} == {PROVEN}


def test_a_seed_gives_the_same_history_every_time() -> None:
    assert clean(3) == clean(3)


def _recorded(name: str, bounds: Bounds = Bounds()) -> Auditor:  # noqa: B008 (frozen)
    auditor = Auditor(bounds=bounds)
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


def test_what_a_supervisor_parks_is_kept_for_nobody_any_more() -> None:
    """Of a simulated day: kept for lucia, parked again by sofia, woken, offered to ben."""
    assert _recorded("recorded-parked-again.jsonl").violations == []


def test_in_an_outage_a_sweep_that_opens_a_task_to_others_may_be_late() -> None:
    """Of a simulated day with lost answers: its overflow was due 2.1 s before the other's offer."""
    lossy = Bounds(outages=((1795000014069, 1795000021636),))
    assert _recorded("recorded-late-sweep.jsonl", lossy).violations == []
    strict = _recorded("recorded-late-sweep.jsonl").violations
    assert [v.invariant for v in strict] == ["I9"]


def test_without_the_staff_facts_the_clean_stay_clean_and_less_is_proven(tmp_path: Path) -> None:
    for seed in range(40):
        history = clean(seed)
        history.facts[:] = [f for f in history.facts if f["op"] != "configured"]
        for fact in history.facts:
            if fact["op"] == "transferred":
                fact["data"].pop("skills", None)
        auditor = judge(history, tmp_path)
        assert not auditor.violations, (seed, auditor.violations[:3])
        assert {v.status for v in auditor.verdicts() if v.id in ("I7", "I10")} == {NOT_CHECKED}
