"""Flags that several commands have: one name, one meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

StoreUrl = Annotated[str, typer.Option("--store", help="SQLAlchemy URL; default: SQLite")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="where data live; default: var/")]


def settings_of(**flags: Any) -> Any:
    from app.settings import load

    given: dict[str, Any] = {}
    for name, value in flags.items():
        if isinstance(value, dict):
            value = {key: v for key, v in value.items() if v not in (None, "")}
        if value not in (None, {}, ""):
            given[name] = value
    return load(**given)
