"""The customer's own agent: who answered last is asked first, for a while."""

from __future__ import annotations

import pytest

from app.core.profile import Profile
from app.core.sticky import Sticky

DAY_MS = 24 * 3600 * 1000
STICKY = Sticky(wait_ms=30_000, age_ms=30 * DAY_MS)
ANSWERED = Profile(last_rep="ann", last_reply_ms=5 * DAY_MS)


def test_who_answered_last_is_the_own_agent() -> None:
    """A5.4: a returning customer is not told to begin again."""
    assert STICKY.own_rep(ANSWERED, 6 * DAY_MS) == "ann"


@pytest.mark.parametrize(("now_ms", "expected"), [(35 * DAY_MS, "ann"), (35 * DAY_MS + 1, "")])
def test_an_agent_stays_ones_own_for_so_long(now_ms: int, expected: str) -> None:
    assert STICKY.own_rep(ANSWERED, now_ms) == expected


def test_nobody_is_the_own_agent_of_a_stranger_or_where_it_is_switched_off() -> None:
    assert STICKY.own_rep(None, DAY_MS) == ""
    assert STICKY.own_rep(Profile(), DAY_MS) == ""
    assert Sticky(wait_ms=0, age_ms=30 * DAY_MS).own_rep(ANSWERED, 6 * DAY_MS) == ""
