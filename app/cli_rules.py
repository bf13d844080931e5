"""`python -m app rules ...`: versions of the rules, straight in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.core.errors import ConfigError, Conflict

if TYPE_CHECKING:
    from app.adapters.store.rule_versions import RuleVersions

rules = typer.Typer(name="rules", help="See, publish and roll back versions of the rules.")
rules.info.no_args_is_help = True

_SHOWN_DIGEST = 12

Work = Callable[["RuleVersions"], Coroutine[Any, Any, None]]


@rules.command("list")
def list_(data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """Every version, newest first; the live one has a star."""

    async def work(versions: RuleVersions) -> None:
        live = await versions.live()
        for row in await versions.newest():
            star = "*" if live and live.number == row["number"] else " "
            at = datetime.fromtimestamp(row["made_ms"] / 1000, UTC)
            digest, why = row["digest"][:_SHOWN_DIGEST], row["comment"] or row["skip_reason"]
            typer.echo(
                f"{star}{row['number']:>4}  {digest}  {at:%Y-%m-%d %H:%M}Z"
                f"  {row['made_by']:<12}  {why}".rstrip()
            )
        if note := _folder_note(live):
            typer.echo(f"note: {note}")

    _run(work, data_dir, store)


@rules.command()
def show(number: int, data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """The texts of one version."""

    async def work(versions: RuleVersions) -> None:
        for name, text in sorted((await versions.version(number)).texts.items()):
            typer.echo(f"### {name}\n{text}")

    _run(work, data_dir, store)


@rules.command()
def diff(old: int, new: int, data_dir: DataDir = None, store: StoreUrl = "") -> None:
    """What changed from one version to another."""

    async def work(versions: RuleVersions) -> None:
        from app.core import rule_diff

        before, after = await versions.version(old), await versions.version(new)
        for text in rule_diff.files(before.texts, after.texts).values():
            typer.echo(text)

    _run(work, data_dir, store)


@rules.command()
def publish(
    comment: Annotated[str, typer.Option(help="what is new, for the list of versions")] = "",
    skip_backtest: Annotated[str, typer.Option(help="why nobody looked at a back-test")] = "",
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """Make config/rules the next version, live on all workers within seconds."""

    async def work(versions: RuleVersions) -> None:
        from app.core.versions import Publication
        from app.wiring.base import folder_texts, system_ms

        texts, live = folder_texts(), await versions.live()
        _refuse_broken(texts)
        made = await versions.publish(
            Publication(
                texts=texts, by=_me(), now_ms=system_ms(), based_on=live.number if live else 0,
                comment=comment, skip_reason=skip_backtest, from_folder=True,
            )
        )  # fmt: skip
        typer.echo(f"version {made.number} is live")

    _run(work, data_dir, store)


@rules.command()
def rollback(
    number: int,
    reason: Annotated[str, typer.Option(help="why, for the ledger")],
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """Make an older version live again."""
    if not reason.strip():
        raise typer.BadParameter("--reason: expected why, for the ledger, got nothing")

    async def work(versions: RuleVersions) -> None:
        from app.wiring.base import system_ms

        _refuse_broken((await versions.version(number)).texts)
        live = await versions.roll_back(number, reason, _me(), system_ms())
        typer.echo(f"version {live.number} is live")
        if note := _folder_note(live):
            typer.echo(f"note: {note}")

    _run(work, data_dir, store)


@rules.command()
def export(
    force: Annotated[bool, typer.Option(help="overwrite what no version has")] = False,
    data_dir: DataDir = None,
    store: StoreUrl = "",
) -> None:
    """Write the live version to config/rules."""

    async def work(versions: RuleVersions) -> None:
        from app.core.versions import digest_of
        from app.wiring.base import folder_texts, write_folder

        old, live = folder_texts(), await versions.live()
        if live is None:
            return
        kept = {row["digest"] for row in await versions.newest()}
        if old and digest_of(old) not in kept and not force:
            raise Conflict(
                "unpublished", "config/rules holds what no version has: publish, or --force"
            )
        folder = write_folder((await versions.version(live.number)).texts)
        await versions.exported(live.digest)
        typer.echo(f"version {live.number} is in {folder}")

    _run(work, data_dir, store)


def _run(work: Work, data_dir: Path | None, store: str) -> None:
    """Open the store as every start does, and do this."""
    from app.adapters.store.database import Database
    from app.adapters.store.migrate import migrate
    from app.adapters.store.rule_versions import RuleVersions
    from app.wiring.rules import take_in

    settings = settings_of(store={"url": store}, data_dir=data_dir)
    migrate(settings.store_url)
    database = Database(settings.store_url)

    async def opened() -> None:
        versions = RuleVersions(database)
        if await versions.live() is None:
            await take_in(settings)
        await work(versions)

    try:
        asyncio.run(opened())
    finally:
        database.close()


def _refuse_broken(texts: Any) -> None:
    """Raises ConfigError."""
    from app.wiring.rules import problems_of_texts

    if problems := problems_of_texts(settings_of(), texts):
        raise ConfigError(problems)


def _folder_note(live: Any) -> str:
    from app.core.versions import sentence
    from app.wiring.rules import standing_of

    return sentence(standing_of(live), live.number) if live else ""


def _me() -> Any:
    from app.core.versions import Actor
    from app.wiring.base import user

    return Actor(id=user() or "cli", role="cli")
