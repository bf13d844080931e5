"""Write the documents that are made from code: `python -m tools.docs [--check]`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from app import flow, metrics
from app.web import openapi
from tools import docs_config, docs_wire

ROOT = Path(__file__).resolve().parent.parent

_FLOW = re.compile(r"(<!-- flow -->\n).*?(\n<!-- /flow -->)", re.DOTALL)


def architecture(table: Callable[[], str] = flow.table) -> str:
    """ARCHITECTURE.md with the flow table as it is in `app.flow`."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    return _FLOW.sub(lambda found: found[1] + table() + found[2], text)


def metrics_page(source: Mapping[str, Any] = vars(metrics)) -> str:
    """Every metric with its labels and meaning."""
    rows = [
        f"| `{_exposed(metric)}` | {metric._type} |"
        f" {', '.join(metric._labelnames) or '-'} | {metric._documentation} |"
        for metric in source.values()
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


Documents = Mapping[str, Callable[[], str]]

DOCUMENTS: Documents = {
    "ARCHITECTURE.md": architecture,
    "docs/config.md": docs_config.page,
    "docs/metrics.md": metrics_page,
    "docs/openapi.json": openapi_json,
    "docs/redis-keys.md": docs_wire.redis_keys,
    "docs/topics.md": docs_wire.topics,
}


def stale(documents: Documents = DOCUMENTS) -> dict[str, str]:
    """The documents that differ from their source, with the text that they should have."""
    made = {name: make() for name, make in documents.items()}
    return {name: text for name, text in made.items() if _written(name) != text}


def main(check: bool, documents: Documents = DOCUMENTS) -> int:
    """Write what is stale; with `check` only say so. Returns the exit code."""
    found = stale(documents)
    for name, text in found.items():
        if check:
            print(f"{name} is stale: run `make docs`", file=sys.stderr)
        else:
            (ROOT / name).write_text(text, "utf-8")
            print(f"wrote {name}")
    return 1 if check and found else 0


def _written(name: str) -> str | None:
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
