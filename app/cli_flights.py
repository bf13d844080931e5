"""`python -m app flights ...`: flights as the store has them; nothing is written."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from app.adapters.store.flight_rows import Found
    from app.adapters.store.flights import Flights

flights = typer.Typer(name="flights", help="See flights: goals that a group follows together.")
flights.info.no_args_is_help = True

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]

_LISTED = 200


@flights.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """The open flights, then the last closed ones."""
    from app.core.flight import OPEN, SHUT

    async def work(kept: Flights) -> None:
        found = [*await kept.all(OPEN, _LISTED), *await kept.all(SHUT, _LISTED)]
        if as_json:
            _print_json([_as_dict(each) for each in found])
            return
        for each in found:
            typer.echo(_line(each))
        if not found:
            typer.echo("no flight was opened so far")

    _run(work, data_dir, store)


@flights.command()
def show(
    flight_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """One flight: its goal, its route, how it ended, and every change."""

    async def work(kept: Flights) -> None:
        found, events = await kept.one(flight_id), await kept.history(flight_id, _LISTED)
        if as_json:
            from dataclasses import asdict

            _print_json(_as_dict(found) | {"history": [asdict(event) for event in events]})
            return
        for line in _whole(found):
            typer.echo(line)
        for event in reversed(events):
            typer.echo(f"  {_time(event.at_ms)}  {event.by:<12}  {event.kind}")

    _run(work, data_dir, store)


def _line(found: Found) -> str:
    flight, counts = found.flight, found.counts
    route = f"{len(flight.done)}/{len(flight.plan.steps)} steps"
    tasks = f"{counts.open} of {counts.tasks} tasks open"
    return (
        f"{flight.id}  {flight.state:<6}  {_time(flight.opened_ms)}  {route:<11}  {tasks:<22}"
        f"  {_printable(flight.plan.name)}"
    )


def _whole(found: Found) -> list[str]:
    flight = found.flight
    plan, ended = flight.plan, flight.closed
    lines = [_line(found), f"goal: {_printable(plan.goal.words)} ({plan.goal.kind})"]
    if plan.labels:
        lines.append(f"labels: {', '.join(plan.labels)}")
    lines.append(f"group: {', '.join([*plan.reps, *plan.queues])}")
    for step in plan.steps:
        done = flight.done.get(step.id)
        told = f"done by {done.by} {_time(done.at_ms)}" if done else "to do"
        lines.append(f"  [{'x' if done else ' '}] {_printable(step.what)}: {told}")
    if ended:
        lines.append(f"closed {_time(ended['at_ms'])} by {ended['by']}: ")
        lines[-1] += _printable(ended["reason"])
        lines += [f"  {name}: {value}" for name, value in ended["outcome"].items()]
    return lines


def _as_dict(found: Found) -> dict[str, Any]:
    from dataclasses import asdict

    flight = asdict(found.flight)
    done = {str(id_): value for id_, value in flight["done"].items()}
    return flight | {"done": done, "counts": asdict(found.counts)}


def _print_json(value: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def _printable(text: str) -> str:
    """On one line, and without signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}Z"


def _run(work: Callable[[Flights], Coroutine[Any, Any, None]], data_dir: Any, store: str) -> None:
    from app.adapters.store.flights import Flights

    with store_of(settings_of(data_dir=data_dir, store={"url": store})) as database:
        asyncio.run(work(Flights(database)))
