"""The house: imports, sizes, keys, facts and the documents that are made from code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from app import flow, metrics
from app.core.facts import OPS
from app.settings import Settings
from app.web import openapi

ROOT = Path(__file__).parents[1]
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def sources(*suffixes: str) -> Iterator[Path]:
    """Our own code that runs in the product, without what Alembic generates."""
    for folder in ("app", "agents"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and "migrations" not in path.parts:
                yield path


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources(".py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_the_layers_import_only_downwards() -> None:
    """The contracts stand in pyproject.toml."""
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(".py", ".lua")
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        name: lines
        for name, node in functions()
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(".py")
        if path.name != "__main__.py" and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_the_core_reads_no_clock_and_makes_no_chance() -> None:
    forbidden = re.compile(r"\b(time\.|datetime\.now|utcnow|random|uuid4|asyncio|os\.)")
    found = [
        f"{path.name}: {line}"
        for path in (ROOT / "app" / "core").glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        # A name in quotes, such as the variable "time.hour", is no call.
        if forbidden.search(re.sub(r'"[^"]*"', '""', line))
        and not line.strip().startswith(('"""', "#"))
    ]
    assert not found


# A key's family: hs:task, hs:rep. What follows is one of them.
FAMILY = re.compile(r"hs:[a-z_]+")


def documented_keys() -> set[str]:
    """The families in the head of 00_keys.lua and in the docstrings of modules."""
    lua = (ROOT / "app/adapters/lua/00_keys.lua").read_text("utf-8")
    head = lua[: lua.index("\nlocal")]
    texts = [line for line in head.splitlines() if line.startswith("-- hs:")]
    for path in sources(".py"):
        texts.append(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    return {family for text in texts for family in FAMILY.findall(text)}


def used_keys() -> set[str]:
    """Families in the code itself. The flow's table speaks of keys, and uses none."""
    used: set[str] = set()
    for path in sources(".py", ".lua"):
        text = path.read_text("utf-8")
        if path.suffix == ".lua":
            text = "\n".join(line.partition("--")[0] for line in text.splitlines())
        elif path.name == "flow.py":
            continue
        else:
            text = text.replace(ast.get_docstring(ast.parse(text), clean=False) or "\0", "")
        used |= set(FAMILY.findall(text))
    return used


def test_every_redis_key_is_explained() -> None:
    assert used_keys() - documented_keys() == set()


def test_every_explained_redis_key_is_used() -> None:
    assert documented_keys() - used_keys() == set()


def test_the_flow_speaks_only_of_keys_that_there_are() -> None:
    assert set(FAMILY.findall(flow.table())) <= documented_keys()


def ops_in_lua() -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in sources(".lua"))
    return set(re.findall(r"(?:emit|put_back)\(task, '(\w+)'", text))


def ops_in_python() -> set[str]:
    """First arguments of fact(...) and `op=` of Fact(...)."""
    found: set[str] = set()
    for path in sources(".py"):
        if "audit" in path.parts or "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            given: list[ast.expr] = []
            if node.func.id == "fact":
                given = node.args[:1]
            elif node.func.id == "Fact":
                given = [keyword.value for keyword in node.keywords if keyword.arg == "op"]
            found |= {n.value for n in given if isinstance(n, ast.Constant)}
    return found


def test_every_fact_that_is_written_is_a_known_one() -> None:
    assert {"queued", "accepted", "timed_out", "breached"} <= ops_in_lua()
    assert {"received", "dead", "decided"} <= ops_in_python()
    assert ops_in_lua() | ops_in_python() <= set(OPS)


def document(name: str) -> str:
    path = ROOT / name
    assert path.exists(), f"{name} is missing: run `python -m tools.docs`"
    return path.read_text("utf-8")


def test_the_api_document_is_the_one_that_is_served() -> None:
    found = json.loads(document("docs/openapi.json"))
    assert found == json.loads(json.dumps(openapi.document())), "run `python -m tools.docs`"


def test_the_architecture_shows_the_flow_as_it_runs() -> None:
    assert flow.table() in document("ARCHITECTURE.md"), "run `python -m tools.docs`"


def test_every_metric_is_documented_with_its_meaning() -> None:
    page = document("docs/metrics.md")
    every = [m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)]
    assert len(every) > 15
    missing = [m._name for m in every if m._name not in page or m._documentation not in page]
    assert not missing, "run `python -m tools.docs`"


def test_no_metric_is_labelled_with_something_unbounded() -> None:
    labels = {
        label
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for label in metric._labelnames
    }
    assert labels.isdisjoint({"rep", "task", "mention", "handle", "customer", "user", "name"})


def test_every_setting_has_an_effect() -> None:
    """A key that nothing reads would promise what does not happen."""
    code = "\n".join(
        path.read_text("utf-8") for path in sources(".py") if path.name != "settings.py"
    )
    unread = [
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key in getattr(field.annotation, "model_fields", {})
        if f".{key}" not in code
    ]
    assert not unread
