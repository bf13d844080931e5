"""`python -m benchmarks.model_page`: the newest run's figures of the models into docs/model.md."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from app.settings import ROOT
from benchmarks.model import FILES, KIND

PAGE = ROOT / "docs" / "model.md"
PLOT = ROOT / "docs" / "model.svg"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
LONG = ("written", "one mood", "turned", "aside")

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 48, 24, 56  # margins
# Colours that are read on white and on black; a reader's own wish decides which.
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .line { stroke: #8c959f; stroke-width: 1; fill: none } .faint { stroke: #8c959f55 }
  .ours { fill: #0969da } .other { fill: #9a6700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #58a6ff } .other { fill: #d29922 }
  }
"""


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Short texts, then long ones, as Markdown."""
    heads = [
        "model", *FILES, "ECE tweets", "messages/CPU-s", "batch 1 p50 / p99", "load", "note",
    ]  # fmt: skip
    lines = [_line(heads), _line("---" for _ in heads)]
    for row in rows:
        if not row["details"]["sets"]:
            continue
        figures, sets = row["figures"], row["details"]["sets"]
        cells = [_share(figures.get(name)) for name in FILES]
        lines.append(
            _line(
                [
                    row["details"]["tag"],
                    *cells,
                    f"{sets['tweets']['ece']:.3f}" if _calibrated(row) else "",
                    f"{figures['a CPU-second']:,.0f}",
                    f"{figures['batch-1 p50']:.2f} / {figures['p99']:.2f} ms",
                    f"{row['load'][0]:.1f} to {row['load'][1]:.1f}",
                    row["note"],
                ]
            )
        )
    lines += ["", _line(["long texts", *LONG]), _line("---" for _ in range(1 + len(LONG)))]
    for row in rows:
        if row["details"]["long"]:
            how = ", by windows" if row["details"]["windows"] else ""
            cells = [_share(row["figures"].get(name)) for name in LONG]
            lines.append(_line([row["details"]["tag"] + how, *cells]))
    return "\n".join(lines)


def plot(points: Sequence[tuple[str, float, float, bool]]) -> str:
    """Points of (name, messages a CPU-second, share, ours) as SVG; speed is logarithmic."""
    low, high = (f(math.log10(p[1]) for p in points) for f in (min, max))
    low, high = math.floor(low), math.ceil(high)
    high += high == low
    bottom = math.floor(10 * min(p[2] for p in points)) / 10
    top = math.ceil(10 * max(p[2] for p in points)) / 10
    top += 0.1 * (top == bottom)

    def x(rate: float) -> float:
        share = (math.log10(rate) - low) / (high - low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(share: float) -> float:
        return _HEIGHT - _BOTTOM - (share - bottom) / (top - bottom) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        ' aria-label="Macro recall on tweets against messages a second of processor time">',
        f"<style>{_STYLE}</style>",
    ]
    for power in range(low, high + 1):
        at = x(10**power)
        parts.append(f'<path class="line faint" d="M{at:.0f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(_text(at, _HEIGHT - _BOTTOM + 20, f"{10**power:,}", "middle"))
    for step in range(round(10 * bottom), round(10 * top) + 1):
        at = y(step / 10)
        parts.append(f'<path class="line faint" d="M{_LEFT} {at:.0f}H{_WIDTH - _RIGHT}"/>')
        parts.append(_text(_LEFT - 8, at + 4, f"{10 * step} %", "end"))
    # Names above and below in turn, by speed: those of models that are alike do not overlap.
    for turn, (name, rate, share, ours) in enumerate(sorted(points, key=lambda p: p[1])):
        kind = "ours" if ours else "other"
        parts.append(f'<circle class="{kind}" cx="{x(rate):.1f}" cy="{y(share):.1f}" r="6"/>')
        side = "start" if x(rate) < _LEFT + 100 else "middle"
        parts.append(_text(x(rate), y(share) + (22 if turn % 2 else -12), name, side))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    below = "messages a second of processor time, one thread (TweetEval validation)"
    parts.append(_text(middle, _HEIGHT - 12, below, "middle"))
    parts.append(_text(_LEFT + 4, _TOP - 8, "macro recall", "start"))
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, said: str, anchor: str) -> str:
    safe = said.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{safe}</text>'


def _calibrated(row: dict[str, Any]) -> bool:
    """Word lists say no probabilities, so there is nothing to be calibrated."""
    return row["details"]["tag"] not in ("VADER", "TextBlob")


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def main() -> None:
    """Find the newest run that measured models, and put it into the page."""
    for file in sorted((ROOT / "var" / "bench").glob("*.json"), reverse=True):
        run = json.loads(file.read_text("utf-8"))
        if rows := [row for row in run["rows"] if row["name"].startswith(f"{KIND}, ")]:
            break
    else:
        raise SystemExit("no run has measured the models yet: python -m benchmarks model")
    here = run["machine"]
    int8 = "with VNNI" if here["vnni"] else "without VNNI"
    on = f"{here['cores']} cores ({here['cpu']}, {int8})"
    machine = f"{here['taken'][:10]}, {on}, Python {here['python']}."
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{machine}\n\n{table(rows)}\n{END}{after}", "utf-8")
    points = [
        (
            row["details"]["tag"].partition("@")[0],
            row["figures"]["a CPU-second"],
            row["figures"]["tweets"],
            "@" in row["details"]["tag"],
        )
        for row in rows
        if row["details"]["sets"]
    ]
    PLOT.write_text(plot(points), "utf-8")
    print(f"  written to {PAGE} and {PLOT}")


if __name__ == "__main__":
    main()
