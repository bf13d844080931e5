"""`python -m app history ...`: one person's timeline; the history made anew from the ledger."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.adapters.store.database import Database
    from app.adapters.store.timeline import Page, Person

EXIT_DIFFERENT = 1


class _ShowFirst(TyperGroup):
    """`history x:@kim` is `history show x:@kim`: a person needs no command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


history = typer.Typer(
    name="history",
    cls=_ShowFirst,
    help="The contact history: `history PERSON`, a handle as channel:handle or a customer's id.",
)
history.info.no_args_is_help = True


@history.command()
def show(  # noqa: PLR0913 (each is a flag)
    person: Annotated[str, typer.Argument(metavar="PERSON", help="as x:@kim, or a customer's id")],
    words: Annotated[str, typer.Option(help="only what was said with these words")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="lines, the newest")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """What one person said and what we did, over all channels, the newest last."""
    from app.adapters.store.timeline import Ask, Timeline
    from app.core.person import person_key
    from app.core.words import terms_of

    async def read(database: Database) -> tuple[Person, Page]:
        timeline = Timeline(database)
        whom = await timeline.person(person_key(person))
        ask = Ask(keys=whom.keys, terms=terms_of(words), limit=limit)
        return whom, await timeline.page(ask)

    with store_of(settings_of(data_dir=data_dir, store={"url": store})) as database:
        whom, page = asyncio.run(read(database))
    if as_json:
        import orjson

        typer.echo(orjson.dumps(page.lines, option=orjson.OPT_INDENT_2))
        return
    typer.echo(f"{_printable(whom.name or person)}: {', '.join(map(_printable, whom.keys))}")
    for line in reversed(page.lines):
        typer.echo(_line(line))
    if not page.lines:
        typer.echo("nothing was said or done")


@history.command()
def rebuild(
    check: Annotated[bool, typer.Option("--check", help="compare only, write nothing")] = False,
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """Make the history anew from the whole ledger, and put right what is different."""
    from app.adapters.store import history_rebuild

    settings = settings_of(data_dir=data_dir, store={"url": store})
    with store_of(settings) as database, _bar() as told:
        with history_rebuild.beside(database, settings.data_dir, told) as made:
            found = made.check()
            mended = made.mend() if not (check or found.equal) else None
        if not (check or mended):
            asyncio.run(_go_on(database))
    last = mended or found
    typer.echo(f"{last.facts} facts make {last.lines} lines of {last.mentions} mentions")
    if found.equal:
        typer.echo("the history is what the ledger says")
        return
    wrong = (
        f"{found.wrong_lines} lines, {found.wrong_mentions} mentions,"
        f" {found.wrong_words} texts for search"
    )
    typer.echo(f"put right: {wrong}" if mended else f"different: {wrong}")
    if not mended:
        raise typer.Exit(EXIT_DIFFERENT)


async def _go_on(database: Database) -> None:
    """What `record` has not come to yet is folded as it does it; both may be at it."""
    from app.adapters.store.ledger import Ledger
    from app.adapters.store.record import Record
    from app.processes.record import Fold

    await Fold(Ledger(database), Record(database)).advance()


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar of the facts that were folded, on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("facts"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("facts", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _line(line: dict[str, Any]) -> str:
    upshot = f" [{line['upshot']}]" if line["upshot"] else ""
    stands = ""
    if line["kind"] in ("said", "feedback") and line["matter_status"]:
        parts = (line["matter_status"], line["matter_upshot"], line["matter_feedback"])
        stands = f" ({', '.join(part for part in parts if part)})"
    head = f"{_time(line['at_ms'])}  {line['channel']:<9} {line['kind']:<11} {line['by']}"
    return _printable(f"{head}{upshot}{stands}: {line['text']}")


def _printable(text: str) -> str:
    """On one line, and without signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}Z"
