"""How mentions are scored just now, over HTTP: what the workers' gauges say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.web.scoring import standing
from tests.web.conftest import Api

UNKNOWN = {"rung": None, "model": None, "model_out": None}


def process(folder: Path, does: str) -> None:
    """A process with gauges of its own, as under `up`; they stay when it is gone."""
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    code = f"from app import metrics\n{does}"
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


WORKER = 'metrics.RUNG.set({rung}); metrics.MODEL.labels("l6@1").set(1)'


def test_the_lowest_rung_of_all_workers_and_the_model_are_told(tmp_path: Path) -> None:
    process(tmp_path, "")  # one that scores nothing, as the web's own
    assert standing(tmp_path) == UNKNOWN
    process(tmp_path, WORKER.format(rung=0))
    assert standing(tmp_path) == {"rung": "full", "model": "l6@1", "model_out": False}
    process(tmp_path, f'{WORKER.format(rung=2)}; metrics.DEGRADED.labels("model").set(1)')
    assert standing(tmp_path) == {"rung": "fast", "model": "l6@1", "model_out": True}


@pytest.mark.parametrize(("who", "status"), [("sofia", 200), ("amira", 403)])
async def test_who_looks_after_the_floor_may_ask_and_hears_null_where_no_worker_is(
    api: Api, who: str, status: int
) -> None:
    answer = await api.get(who, "/api/v1/scoring")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == UNKNOWN
