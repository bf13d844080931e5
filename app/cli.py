"""The command line: `python -m app COMMAND`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli_backtest import backtest
from app.cli_decisions import decisions
from app.cli_explain import explain
from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_flights import flights
from app.cli_history import history
from app.cli_identity import identity
from app.cli_import import import_
from app.cli_labels import labels
from app.cli_model import model
from app.cli_overrides import overrides
from app.cli_permission import permission
from app.cli_privacy import privacy
from app.cli_rules import rules
from app.core import duration
from app.core.errors import ConfigError, HandshakeError, Unavailable

EXIT_CONFIG, EXIT_UNREACHABLE = 3, 4

cli = typer.Typer(
    help="Handshake: hear customers, decide by your rules, reach the right person in time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Window = Annotated[str, typer.Option("--sla", help="the standard window, e.g. 30m or 30s")]


cli.command()(explain)
cli.command()(decisions)
cli.command()(overrides)
cli.command("import")(import_)
cli.command()(permission)


@cli.command()
def up(  # noqa: PLR0913 (each is a flag)
    kafka: Annotated[str, typer.Option(help="Kafka host:port; default: embedded")] = "",
    redis: Annotated[str, typer.Option(help="redis:// URL; default: embedded")] = "",
    store: StoreUrl = "",
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="web port; 0 picks a free one")] = None,
    sla: Window = "",
    offer: Annotated[str, typer.Option(help="how long an offer stands, e.g. 20s")] = "",
    speed: Annotated[float | None, typer.Option(help="pace of the demo's world")] = None,
    demo: Annotated[bool | None, typer.Option(help="send the demo's traffic")] = None,
) -> None:
    """Start everything on this host, embedded where no address is given."""
    from app.processes.launch import main as run

    run(
        settings_of(
            kafka={"bootstrap": kafka},
            redis={"url": redis},
            store={"url": store},
            data_dir=data_dir,
            web={"port": port},
            sla={"window_s": _seconds("--sla", sla)},
            offer={"expires_s": _seconds("--offer", offer)},
            demo={"speed": speed, "on": demo},
        )
    )


def _process(name: str, help_text: str) -> None:
    def command() -> None:
        from importlib import import_module

        from app.processes import service

        module = import_module(f"app.processes.{name}")
        service.run(name, module.main(settings_of()))

    cli.command(name, help=help_text)(command)


_process("worker", "Triage mentions: score, join, decide, enqueue.")
_process("web", "Serve the screens, the API, the event streams and intake.")
_process("watch", "Make offers, watch the SLA, move facts to the ledger.")
_process("record", "Fold facts into the contact history and profiles.")
_process("handoffs", "Hand mentions and their stages on to partners.")
_process("send", "Send replies that the permission gate permits; hear STOP.")
_process("events", "Ask event rules about tasks, and do what they say.")
_process("reconcile", "Send again every accepted mention that has no outcome.")
_process("broker", "Serve the embedded broker (for `up`).")


@cli.command()
def demo() -> None:
    """Send the demo's traffic to a running Handshake (for `up`)."""
    import runpy

    runpy.run_module("app.demo", run_name="__main__")


@cli.command()
def replay(
    file: Annotated[Path, typer.Argument(help="JSON Lines; a row needs only `text`")],
    rate: Annotated[float, typer.Option(min=0.1, help="mentions a second")] = 50.0,
    data_dir: Annotated[Path | None, typer.Option(help="of the running Handshake")] = None,
) -> None:
    """Feed recorded mentions to a running Handshake, and sum up what became of them."""
    from app.replay import run

    raise typer.Exit(run(file, rate, settings_of(data_dir=data_dir).data_dir / "run.json"))


