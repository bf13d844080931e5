"""Every fault of tests/mutants still has its place in the code, and a test that it names."""

from __future__ import annotations

import pytest

from tests.mutants.fault import ROOT, Fault, faults

FEWEST = 50


def test_there_are_enough_faults() -> None:
    assert len(faults()) >= FEWEST


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.id)
def test_a_fault_has_its_place_and_its_test(fault: Fault) -> None:
    assert fault.planted((ROOT / fault.file).read_text("utf-8")) != ""
    for test in fault.caught_by:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8")
