"""The ladder of scoring: the longer mentions wait, the cheaper the scorer.

Down at once, as far as the wait asks for. Up by one rung after a calm time, and by the next only
after another one: a better rung is slower, and must first show that it keeps up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# The names of the rungs, from the best to the one that needs no model.
FULL, CASCADE, FAST, LEXICON = "full", "cascade", "fast", "lexicon"
RUNGS: Final = (FULL, CASCADE, FAST, LEXICON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The rung in use, counted from the top, and since when a better one would do (ms)."""

    rung: int = 0
    calm_since_ms: int | None = None


TOP: Final = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Rungs from the best down. `until_ms` has one wait for each rung but the last."""

    rungs: tuple[str, ...]
    until_ms: tuple[int, ...]
    calm_ms: int

    def wanted(self, waited_ms: int) -> int:
        """The best rung that this wait (of the oldest mention, in ms) allows."""
        return sum(waited_ms > until for until in self.until_ms)

    def after(self, was: Standing, waited_ms: int, now_ms: int) -> Standing:
        """Where to stand now. Looking again at the same moment changes nothing."""
        wanted = self.wanted(waited_ms)
        if wanted > was.rung:
            return Standing(rung=wanted)
        if wanted == was.rung:
            return Standing(rung=was.rung)
        since = was.calm_since_ms
        if since is None or since > now_ms:  # a clock that went back must not stretch the calm
            return Standing(rung=was.rung, calm_since_ms=now_ms)
        if now_ms - since < self.calm_ms:
            return was
        rung = was.rung - 1
        return Standing(rung=rung, calm_since_ms=now_ms if rung > wanted else None)


def wrong_rungs(rungs: Sequence[str]) -> str:
    """What somebody should know of rungs that make no ladder; empty where they make one."""
    known = [rung for rung in RUNGS if rung in rungs]
    fits = list(rungs) == known and LEXICON in rungs
    return "" if fits else f"expected some of {', '.join(RUNGS)}, in this order, with {LEXICON}"


def wrong_waits(rungs: Sequence[str], until_ms: Sequence[int]) -> str:
    """What somebody should know of waits that do not fit these rungs; empty where they do."""
    if len(until_ms) != len(rungs) - 1:
        return f"expected a wait for each rung but the last, {len(rungs) - 1} of them"
    rising = list(until_ms) == sorted(set(until_ms)) and all(until > 0 for until in until_ms)
    return "" if rising else "expected rising numbers above zero"
