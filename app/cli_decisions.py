"""`python -m app decisions`: the proof that the same log and rules give the same decisions."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from app.cli_flags import DataDir, settings_of
from app.cli_window import SINCE_HELP, UNTIL_HELP, store_of, window_of

EXIT_DIFFERENT = 1


def decisions(
    since: Annotated[str, typer.Option(help=SINCE_HELP)] = "",
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    data_dir: DataDir = None,
) -> None:
    """Decide everything recorded again by the live rules, and sum it up in one digest.

    Exit code 1 where the same rules no longer give the same decision.
    """
    import orjson

    from app.adapters.store.traffic import Traffic
    from app.core.recorded import DIFFERENT
    from app.processes.decisions import decide_again, sentence
    from app.wiring.base import system_ms
    from app.wiring.rules import live_configuration

    settings = settings_of(data_dir=data_dir)
    window = window_of(since, until, system_ms())
    config = live_configuration(settings)
    with store_of(settings) as database:
        again = asyncio.run(decide_again(Traffic(database), config, window))
    typer.echo(orjson.dumps(again.as_dict()) if as_json else sentence(again))
    if again.verdicts[DIFFERENT]:
        raise typer.Exit(EXIT_DIFFERENT)
