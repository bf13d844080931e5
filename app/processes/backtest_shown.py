"""The report of a back-test for people, in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.core.backtest_report import Report
from app.processes.explain_shown import visible


def show(made: Report, console: Console | None = None) -> None:
    """Print it."""
    out = console or Console()
    out.print(
        f"[bold]{made.mentions}[/] recorded mentions, live rules {made.versions['live']},"
        f" draft {made.versions['draft']}: [bold]{made.changed['mentions']}[/] decided otherwise"
    )
    _counted(made, out)
    _moves(made, out)
    _rules(made, out)
    _later(made, out)
    _compared(made, out)
    _queues(made, out)
    _load(made, out)
    _samples(made, out)
    for error in made.errors:
        out.print(
            f"[red]{error['side']}: rule {escape(error['rule'])} could not be evaluated for"
            f" {error['mentions']} mentions:[/] {escape(error['detail'])}"
        )
    assumed = [row["queue"] for row in made.handling if row["assumed"]]
    if assumed:
        out.print(
            f"handling times are assumed, because nothing was completed: {', '.join(assumed)}"
        )
    if made.not_asked:
        names = escape(", ".join(made.not_asked))
        out.print(f"not asked, because no log tells what they ask about: {names}")
    out.print(f"[dim]{made.assumptions}[/]")


def _counted(made: Report, out: Console) -> None:
    """What was decided, what could not be, and how the decisions differ."""
    if made.unrecorded:
        out.print(f"{made.unrecorded} more are from before inputs were recorded, and left out")
    if made.untold:
        out.print(
            f"{made.untold} are from before history, profile and queues were recorded in full:"
            " conditions that ask for the rest saw nothing"
        )
    if made.edits["decided"]:
        edits = made.edits
        out.print(
            f"{edits['decided']} edits decided, too, {edits['changed']} of them otherwise: their"
            " tasks stay"
        )
    kinds = [f"{kind} {count}" for kind, count in made.changed["by_kind"].items() if count]
    if kinds:
        out.print("changed: " + ", ".join(kinds))


def print_table(
    out: Console, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Print a table, if it has rows; what strangers wrote reaches the terminal as text alone."""
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(escape(visible(str(cell))) for cell in row))
    if table.row_count:
        out.print(table)


def _moves(made: Report, out: Console) -> None:
    rows = [
        (m["from"] or "closed", m["to"] or "closed", m["mentions"]) for m in made.changed["moves"]
    ]
    print_table(out, "Other queues", ("from", "to", "mentions"), rows)


def _rules(made: Report, out: Console) -> None:
    rows = [
        (row["rule"], row["live"], row["draft"], f"{row['draft'] - row['live']:+}")
        for row in made.rules
        if row["live"] != row["draft"]
    ]
    print_table(out, "Rules that held for other mentions", ("rule", "live", "draft", ""), rows)
    if silent := [row["rule"] for row in made.rules if not row["draft"]]:
        out.print(f"held for no mention in the draft: {escape(', '.join(silent))}")


def _later(made: Report, out: Console) -> None:
    names = ("fired", "moved", "prioritised", "refused", "stopped")
    rows = [
        (row["rule"], row["on"], *(_both(row["live"][name], row["draft"][name]) for name in names))
        for row in made.later
    ]
    print_table(out, "Rules at later events, live → draft (forecast)", ("rule", "on", *names), rows)
    ways = [
        (way["from"], way["to"], _both(way["live"], way["draft"]))
        for way in made.moved_later["moves"]
    ]
    print_table(out, "Tasks that they would have moved (forecast)", ("from", "to", "tasks"), ways)
    told = [(row["to"], _both(row["live"], row["draft"])) for row in made.notices]
    print_table(out, "Notices (of later events: forecast)", ("to", "notices"), told)


def _both(live: float, draft: float) -> str:
    return f"{live:g}" if live == draft else f"{live:g} → {draft:g}"


def _compared(made: Report, out: Console) -> None:
    named = (
        ("escalated by rule", made.escalations["by_rule"]),
        ("escalated by later rule (forecast)", made.escalations["by_later_rule"]),
        ("escalated late (forecast)", made.escalations["forecast_late"]),
        ("breached (forecast)", made.breaches),
    )
    rows = [(name, f["live"], f["draft"], f["extra"], f["fewer"]) for name, f in named]
    print_table(out, "Escalations and breaches", ("", "live", "draft", "extra", "fewer"), rows)
    out.print(f"really breached, as recorded: {made.breaches['recorded']}")


def _queues(made: Report, out: Console) -> None:
    names = ("tasks", "breaches", "never_taken", "wait_p50_s", "wait_p95_s")
    rows = [
        (row["queue"], *(_both(row["live"][name], row["draft"][name]) for name in names))
        for row in made.queues
    ]
    print_table(out, "Queues, live → draft (all but tasks: forecast)", ("queue", *names), rows)


def _load(made: Report, out: Console) -> None:
    """The hour of each queue with the greatest difference; `--json` has all of them."""
    worst: dict[str, dict[str, Any]] = {}
    total: Counter[str] = Counter()
    for row in made.load:
        difference = abs(row["draft"] - row["live"])
        total[row["queue"]] += difference
        known = worst.get(row["queue"])
        if known is None or difference > abs(known["draft"] - known["live"]):
            worst[row["queue"]] = row
    rows = [
        (queue, _hour(row["hour_ms"]), row["live"], row["draft"])
        for queue, row in worst.items()
        if total[queue]
    ]
    print_table(
        out, "The hour with the greatest difference", ("queue", "hour", "live", "draft"), rows
    )


def _hour(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:00}Z"


def _samples(made: Report, out: Console) -> None:
    def side(shown: dict[str, Any]) -> str:
        if not shown["queue"]:
            return f"closed by {shown['rule']}"
        return f"{shown['queue']} p{shown['priority']} {shown['window_s']:g}s by {shown['rule']}"

    rows = [(one["text"], side(one["before"]), side(one["after"])) for one in made.samples]
    print_table(out, "Samples", ("text", "live", "draft"), rows)
