"""`python -m app permission`: what somebody allowed, what they may be sent now, and why not."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_flags import DataDir, StoreUrl, settings_of
from app.cli_window import store_of

if TYPE_CHECKING:
    from app.settings import Settings

HANDLE_HELP = "a channel and a handle: email:anna@x.example"


def permission(
    handle: Annotated[str, typer.Argument(help=HANDLE_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    store: StoreUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Explain what this person, on all their handles, could be sent now, and why not."""
    import orjson

    from app.core.profile import handle_key
    from app.processes.permission_shown import show

    channel, _, name = handle.partition(":")
    if not name.strip():
        raise typer.BadParameter(f"expected {HANDLE_HELP}; got {handle!r}")
    settings = settings_of(store={"url": store}, data_dir=data_dir)
    found = asyncio.run(_known(settings, handle_key(channel, name)))
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        show(found)


async def _known(settings: Settings, key: str) -> dict[str, Any]:
    from app.adapters.store.consents import Consents
    from app.wiring.base import configuration, system_ms

    policy = configuration(settings).permission.policy
    with store_of(settings) as database:
        consents = Consents(database)
        keys, events = await consents.of_person(key)
        outlook = await consents.outlook(key, policy, system_ms())
    return {
        "handle_keys": keys,
        "events": [asdict(event) for event in events],
        "now": [asdict(one) for one in outlook],
    }
