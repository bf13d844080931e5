"""Tests that a second module collects by a star import are all collected there, as they are."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

ROOT = Path(__file__).parents[1]


def starred(source: str) -> list[str]:
    return [
        node.module
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*"
    ]


def defined(source: str) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}


COLLECTORS = [p for p in (ROOT / "tests").rglob("test_*.py") if starred(p.read_text())]


def test_there_are_such_modules() -> None:
    assert COLLECTORS


@pytest.mark.parametrize("path", COLLECTORS, ids=lambda path: path.stem)
def test_no_test_and_no_fixture_is_hidden_by_a_name_of_another_module(path: Path) -> None:
    """A helper of the same name takes the place of a fixture without a word, until it runs."""
    source = path.read_text()
    here = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    hidden = [
        f"{name} of {module}"
        for module in starred(source)
        for name, each in vars(importlib.import_module(module)).items()
        if name.startswith("test_") or isinstance(each, FixtureFunctionDefinition)
        if name not in defined(source) and getattr(here, name, None) is not each
    ]
    assert hidden == []
