"""What somebody may be sent, for people, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.processes.explain_shown import visible


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print it: who it is, what was said about consent, what the gate would say now."""
    out = console or Console()
    out.print(_plain(f"one person: {', '.join(found['handle_keys'])}"), highlight=False)
    if not found["events"]:
        out.print("nothing was said about consent")
    for event in found["events"]:
        what = " ".join(filter(None, (event["kind"], event["channel"], event["purpose"])))
        how = f"{event['by']}, {event['source']}: {event['evidence']}"
        out.print(_plain(f"{_time(event['at_ms'])}  {what}  ({how})"), highlight=False)
    table = Table(title="Now", title_justify="left")
    for head in ("handle", "purpose", "may be sent", "decided by", "why"):
        table.add_column(head)
    for one in found["now"]:
        table.add_row(*map(_plain, _cells(one)))
    out.print(table)


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    refusal = one["refusal"]
    if refusal is None:
        return one["handle_key"], one["purpose"], "yes", f"purpose.{one['purpose']}", ""
    again = f"from {_time(refusal['again_ms'])}" if refusal["again_ms"] else "no"
    return one["handle_key"], one["purpose"], again, refusal["rule"], refusal["why"]


def _plain(text: str) -> str:
    return escape(visible(text).replace("\n", " "))


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}Z"
