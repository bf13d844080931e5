"""`python -m app labels`: what people said in place of the model, counted and exported."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import store_of
from app.core.errors import HandshakeError
from app.core.score_labels import FIELDS, SENTIMENT

labels = typer.Typer(name="labels", help="What people said in place of the model.")


@labels.callback(invoke_without_command=True)
def agreement(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Tell how often people agree with each model, and what they say instead."""
    if context.invoked_subcommand:
        return
    import orjson
    from rich.console import Console

    from app.processes.backtest_shown import print_table
    from app.wiring.score_labels import HEADS, report, rows

    with store_of(settings_of(store={"url": store}, data_dir=data_dir)) as database:
        made = asyncio.run(report(database))
    if as_json:
        typer.echo(orjson.dumps(made))
        return
    out = Console()
    if not made:
        out.print("Nobody has labelled anything yet.")
    print_table(out, "Labels of people beside what the model had said", HEADS, rows(made))


@labels.command()
def export(
    file: Annotated[Path, typer.Argument(help="JSON Lines to write; it takes the place of one")],
    of: Annotated[str, typer.Option("--of", help=", ".join(FIELDS))] = SENTIMENT,
    unsupported: Annotated[
        bool, typer.Option("--unsupported", help="also languages that no model knew")
    ] = False,
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Write texts with the labels of people, in the form that `model evaluate` reads.

    It holds what customers wrote: personal data, readable by you alone. Who is erased afterwards
    is still in it.
    """
    from app.wiring.score_labels import export as write

    if of not in FIELDS:
        raise typer.BadParameter(f"--of: expected {', '.join(FIELDS)}; got {of!r}")
    with store_of(settings_of(store={"url": store}, data_dir=data_dir)) as database:
        try:
            count = asyncio.run(write(database, file, of, unsupported))
        except OSError as error:
            raise HandshakeError(f"{file}: cannot be written: {error.strerror}") from None
    typer.echo(f"{count} labelled texts are in {file}, for your eyes alone: they are personal data")
