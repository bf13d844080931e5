"""The backlog: how long the oldest mention in hand has waited for us."""

from __future__ import annotations

from dataclasses import dataclass

# A batch that comes so much later (ms) than the last one was settled was not fetched yet: nothing
# waited. Behind a batch that is worked on, the next one lies ready.
_IDLE_MS = 1_000


@dataclass(slots=True)
class Backlog:
    """The wait behind a batch. All times in ms since the epoch; `full` mentions fill a batch.

    A batch that is not full has nothing behind it, so what comes later has waited for no longer
    than since then: that bounds what a stranger's clock on a message, or an outage, would claim.
    """

    full: int
    _clear_ms: int | None = None  # at this moment nothing waited, or not for us
    _oldest_ms: int | None = None  # None: nothing is in hand
    _settled_ms: int | None = None  # when the last batch had its outcomes; None: one is in hand
    _away: bool = False

    def took(self, count: int, oldest_ms: int, now_ms: int) -> None:
        """A batch of so many is in hand, the oldest of which came to the topic at `oldest_ms`."""
        idle = self._settled_ms is not None and now_ms - self._settled_ms > _IDLE_MS
        if self._clear_ms is None or idle or count < self.full:
            self._clear_ms = now_ms
        self._oldest_ms, self._settled_ms = max(oldest_ms, self._clear_ms), None

    def away(self) -> None:
        """A part that we need is away: until it is back it is not scoring that is waited for."""
        self._away = True

    def back(self, now_ms: int) -> None:
        """The part is there again: whatever waits has waited for us since now."""
        self._away, self._clear_ms = False, now_ms
        if self._oldest_ms is not None:
            self._oldest_ms = now_ms

    def settled(self, now_ms: int) -> None:
        """The batch has its outcomes."""
        self._oldest_ms, self._settled_ms = None, now_ms

    def waited_ms(self, now_ms: int) -> int:
        """How long the oldest mention in hand has waited; 0 where none is, or a part is away."""
        return 0 if self._away or self._oldest_ms is None else max(0, now_ms - self._oldest_ms)
