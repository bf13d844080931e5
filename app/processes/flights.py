"""Flights beside the record: who joins them by a label, and which have reached their goal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from app import metrics
from app.adapters.store.database import Database
from app.adapters.store.flight_reader import FlightReader
from app.adapters.store.flight_rows import Found
from app.adapters.store.flights import Flights, Said, Scene
from app.core import flight_moves
from app.core.errors import Conflict
from app.core.flight import ITSELF, REACHED, Event, Who
from app.core.flight_goal import reached

log = structlog.get_logger()

FOLLOW_S, JUDGE_S = 0.25, 1.0


class FlightWatch:
    """`follow` and `judge` are repeated; both raise Unavailable, and change nothing when repeated.

    A flight is judged as of a moment up to which the ledger has been read: whoever is behind would
    take tasks for ended, or for none, that have just begun.
    """

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._reader = FlightReader(database)
        self._flights = Flights(database)
        self._now_ms = now_ms
        self._mark = (0, 0)  # the end of the ledger at a moment, and that moment

    async def follow(self) -> None:
        """Take in all that is new in the ledger."""
        while await self._reader.take():
            pass

    async def judge(self) -> None:
        """Count again, and close what has reached its goal."""
        now = self._now_ms()
        read, last = await self._reader.standing()
        if read >= last:
            self._mark = (last, now)
        upto, at_ms = self._mark
        found = await self._flights.recount()
        metrics.FLIGHTS_OPEN.set(len(found))
        if read < upto:
            return
        for one in found:
            if reached(one.flight, one.counts, at_ms):
                await self._close(one, at_ms)
        self._mark = (last, now)

    async def _close(self, found: Found, now_ms: int) -> None:
        flight = found.flight
        said = Said(
            op_id=f"{ITSELF}:{flight.id}:{flight.version}", digest="", version=flight.version
        )
        try:
            await self._flights.change(flight.id, partial(_arrived, now_ms=now_ms), said)
        except Conflict as error:  # somebody was faster: the next turn looks again
            log.info("flight_not_closed", flight=flight.id, reason=str(error))
        else:
            log.info("flight_closed", flight=flight.id, name=flight.plan.name)


def _arrived(scene: Scene, now_ms: int) -> Event | None:
    """The end of a flight that is still at its goal in this moment."""
    flight = scene.found.flight
    if not reached(flight, scene.found.counts, now_ms):
        return None
    metrics.FLIGHTS_CLOSED.labels(REACHED).inc()
    who = Who(name=ITSELF, role="service", at_ms=now_ms)
    return flight_moves.closed(flight, REACHED, who, "goal reached", scene.outcome(now_ms))
