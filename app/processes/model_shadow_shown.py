"""What became of a candidate in shadow, for people, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from app.processes.backtest_shown import print_table
from app.processes.explain_shown import visible

_NONE = "none"


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print it."""
    out = console or Console(highlight=False)
    _say(out, f"{found['candidate']} beside the live {found['live']}")
    out.print(
        f"{found['mentions']} mentions compared, {found['skipped']} skipped for their language,"
        f" {found['failed']} failed"
    )
    if not found["mentions"]:
        return
    kappa = _NONE if found["kappa"] is None else f"{found['kappa']:.3f}"
    out.print(
        f"  the same label: {found['agreement']:.1%}, kappa {kappa};"
        f" the rules would be told another label of {found['changed']}"
    )
    out.print(f"  P(negative) differs by {found['negative_apart']:.3f} on average")
    _tables(found, out)


def _tables(found: Mapping[str, Any], out: Console) -> None:
    labels = tuple(found["confusion"])
    rows = [
        (a, *row.values(), found["by_label"][a]["live"], _percent(found["by_label"][a]["same"]))
        for a, row in found["confusion"].items()
    ]
    of_candidate = (found["by_label"][name]["candidate"] for name in labels)
    rows.append(("candidate, all", *of_candidate, found["mentions"], _percent(found["agreement"])))
    title = "Rows: what the live model says; columns: what the candidate says"
    print_table(out, title, ("", *labels, "live, all", "same"), rows)
    speed = [
        (of, *(_NONE if value is None else f"{value:g}" for value in figures.values()))
        for of, figures in found["speed"].items()
    ]
    heads = ("a text at a time", "p50 ms", "p99 ms", "messages/s")
    print_table(out, "Speed, side by side on one thread", heads, speed)
    if found["furthest"]:
        out.print("Furthest apart, by P(negative):")
    for one in found["furthest"]:
        _say(
            out,
            f"  {one['negative_apart']:.3f}  {one['live']} -> {one['candidate']}"
            f"  {one['mention_id']}\n         {one['text']}",
        )


def _say(out: Console, line: str) -> None:
    """What strangers wrote reaches the terminal as text alone."""
    out.print(visible(line), markup=False, soft_wrap=True)


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{share:.1%}"
