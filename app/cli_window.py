"""What the commands about recorded traffic share: their window, and the store that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from app.core import duration
from app.core.backtest_report import Window
from app.core.errors import Unavailable

if TYPE_CHECKING:
    from app.adapters.store.database import Database

SINCE_HELP = "from here on: 7d (ago), 24h, or a time such as 2026-11-18T09:00:00Z"
UNTIL_HELP = "up to here, in the same way; default: now"

_SQLITE = "sqlite:///"


def window_of(since: str, until: str, now_ms: int) -> Window:
    """The window of two flags; an empty one sets no bound. Exits with 2 where it is none."""
    window = Window(
        since_ms=_moment_ms("--since", since, now_ms), until_ms=_moment_ms("--until", until, now_ms)
    )
    if window.until_ms and window.since_ms >= window.until_ms:
        raise typer.BadParameter("expected --since before --until")
    return window


def _moment_ms(flag: str, text: str, now_ms: int) -> int:
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now_ms - round(duration.seconds(text) * 1000)
        except ValueError:
            raise typer.BadParameter(f"{flag}: expected {SINCE_HELP}; got {text!r}") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{flag}: expected a time with a zone, got {text!r}")
    return round(moment.timestamp() * 1000)


@contextmanager
def store_of(settings: Any) -> Iterator[Database]:
    """The store, to be read. Raises Unavailable; it never makes one."""
    from app.adapters.store.database import Database

    url: str = settings.store_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise Unavailable(f"there is no store at {url}: has Handshake run here?")
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
