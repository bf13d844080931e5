"""The board: tells this process's screens when flights have changed, wherever that was."""

from __future__ import annotations

from app.adapters.store.database import Database
from app.adapters.store.flights import Flights
from app.web.hub import FLIGHTS, Hub

LOOK_S = 0.5  # what other processes do is seen this soon


class FlightBoard:
    def __init__(self, database: Database, hub: Hub) -> None:
        self._flights = Flights(database)
        self._hub = hub
        self._seen = -1

    async def turn(self) -> None:
        """Look once; repeated. Raises Unavailable."""
        change = await self._flights.last_change()
        if self._seen not in (-1, change):
            self._hub.tell(FLIGHTS, FLIGHTS)
        self._seen = change
