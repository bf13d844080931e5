"""Durations as people write them in configuration: 90s, 30m, 4h, 2d."""

from __future__ import annotations

import re

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def seconds(text: str) -> float:
    """Return the seconds that `30m` or `1h 30m` stands for.

    Raises ValueError for anything else, zero included.
    """
    parts = _PATTERN.findall(text)
    if not parts or _PATTERN.sub("", text).strip():
        raise ValueError(f"expected a duration such as 90s, 30m or 4h, got {text!r}")
    total = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    if total <= 0:
        raise ValueError(f"expected a duration above zero, got {text!r}")
    return total
