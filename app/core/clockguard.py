"""The guard of the clock: the door's time against a clock of our own that nobody can set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

JUMP_MS: Final = 30_000  # further apart in one step than this, clocks do not just drift
GRACE_MS: Final = 30_000  # so long nothing expires after a jump: people had no chance to answer

STEADY, FORWARD, BACK = "steady", "forward", "back"


@dataclass(slots=True)
class ClockGuard:
    """Say what the door's clock did since it was last looked at.

    Both clocks of a process that was itself frozen have moved on alike: that is no jump.
    """

    _door_ms: int = 0
    _own_ms: int = 0
    _frozen_until_ms: int = 0

    def look(self, door_ms: int, highest_ms: int, own_ms: int) -> str:
        """`door_ms` is the server's time, `highest_ms` what the door goes by, `own_ms` ours."""
        known = self._own_ms > 0
        apart = (door_ms - self._door_ms) - (own_ms - self._own_ms)
        self._door_ms, self._own_ms = door_ms, own_ms
        if highest_ms - door_ms > JUMP_MS:
            return BACK  # the door stands still until the server's time has come as far again
        if known and apart > JUMP_MS:
            self._frozen_until_ms = own_ms + GRACE_MS
            return FORWARD
        return STEADY

    def frozen(self, own_ms: int) -> bool:
        """May nothing expire just now?"""
        return own_ms < self._frozen_until_ms

    def forget(self) -> None:
        """The door's clock was set anew: begin again from its next reading."""
        self._own_ms = 0
