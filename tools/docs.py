"""Write the documents that are made from code: `python -m tools.docs [--check]`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from app import flow, metrics
from app.web import openapi

ROOT = Path(__file__).resolve().parent.parent

_FLOW = re.compile(r"(<!-- flow -->\n).*?(\n<!-- /flow -->)", re.DOTALL)


def architecture() -> str:
    """ARCHITECTURE.md with the flow table as it is in `app.flow`."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    return _FLOW.sub(lambda found: found[1] + flow.table() + found[2], text)


def metrics_page() -> str:
    """Every metric with its labels and meaning."""
    rows = [
        f"| `{_exposed(metric)}` | {metric._type} |"
        f" {', '.join(metric._labelnames) or '-'} | {metric._documentation} |"
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    ]
    head = (
        "# Metrics\n\nMade from `app/metrics.py` by `make docs`. Times are in seconds; no label"
        " names a person.\n\n| name | type | labels | meaning |\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def openapi_json() -> str:
    return json.dumps(openapi.document(), indent=2, sort_keys=True) + "\n"


def _exposed(metric: MetricWrapperBase) -> str:
    return f"{metric._name}_total" if metric._type == "counter" else metric._name


DOCUMENTS: dict[str, Callable[[], str]] = {
    "ARCHITECTURE.md": architecture,
    "docs/metrics.md": metrics_page,
    "docs/openapi.json": openapi_json,
}


def main(check: bool) -> int:
    """Write what is stale; with `check` only say so. Returns the exit code."""
    stale = 0
    for name, make in DOCUMENTS.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{name} is stale: run `make docs`", file=sys.stderr)
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
