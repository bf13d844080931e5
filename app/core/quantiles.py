"""The quantile of times in reports, tables and benchmarks."""

from __future__ import annotations

import math
from collections.abc import Collection


def quantile(values: Collection[float], share: float) -> float:
    """The nearest rank: the smallest value that so great a share of them does not exceed.

    A value that there was, never one between two. `share` is 0 to 1. Raises IndexError of nothing.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
