"""The quantile of reports, tables and benchmarks."""

from __future__ import annotations

from itertools import product

import pytest

from app.core.quantiles import quantile


@pytest.mark.parametrize(("count", "share"), product((1, 2, 7, 100), (0.0, 0.5, 0.99, 1.0)))
def test_a_quantile_is_the_smallest_of_the_values_that_so_many_do_not_exceed(
    count: int, share: float
) -> None:
    values = [float(n) for n in range(count, 0, -1)]
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * count
    assert sum(value < found for value in values) < max(1.0, share * count)
