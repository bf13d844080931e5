"""`python -m app model promote`, `rollback`, `list`: which model is live, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.core.errors import ConfigError, Conflict

if TYPE_CHECKING:
    from app.processes.model_promote import Place

EXIT_REFUSED = 2  # the candidate is wrong, or there is nothing to do

T = TypeVar("T")

Candidate = Annotated[
    str, typer.Argument(help="a folder with manifest.toml, a name in ours, or an .onnx")
]
Reason = Annotated[str, typer.Option(help="why, for the ledger")]
AsJson = Annotated[bool, typer.Option("--json", help="one object for programs")]


def promote(
    candidate: Candidate, reason: Reason, data_dir: DataDir = None, store: StoreUrl = ""
) -> None:
    """Make a candidate the live model, on every worker within seconds, without a restart."""
    _needed(reason)

    async def work(where: Place) -> None:
        from app.processes.model_promote import me
        from app.processes.model_promote import promote as run

        done = await run(where, candidate, reason, me())
        typer.echo(f"{done.to_tag} is live, as change {done.change}; before it was {done.from_tag}")
        typer.echo(f"its files are in {where.shelf.place(done.digest)}")
        typer.echo("each other machine with workers needs this folder, too")

    _run(work, data_dir, store)


def rollback(reason: Reason, data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """Make live again the model that was live before the promotion that is live now."""
    _needed(reason)

    async def work(where: Place) -> None:
        from app.processes.model_promote import me, roll_back

        done = await roll_back(where, reason, me())
        typer.echo(f"{done.to_tag} is live again, as change {done.change}, not {done.from_tag}")

    _run(work, data_dir, store)


def list_(as_json: AsJson = False, data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """Which model each rung has, since when and by whom; what was promoted; what there is."""
    import orjson

    from app.processes.model_promote import overview

    found = _run(overview, data_dir, store)
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        _print(found)


def _needed(reason: str) -> None:
    if not reason.strip():
        raise typer.BadParameter("--reason: expected why, for the ledger, got nothing")


def _run(work: Callable[[Place], Coroutine[Any, Any, T]], data_dir: Path | None, store: str) -> T:
    """Open the store as every start does, and do this. What is refused is told, with exit 2."""
    from app.adapters.store.database import Database
    from app.adapters.store.migrate import migrate
    from app.processes.model_promote import place

    settings = settings_of(store={"url": store}, data_dir=data_dir)
    migrate(settings.store_url)
    database = Database(settings.store_url)
    try:
        return asyncio.run(work(place(settings, database)))
    except (ConfigError, Conflict) as error:
        told = error.problems if isinstance(error, ConfigError) else [str(error)]
        typer.echo("Which model is live stays as it is:", err=True)
        typer.echo("\n".join(f"  {problem}" for problem in told), err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    finally:
        database.close()


def _print(found: dict[str, Any]) -> None:
    from app.processes.explain_shown import visible

    def say(line: str) -> None:
        typer.echo(visible(line).rstrip())

    if found["promotion"]:
        say(f"live: {found['live']}, promoted as change {found['promotion']}")
    else:
        say(f"live: {found['live']}, by the setting scoring.model")
    if found["since_ms"]:
        say(f"  since {_time(found['since_ms'])} by {found['by']}: {found['reason']}")
    if found["problem"]:
        say(f"  not in use on this machine after a start: {found['problem']}")
    for rung, tags in found["rungs"].items():
        say(f"  {rung:<9} {', then '.join(tags)}")
    say(f"  {'others':<9} {found['others'] or 'off: what they do not know is unsupported'}")
    say(f"shipped: {', '.join(found['shipped'])}")
    for one in found["changes"]:
        star = "*" if one["change"] == found["promotion"] else " "
        say(
            f"{star}{one['change']:>4}  {_time(one['at_ms'])}  {one['by']:<12} {one['kind']:<11}"
            f" {one['from']} -> {one['to']}  {one['reason']}"
        )
        if one["folder"]:
            say(f"       {one['folder']}")


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
