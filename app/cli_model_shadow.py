"""`python -m app model shadow`: a candidate beside the live model, without effect."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_model_live import EXIT_REFUSED, AsJson, Candidate
from app.cli_window import store_of
from app.core.errors import ConfigError

if TYPE_CHECKING:
    from app.adapters.store.database import Database
    from app.core.model_shadow import Comparison

_NICE = 10  # whatever else runs on this machine comes first


def shadow(  # noqa: PLR0913 (each is a flag)
    candidate: Candidate,
    last: Annotated[
        int, typer.Option(min=0, help="compare on so many recorded mentions; 0: on those that come")
    ] = 0,
    lasting: Annotated[str, typer.Option("--for", help="end after this, e.g. 10m")] = "",
    mentions: Annotated[int, typer.Option(min=0, help="end after so many; 0: no end")] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """Ask a candidate beside the live model; Ctrl+C ends it and prints what was found."""
    import orjson

    from app.core import duration
    from app.processes.model_shadow_shown import show

    try:
        for_s = duration.seconds(lasting) if lasting else 0.0
    except ValueError as error:
        raise typer.BadParameter(f"--for: {error}") from None
    if last and mentions:
        raise typer.BadParameter("expected --last, of what is recorded, or --mentions, that come")
    settings = settings_of(store={"url": store}, data_dir=data_dir)
    with store_of(settings) as database:
        try:
            found = asyncio.run(_compared(settings, database, candidate, (last, mentions, for_s)))
        except ConfigError as error:
            typer.echo("This cannot run in shadow:", err=True)
            typer.echo("\n".join(f"  {problem}" for problem in error.problems), err=True)
            raise typer.Exit(EXIT_REFUSED) from None
    if as_json:
        typer.echo(orjson.dumps(found.as_dict()))
    else:
        show(found.as_dict())


async def _compared(
    settings: Any, database: Database, candidate: str, ends: tuple[int, int, float]
) -> Comparison:
    """Raises ConfigError, and Unavailable where the store does not answer."""
    from app.adapters.store.received import Received
    from app.processes.model_shadow import coming, compare, pair_of

    last, most, for_s = ends
    pair, received, stop = (
        pair_of(settings, database, candidate),
        Received(database),
        asyncio.Event(),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if for_s:
        loop.call_later(for_s, stop.set)
    if last:
        return await compare(received.last(last), pair, 0, stop)
    os.nice(_NICE)  # in the command alone: it never gets faster again
    typer.echo(f"{pair.comparison.candidate} beside {pair.comparison.live}; Ctrl+C ends", err=True)
    return await compare(coming(received, stop), pair, most, stop)
