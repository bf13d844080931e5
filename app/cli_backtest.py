"""`python -m app rules backtest`: what a draft would have done to recorded traffic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, settings_of
from app.cli_window import SINCE_HELP, UNTIL_HELP, store_of, window_of
from app.core.errors import ConfigError

if TYPE_CHECKING:
    from app.core.backtest_report import Report, Window

EXIT_REFUSED = 2  # the draft or a flag is wrong
EXIT_CANCELLED = 130  # as shells have it for Ctrl+C


def backtest(  # noqa: PLR0913 (each is a flag)
    draft: Annotated[
        list[Path], typer.Argument(help="a folder of rules; or files in place of the live ones")
    ],
    since: Annotated[str, typer.Option(help=SINCE_HELP)] = "",
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
    samples: Annotated[int, typer.Option(min=0, max=1000, help="changed mentions shown")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="the report for programs")] = False,
    data_dir: DataDir = None,
) -> None:
    """Show what a draft of the rules would have changed; nothing is written anywhere."""
    import orjson

    from app.processes.backtest_shown import show
    from app.wiring.base import system_ms

    settings = settings_of(data_dir=data_dir)
    window = window_of(since, until, system_ms())
    try:
        made = _made(settings, draft, window, samples)
    except ConfigError as error:
        typer.echo("The draft is refused:", err=True)
        typer.echo("\n".join(f"  {problem}" for problem in error.problems), err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    except KeyboardInterrupt:
        typer.echo("Cancelled. Nothing was changed.", err=True)
        raise typer.Exit(EXIT_CANCELLED) from None
    if as_json:
        typer.echo(orjson.dumps(made.as_dict(), option=orjson.OPT_INDENT_2))
    else:
        show(made)


def _made(settings: Any, draft: list[Path], window: Window, samples: int) -> Report:
    from app.adapters.cel_checks import problems_of
    from app.processes.backtest import Backtest
    from app.wiring.base import configuration, folder_texts, takers_of
    from app.wiring.rules import known

    found = known(settings)
    texts = found.version.texts if found else folder_texts()
    live = configuration(settings, texts, problems_of)
    test = Backtest(
        live=live,
        draft=configuration(settings, _texts(draft, texts), problems_of),
        reps=tuple(takers_of(settings, live.catalogue)),
        at_risk_share=settings.sla.at_risk_share,
        window=window,
        samples=samples,
    )
    return asyncio.run(_run(settings, test))


def _texts(paths: list[Path], live: Mapping[str, str]) -> dict[str, str]:
    """A folder is a whole bundle; files stand in place of those of their name, or beside them."""
    if len(paths) == 1 and paths[0].is_dir():
        return {file.name: _read(file) for file in sorted(paths[0].glob("*.toml"))}
    return {**live, **{file.name: _read(file) for file in paths}}


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}") from None


async def _run(settings: Any, test: Any) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from app.adapters.store.traffic import Traffic
    from app.processes.backtest import run_backtest

    columns = (TextColumn("back-test"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with store_of(settings) as database, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("back-test", total=1.0)

        async def on_progress(share: float) -> None:
            bar.update(task, completed=share)

        return await run_backtest(Traffic(database), test, on_progress)
