"""The backlog: how long the oldest mention in hand has waited for us."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Backlog:
    """The wait behind a batch. All times in ms since the epoch; `full` mentions fill a batch.

    A batch that is not full has nothing behind it, so what comes later has waited for no longer
    than since then: that bounds what a stranger's clock on a message, or an outage, would claim.
    """

    full: int
    _clear_ms: int | None = None  # at this moment nothing waited, or not for us
    _oldest_ms: int | None = None  # None: nothing is in hand

    def took(self, count: int, oldest_ms: int, now_ms: int) -> None:
        """A batch of so many is in hand, the oldest of which came to the topic at `oldest_ms`."""
        if self._clear_ms is None or count < self.full:
            self._clear_ms = now_ms
        self._oldest_ms = max(oldest_ms, self._clear_ms)

    def away(self, now_ms: int) -> None:
        """A part that we need was away: until now it is not scoring that was waited for."""
        self._clear_ms = now_ms
        if self._oldest_ms is not None:
            self._oldest_ms = now_ms

    def settled(self) -> None:
        """The batch has its outcomes."""
        self._oldest_ms = None

    def waited_ms(self, now_ms: int) -> int:
        """How long the oldest mention in hand has waited; 0 where none is."""
        return 0 if self._oldest_ms is None else max(0, now_ms - self._oldest_ms)
