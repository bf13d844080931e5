"""`python -m app import`: customers from a CSV or Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of

if TYPE_CHECKING:
    from app.processes.import_command import Asked

EXIT_PARTIAL = 5  # some rows were refused
EXIT_CANCELLED = 130  # as shells have it for Ctrl+C


def import_(  # noqa: PLR0913 (each is a flag)
    file: Annotated[Path, typer.Argument(help="CSV with a first row of names, or Parquet")],
    source: Annotated[str, typer.Option(help="whose word it is, e.g. crm")] = "crm",
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="COLUMN=FIELD, repeatable; FIELD may be empty")
    ] = None,
    mapping: Annotated[str, typer.Option(help="a kept mapping, by its name")] = "",
    keep: Annotated[str, typer.Option(help="keep the mapping under this name")] = "",
    at: Annotated[str, typer.Option(help="since when it is so; default: the file's time")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8, utf-16 or windows-1252")] = "",
    delimiter: Annotated[str, typer.Option(help="one of , ; | or tab")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell, and change nothing")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="only show the mapping")] = False,
    rejects: Annotated[Path | None, typer.Option(help="write refused rows here, as CSV")] = None,
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Import customers from a file, and tell each row that was refused, with the reason."""
    from app.processes.import_command import Asked

    asked = Asked(
        file=file, source=source, maps=tuple(maps or ()), mapping=mapping, keep=keep, at=at,
        encoding=encoding, delimiter={"tab": "\t"}.get(delimiter, delimiter), dry=dry_run,
        preview=preview, rejects=rejects,
    )  # fmt: skip
    raise typer.Exit(_code(asked, store, data_dir))


def _code(asked: Asked, store: str, data_dir: Path | None) -> int:
    from app.processes.import_command import run

    try:
        rejected = run(settings_of(store={"url": store}, data_dir=data_dir), asked)
    except KeyboardInterrupt:
        typer.echo("Cancelled: what was taken before stays; begin again at any time.", err=True)
        return EXIT_CANCELLED
    return EXIT_PARTIAL if rejected else 0
