"""`python -m app privacy export`: everything that is kept of one person, to hand out."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import store_of

privacy = typer.Typer(name="privacy", help="What is kept of one person.")
privacy.info.no_args_is_help = True


@privacy.callback()
def _group() -> None:
    """A group, although it has one command."""


@privacy.command()
def export(
    handle_key: Annotated[str, typer.Argument(metavar="CHANNEL:HANDLE")],
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Print all of it as one JSON document. The server erases: POST /api/v1/privacy/erasures."""
    import orjson

    from app.adapters.store.erasures import Dossiers

    settings = settings_of(store={"url": store}, data_dir=data_dir)
    with store_of(settings) as database:
        person, found = asyncio.run(Dossiers(database).of(handle_key))
    told: dict[str, Any] = {"person": asdict(person), "records": found}
    typer.echo(orjson.dumps(told, default=lambda raw: bytes(raw).decode("utf-8", "replace")))
