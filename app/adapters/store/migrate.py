"""The schema's history, applied: apart from the rest, because only `up` and tests need it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.errors import ConfigError


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema up to date; a test may stop earlier.

    Raises ConfigError for an address that is none.
    """
    try:
        make_url(url)
    except ArgumentError as error:
        raise ConfigError([f"store.url: {error}"]) from None
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, revision)
