"""Figures: rates, the load beside them, and the machine they were taken on."""

from __future__ import annotations

import math
import os
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True, kw_only=True)
class Row:
    """One measurement. `load` is the 1-minute load average when it began and when it ended."""

    name: str
    figures: dict[str, float]
    unit: str
    load: tuple[float, float]
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        shown = "  ".join(f"{name} {value:,.4g}" for name, value in self.figures.items())
        load = f"load {self.load[0]:.1f} to {self.load[1]:.1f}"
        return f"{self.name:<46} {shown} {self.unit:<11} {load}  {self.note}".rstrip()


def load_now() -> float:
    return os.getloadavg()[0]


def cpu_seconds(pid: int) -> float:
    """Processor time that this process has used; NaN where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return math.nan
    user, system = stat.read_text("utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        # What multiplies int8 quickly: without it the models take twice as long and more.
        "vnni": any("vnni" in line for line in lines if line.startswith("flags")),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
