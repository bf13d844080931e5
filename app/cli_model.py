"""`python -m app model ...`: how good a model is, which is live, and what another would do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli_model_live import EXIT_REFUSED, list_, promote, rollback
from app.cli_model_shadow import shadow

if TYPE_CHECKING:
    from app.processes.model_evaluate import Evaluation

model = typer.Typer(
    name="model", help="The models that score mentions: measure, compare and promote them."
)
model.info.no_args_is_help = True

ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        help="a folder with manifest.toml, a name in ours, or an .onnx; default: scoring.model",
    ),
]


model.command()(shadow)
model.command()(promote)
model.command()(rollback)
model.command("list")(list_)


@model.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON Lines with `text` and `label`")],
    name: ModelName = "",
    most: Annotated[
        int, typer.Option("--max", min=0, help="so many lines, evenly over the file; 0: all")
    ] = 0,
    windows: Annotated[
        bool,
        typer.Option(help="long texts whole, by windows, of a transcript the customer's side"),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="one object for programs")] = False,
) -> None:
    """Recall, F1, calibration, confusion and speed of a model on labelled texts."""
    import orjson

    from app.adapters.labelled_lines import BadLines
    from app.core.errors import ConfigError

    try:
        done = _evaluated(file, name, most, windows)
    except (BadLines, ConfigError) as error:
        typer.echo("This cannot be evaluated:", err=True)
        typer.echo("\n".join(f"  {problem}" for problem in error.problems), err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    if as_json:
        typer.echo(orjson.dumps(done.as_dict()))
    else:
        _print(done, file)


def _evaluated(file: Path, name: str, most: int, by_windows: bool) -> Evaluation:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from app.processes.model_evaluate import run

    columns = (TextColumn("texts"), BarColumn(), MofNCompleteColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("texts", total=None)
        return run(
            file,
            name,
            most,
            by_windows,
            lambda done, of: bar.update(task, completed=done, total=of),
        )


def _print(done: Evaluation, file: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from app.core.evaluation import BINS, COMPLAINT

    report, out = done.report, Console(highlight=False)
    out.print(f"{done.model} on {file.name}: {report.n} texts{', windows' * done.windows}")
    out.print(
        f"  macro recall {report.macro_recall:.1%}, accuracy {report.accuracy:.1%},"
        f" macro F1 {report.macro_f1:.1%}"
    )
    auc = "" if report.auc is None else f"; area under the curve {report.auc:.3f}"
    out.print(f"  calibration error {report.ece:.2%} ({BINS} equally wide bins){auc}")
    if report.classes == COMPLAINT:
        out.print(f"  a complaint is what has a half or more by {done.complaint_score}")
    said = done.as_dict()
    out.print(
        f"  {said['messages_per_second']:,.0f} messages/s by the clock,"
        f" {said['messages_per_cpu_second']:,.0f} a second of processor time, one thread"
    )
    table = Table(title="Rows: what is true; columns: what the model says")
    table.add_column("")
    for head in (*report.classes, "recall", "F1"):
        table.add_column(head, justify="right")
    for name, row in zip(report.classes, report.matrix, strict=True):
        shown = (f"{of[name]:.1%}" if name in of else "none" for of in (report.recall, report.f1))
        table.add_row(name, *(str(count) for count in row), *shown)
    out.print(table)