@cli.command()
def audit(  # noqa: PLR0913 (each is a flag)
    source: Annotated[str, typer.Argument(help="JSON lines of facts: a file, - or a URL")],
    key: Annotated[str, typer.Option(help="bearer key", envvar="HANDSHAKE_KEY")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="go on as facts come")] = False,
    mentions: Annotated[Path | None, typer.Option(help="what was accepted, JSON lines")] = None,
    dead: Annotated[Path | None, typer.Option(help="the dead letters, JSON lines")] = None,
    client_log: Annotated[Path | None, typer.Option(help="what clients asked and heard")] = None,
    staff: Annotated[Path | None, typer.Option(help="config/staff.toml")] = None,
    snapshot: Annotated[Path | None, typer.Option(help="the live tasks as exported, JSON")] = None,
    users: Annotated[Path | None, typer.Option(help="who had which role and when")] = None,
    samples: Annotated[Path | None, typer.Option(help="live figures over time")] = None,
    canaries: Annotated[Path | None, typer.Option(help="erased texts, one a line")] = None,
    search: Annotated[list[Path] | None, typer.Option(help="where they must not be")] = None,
    resources: Annotated[Path | None, typer.Option(help="memory and the like over time")] = None,
    head: Annotated[str, typer.Option(help="SEQ:CHAIN of a fact, kept elsewhere")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one object for programs")] = False,
    drained: Annotated[bool, typer.Option("--drained", help="every task has ended")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="no fact is no failure")
    ] = False,
    offer_within: Annotated[float, typer.Option(help="seconds until a free agent is asked")] = 5.0,
    sla_within: Annotated[float, typer.Option(help="seconds until a breach is a fact")] = 5.0,
    expiry_within: Annotated[float, typer.Option(help="seconds until an offer ends")] = 2.0,
    at_risk: Annotated[float, typer.Option(help="share of the window")] = 0.8,
    outage: Annotated[list[str] | None, typer.Option(help="FROM_MS-TO_MS, repeatable")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="serve the metric here")] = None,
) -> None:
    """Prove from the ledger that nothing was lost, or name the facts that show what was."""
    from app.audit.main import Options, run

    options = Options(
        key=key, follow=follow, mentions=mentions, dead=dead, client_log=client_log, staff=staff,
        snapshot=snapshot, users=users, samples=samples, canaries=canaries,
        search=tuple(search or ()), resources=resources, head=head, as_json=as_json,
        drained=drained, allow_empty=allow_empty, offer_within_s=offer_within,
        sla_within_s=sla_within, expiry_within_s=expiry_within, at_risk_share=at_risk,
        outages=tuple(outage or ()), metrics_port=metrics_port,
    )  # fmt: skip
    raise typer.Exit(run(source, options))


@cli.command()
def sla(
    file: Annotated[Path | None, typer.Argument(help="facts as JSON lines; default: ours")] = None,
    window: Window = "",
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Count met and breached clocks again, from the facts, under the present policies."""
    from app.processes.sla_report import run

    given = settings_of(
        sla={"window_s": _seconds("--sla", window)}, store={"url": store}, data_dir=data_dir
    )
    typer.echo(run(given, file))


@cli.command()
def check() -> None:
    """Check configuration, rules and model without starting anything."""
    from app.wiring import check as wiring

    settings = settings_of()
    if problems := wiring.check(settings):
        raise ConfigError(problems)
    typer.echo("configuration, rules and model are right")
    for remark in wiring.remarks(settings):
        typer.echo(f"note: {remark}")


@cli.command()
def migrate() -> None:
    """Bring the store's schema up to date, and take the rules in (`up` does both by itself)."""
    import asyncio

    from app.adapters.store.migrate import migrate as run
    from app.wiring import rules

    settings = settings_of()
    run(settings.store_url)
    taken = asyncio.run(rules.take_in(settings))
    typer.echo(f"the store is ready; version {taken.live.number} of the rules is live")
    if taken.sentence:
        typer.echo(f"note: {taken.sentence}")


@cli.command()
def staff() -> None:
    """Let the people of config/staff.toml sign in, and nobody else (`up` does it by itself)."""
    import asyncio

    from app.adapters.store.database import Database
    from app.processes import people
    from app.wiring.base import configuration

    settings = settings_of()
    catalogue = configuration(settings).catalogue
    path = settings.data_dir / "secrets.json"
    database = Database(settings.store_url)
    asyncio.run(people.enter(database, catalogue, people.load(path, catalogue)))
    database.close()
    typer.echo(f"{len(catalogue.reps)} people may sign in; passwords and keys are in {path}")


@cli.command()
def flow() -> None:
    """Print the stages of the flow, in order."""
    from app.flow import table

    typer.echo(table())


def _seconds(flag: str, text: str) -> float | None:
    try:
        return duration.seconds(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{flag}: {error}") from None


rules.command()(backtest)
cli.add_typer(rules)
cli.add_typer(flights)
cli.add_typer(identity)
cli.add_typer(history)
cli.add_typer(privacy)
cli.add_typer(model)
cli.add_typer(labels)


def main() -> None:
    """Run a command; a failure that has a sentence is that sentence and an exit code."""
    try:
        cli()
    except ConfigError as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        sys.exit(_say(f"Handshake cannot start:\n{problems}", EXIT_CONFIG))
    except Unavailable as error:
        sys.exit(_say(f"Handshake cannot go on: {error}", EXIT_UNREACHABLE))
    except HandshakeError as error:
        sys.exit(_say(str(error), 1))


def _say(sentence: str, code: int) -> int:
    typer.echo(sentence, err=True)
    return code
