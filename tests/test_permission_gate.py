"""No way around the permission gate (A4.8): the code is walked, and each check is red once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GATE = "app/core/permission.py"
WIRING = "app/wiring/outbound.py"
CONNECTORS = "app/adapters/connectors/"

# Everything that is called `send` and is called, by file and function. The one that sends to
# customers is `Lane._sent`; whoever adds a line here says why it is none of those.
SENDS = {
    ("app/processes/sending.py", "_sent"),  # to customers, with a permit
    ("app/processes/handoff_delivery.py", "_try"),  # events to partner engines
    ("app/processes/handoff_outcome.py", "turn"),  # the topic handoffs
    ("app/processes/relay.py", "move"),  # the topic facts
    ("app/adapters/webhook.py", "_post"),  # the HTTP client of both
    ("app/adapters/dead_letters.py", "bury"),  # the topic dead
    ("app/wiring/intake.py", "accept"),  # the topic mentions
    ("app/processes/reconcile.py", "_send_again"),  # the same
    ("app/adapters/kafka.py", "send"),  # the client of all topics
    ("app/web/server.py", "with_headers"),  # an answer to whoever asks the web process
}
# Whoever can open a connection to elsewhere.
SPEAKERS = {
    "app/adapters/webhook.py",
    "app/demo/client.py",  # to ourselves
    "app/demo/colleagues.py",  # to ourselves
    "app/demo/traffic.py",  # to ourselves
    "app/processes/console.py",  # to ourselves
    "app/processes/starting.py",  # to ourselves
    "app/processes/up.py",  # to ourselves
    "app/replay.py",  # to ourselves
    "app/audit/source.py",  # reads a ledger
}
_SPEAKING = {"httpx", "requests", "aiohttp", "smtplib", "urllib.request", "http.client"}

Tree = dict[str, ast.Module]


def trees(root: Path = ROOT) -> Tree:
    paths = [path for part in ("app", "agents") for path in sorted((root / part).rglob("*.py"))]
    return {str(p.relative_to(root)): ast.parse(p.read_text("utf-8")) for p in paths}


@pytest.fixture(scope="module")
def code() -> Tree:
    return trees()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of this name, alone or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            found = called.attr if isinstance(called, ast.Attribute) else ""
            found = called.id if isinstance(called, ast.Name) else found
            if found == name:
                yield node


def names(tree: ast.AST) -> set[str]:
    """Every name that is used, imported or read as an attribute."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip


def forged(code: Tree) -> set[str]:
    """Where permits are made, or their seal is touched, other than in the gate."""
    return {
        path for path, tree in code.items()
        if path != GATE and (any(calls(tree, "Permit")) or "_SEAL" in names(tree))
    }  # fmt: skip


def sends(code: Tree) -> set[tuple[str, str]]:
    """Every call of something named `send`, by file and innermost function."""
    found = set()
    for path, tree in code.items():
        inner = {id(call): "" for call in calls(tree, "send")}
        for function in functions(tree):  # outer ones come first
            inner |= {id(call): function.name for call in calls(function, "send")}
        found |= {(path, name) for name in inner.values()}
    return found


def connectors(code: Tree) -> dict[str, ast.ClassDef]:
    """Classes with a `send` in the connectors' folder, or with one that speaks of permits."""
    found = {}
    for path, tree in code.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or path == "app/ports.py":
                continue
            for function in node.body:
                sends_ = isinstance(function, ast.AsyncFunctionDef) and function.name == "send"
                if sends_ and (path.startswith(CONNECTORS) or "Permit" in names(function)):
                    found[node.name] = node
    return found


def careless(found: dict[str, ast.ClassDef]) -> set[str]:
    """Connectors whose `send` takes no permit, or does something before it has checked it."""
    wrong = set()
    for name, node in found.items():
        [send] = [f for f in node.body if isinstance(f, ast.AsyncFunctionDef) and f.name == "send"]
        given = [(a.arg, ast.unparse(a.annotation or ast.Constant(None))) for a in send.args.args]
        doing = [ast.unparse(s) for s in send.body if not is_text(s)]
        checks = doing and doing[0].startswith("permit.check(message, ")
        if given[1:] != [("message", "Outbound"), ("permit", "Permit")] or not checks:
            wrong.add(name)
    return wrong


def is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def speakers(code: Tree) -> set[str]:
    found = set()
    for path, tree in code.items():
        for node in ast.walk(tree):
            imported = {alias.name for alias in node.names} if isinstance(node, ast.Import) else ()
            whence = {node.module} if isinstance(node, ast.ImportFrom) else set()
            if _SPEAKING & ({*imported} | whence):
                found.add(path)
    return found


def test_permits_are_made_by_the_gate_alone(code: Tree) -> None:
    assert forged(code) == set()
    [call] = calls(code[GATE], "Permit")
    assert call in list(calls(next(f for f in functions(code[GATE]) if f.name == "ask"), "Permit"))


def test_nothing_is_sent_but_where_it_is_listed(code: Tree) -> None:
    assert sends(code) == SENDS


def test_there_are_connectors_and_each_checks_its_permit_first(code: Tree) -> None:
    found = connectors(code)
    assert "WebhookConnector" in found
    assert careless(found) == set()


def test_connectors_are_built_in_one_place_for_one_process(code: Tree) -> None:
    for name in connectors(code):
        users = {path for path, tree in code.items() if name in names(tree)}
        assert {path for path in users if not path.startswith(CONNECTORS)} == {WIRING}
    using = {path for path, tree in code.items() if any(calls(tree, "connectors"))}
    assert using == {"app/processes/send.py"}


def test_webhooks_are_posted_by_a_connector_or_to_a_partner_alone(code: Tree) -> None:
    posting = {
        path for path, tree in code.items()
        if any(re.search(r"webhooks?$", ast.unparse(c.func.value)) for c in calls(tree, "post")
               if isinstance(c.func, ast.Attribute))
    }  # fmt: skip
    assert posting == {f"{CONNECTORS}webhook.py"}


def test_nobody_else_can_speak_to_the_outside(code: Tree) -> None:
    assert speakers(code) == SPEAKERS


def only(path: str, source: str) -> Tree:
    return {path: ast.parse(source)}


@pytest.mark.parametrize(
    "source",
    [
        "from app.core.permission import Permit\nPermit('', '', 0, '', '', seal=None)",
        "from app.core import permission\npermission.Permit('', '', 0, '', '', seal=None)",
        "from app.core.permission import _SEAL",
        "from app.core import permission\nx = permission._SEAL",
    ],
)
def test_a_forged_permit_is_found(source: str) -> None:
    assert forged(only("app/web/x.py", source)) == {"app/web/x.py"}


def test_a_send_elsewhere_is_found() -> None:
    source = "async def hurry(c, m, p):\n    def inner():\n        return c.send(m, p)"
    assert sends(only("app/web/x.py", source)) - SENDS == {("app/web/x.py", "inner")}


@pytest.mark.parametrize(
    "source",
    [
        "class Fax:\n    async def send(self, message: Outbound): ...",
        "class Fax:\n    async def send(self, message: Outbound, permit: Permit): await out()",
        "class Fax:\n    async def send(self, message: Outbound, permit: Permit | None):\n"
        "        permit.check(message, 0)",
    ],
)
def test_a_careless_connector_is_found(source: str) -> None:
    found = connectors(only(f"{CONNECTORS}fax.py", source))
    assert careless(found) == {"Fax"}


def test_another_way_out_is_found() -> None:
    for source in ("import smtplib", "from httpx import post", "import urllib.request"):
        assert speakers(only("app/web/x.py", source)) - SPEAKERS == {"app/web/x.py"}
