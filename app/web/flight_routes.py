"""The routes of flights, as pieces of the route table.

A mediator is an agent with a skill: who of the agents leads is asked by the handlers.
"""

from __future__ import annotations

from typing import Final

from app.core.catalogue import ROLES
from app.web import flights
from app.web.auth import Handler

ROOT: Final = "/api/v1/flights"
_ONE: Final = f"{ROOT}/{{flight_id}}"
_ACTING = ("agent", "supervisor", "admin")

Piece = tuple[str, str, Handler, tuple[str, ...], str]

FLIGHTS: tuple[Piece, ...] = (
    ("GET", ROOT, flights.flights, ROLES, "All open flights, and the last closed ones"),
    ("POST", ROOT, flights.open_flight, _ACTING, "Open a flight (supervisors and mediators)"),
    ("GET", f"{ROOT}/choices", flights.choices, ROLES, "What the plan of a flight may name"),
    ("GET", _ONE, flights.flight, ROLES, "One flight: route, group, what belongs, all changes"),
    ("PUT", _ONE, flights.edit, _ACTING, "Change a flight (supervisors and mediators)"),
    ("POST", f"{_ONE}/tick", flights.tick, ROLES, "Say that a step is done (its group)"),
    ("POST", f"{_ONE}/untick", flights.untick, ROLES, "Take a tick back (its group)"),
    ("POST", f"{_ONE}/add_task", flights.add_task, _ACTING, "Let a task belong (its group)"),
    ("POST", f"{_ONE}/remove_task", flights.remove_task, _ACTING, "Take a task out (its group)"),
    ("POST", f"{_ONE}/close", flights.close, _ACTING, "End a flight (supervisors and mediators)"),
    ("POST", f"{_ONE}/reopen", flights.reopen, _ACTING, "Go on (supervisors and mediators)"),
)
