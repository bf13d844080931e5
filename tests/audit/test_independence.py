"""The auditor must not share a mistake with what it checks: it imports nothing of the engine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import app.audit

_ROOT = Path(app.audit.__file__).parent


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides what it imports"
            found.add(node.module or "")
    return found


def test_it_imports_the_standard_library_and_itself() -> None:
    files = sorted(_ROOT.rglob("*.py"))
    assert len(files) > 10
    for file in files:
        foreign = {
            name
            for name in _imports(file)
            if name.partition(".")[0] not in sys.stdlib_module_names
            and not (name == "app.audit" or name.startswith("app.audit."))
        }
        allowed = {"prometheus_client"} if file.name == "metric.py" else set()
        assert foreign <= allowed, f"{file}: {foreign}"


def test_running_it_loads_nothing_of_the_engine() -> None:
    script = (
        "import sys, app.audit.main;"
        "print([m for m in sys.modules if m.startswith('app.') and not m.startswith('app.audit')"
        " or m in ('redis', 'faust', 'orjson', 'sqlalchemy')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=_ROOT.parents[1],
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
