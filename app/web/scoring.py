"""How mentions are scored just now, as the workers of this machine say by their gauges."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.ladder import RUNGS

_RUNG, _MODEL, _DEGRADED = "handshake_scoring_rung", "handshake_model_info", "handshake_degraded"


async def scoring(_request: Request) -> Response:
    """The lowest rung in use, the model of the top, and whether one is out."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return JSONResponse(await asyncio.to_thread(standing, Path(folder)) if folder else _UNKNOWN)


_UNKNOWN: dict[str, Any] = {"rung": None, "model": None, "model_out": None}


def standing(folder: Path) -> dict[str, Any]:
    """`rung`, `model` and `model_out` by the gauges in a folder; null where no worker is there."""
    files = [str(path) for path in folder.glob("gauge_live*.db")]
    found = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    values = {
        metric.name: {tuple(one.labels.values()): one.value for one in metric.samples}
        for metric in found
    }
    models = sorted(labels[0] for labels, value in values.get(_MODEL, {}).items() if value)
    if not models:  # each process has the gauge of the rung, and only a worker a model
        return _UNKNOWN
    rung = RUNGS[int(values[_RUNG][()])]
    out = bool(values.get(_DEGRADED, {}).get(("model",), 0))
    return {"rung": rung, "model": ", ".join(models), "model_out": out}
