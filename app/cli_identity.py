"""`python -m app identity ...`: how good matching is, by records of known people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.core.labelled import Report

identity = typer.Typer(name="identity", help="Who is one person: measure the matching.")
identity.info.no_args_is_help = True


@identity.callback()
def _commands() -> None:
    """Keeps `evaluate` a command of its own, for there will be others."""


@identity.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="CSV with rec_id")],
    together: Annotated[bool, typer.Option("--together", help="as one set, not each")] = False,
    ids: Annotated[bool, typer.Option("--ids", help="soc_sec_id is an attested id")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Precision and recall of each band on labelled records; nothing is written."""
    import orjson

    from app.adapters import identity_weights
    from app.adapters.labelled_csv import read
    from app.adapters.normal_forms import similar
    from app.core.errors import Invalid
    from app.core.labelled import evaluate as measure
    from app.settings import IDENTITY

    weights = identity_weights.load(IDENTITY)
    sets = [files] if together else [[file] for file in files]
    found: dict[str, Report] = {}
    for each in sets:
        name = " + ".join(path.name for path in each)
        try:
            found[name] = measure(read(each, ids), weights, similar)
        except (Invalid, OSError) as error:
            raise typer.BadParameter(str(error)) from None
    if as_json:
        typer.echo(orjson.dumps({name: one.as_dict() for name, one in found.items()}))
    else:
        _print(found)


def _print(found: dict[str, Report]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Pairs: how many are one person, of how many in the band")
    table.add_column("set", no_wrap=True)
    for head in ("pairs", "join", "review", "missed", "precision", "recall"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, report in found.items():
        join, review = report.bands["join"], report.bands["review"]
        table.add_row(
            name,
            str(report.pairs),
            f"{join.true}/{join.pairs}",
            f"{review.true}/{review.pairs}",
            str(report.pairs - join.true - review.true),
            f"{join.precision:.2%}",
            f"{report.recall:.1%}",
        )
    out = Console()
    out.print(table)
    out.print("precision: of the join band; recall: joined, or before a person who decides rightly")
