"""`python -m app explain`: one mention through every step, and why; nothing is written."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, settings_of
from app.cli_window import store_of
from app.core.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from app.adapters.store.database import Database
    from app.core.rules import Rule

EXIT_INPUT = 2  # the file, or what is in it, is wrong

Found = dict[str, Any]


def explain(
    file: Annotated[str, typer.Argument(help="one mention as JSON; - is standard input")] = "",
    mention: Annotated[str, typer.Option(help="the id of a recorded one instead")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    data_dir: DataDir = None,
) -> None:
    """Take one mention through every step and show what each makes of it, and why."""
    from app import codec
    from app.processes.explain_shown import show

    if bool(file) == bool(mention):
        raise typer.BadParameter("expected a FILE, or --mention with an id")
    settings = settings_of(data_dir=data_dir)
    try:
        found = asyncio.run(_of_store(settings, mention) if mention else _of_file(settings, file))
    except Invalid as error:
        typer.echo(f"{file or mention}: {error}", err=True)
        raise typer.Exit(EXIT_INPUT) from None
    if as_json:
        typer.echo(codec.dumps(found))
    else:
        show(found)


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Invalid("no_file", "a file with one mention as JSON", str(error)) from None


async def _of_file(settings: Any, file: str) -> Found:
    raw = _bytes(file)
    with ExitStack() as stack:
        database: Database | None = None
        with suppress(Unavailable):
            database = stack.enter_context(store_of(settings))
        return await _explained(settings, raw, database)


async def _of_store(settings: Any, mention_id: str) -> Found:
    from app.adapters.store.ledger import Ledger
    from app.core.recorded import recorded, verdict
    from app.processes.explain import sent
    from app.wiring.again import Shelf

    with store_of(settings) as database:
        facts = await Ledger(database).of_mention(mention_id)
        known = list(recorded(facts))
        if not known:
            raise Invalid("unknown_mention", "the id of a mention that was decided", mention_id)
        rules = await Shelf(settings, database).of(known[-1].version)
        found = await _explained(settings, sent(known[-1]), database)
    decision = known[-1].decision
    return found | {
        "recorded": {name: decision[name] for name in ("rule", "queue", "priority", "version")}
        | {"reevaluated": verdict(known[-1], rules[1].decide if rules else None)}
        | {"untold": list(known[-1].untold)}
    }


async def _explained(settings: Any, raw: bytes, database: Database | None) -> Found:
    from app.processes.explain import Listener
    from app.processes.explain import explain as through
    from app.wiring.explain import parts

    listener = Listener()
    ports, rules = parts(settings, database, listener)
    found = await through(raw, ports, listener)
    return found | await _later(found, rules, database)


async def _later(found: Found, rules: Sequence[Rule], database: Database | None) -> Found:
    """What rules were asked at later events, where the mention is recorded, and may still ask."""
    from app.adapters.store.ledger import Ledger
    from app.adapters.store.rule_events import RuleEvents
    from app.core.later import later, later_of, newest
    from app.core.recorded import recorded

    mention_id = found["parse"]["mention_id"]
    if database:
        with suppress(Unavailable):
            trail = await Ledger(database).of_mention(mention_id)
            events = await RuleEvents(database).of_mention(mention_id)
            if trail:
                known = newest(recorded(trail))
                return {"events": events, "later": later_of(rules, known, trail)}
    task = found["enqueue"]["task"]
    return {"events": [], "later": later(rules, found["values"]) if task else []}
