"""`python -m app overrides`: which rules people keep correcting, and how."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import SINCE_HELP, UNTIL_HELP, store_of, window_of


def overrides(
    since: Annotated[str, typer.Option(help=SINCE_HELP)] = "7d",
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Tell what people did otherwise than the rules decided, rule by rule, with their reasons."""
    import orjson
    from rich.console import Console

    from app.processes.backtest_shown import print_table
    from app.wiring.base import system_ms
    from app.wiring.overrides import HEADS, report, rows, traffic_of

    settings = settings_of(store={"url": store}, data_dir=data_dir)
    window = window_of(since, until, system_ms())
    with store_of(settings) as database:
        made = asyncio.run(report(traffic_of(database), window))
    if as_json:
        typer.echo(orjson.dumps(made))
        return
    out = Console()
    out.print(
        f"[bold]{made['tasks']}[/] tasks, [bold]{made['overridden']}[/] of them changed by people,"
        f" {made['mediated']} by the mediator"
    )
    print_table(out, "Changed by people", HEADS, rows(made))
