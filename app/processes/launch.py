"""Launch of `up`: what must happen before its first heavy import."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from app.core.errors import ConfigError, Unavailable
from app.processes import forks
from app.settings import Settings


def main(settings: Settings) -> None:
    """Run everything until Ctrl+C. Raises ConfigError or Unavailable."""
    data_dir = settings.data_dir.resolve()
    try:
        # Customers' words are in there: nobody else on this host may read them.
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([f"--data-dir {data_dir}: {error.strerror}"]) from None
    with _only_one(data_dir):
        _share_metrics(data_dir)
        (data_dir / "log").mkdir(exist_ok=True)
        forks.preload()
        try:
            from app.processes import up  # noqa: PLC0415 (imports while the fork server does)

            up.main(settings)
        finally:
            forks.stop()


def _share_metrics(data_dir: Path) -> None:
    """One set of figures for all processes; the library looks for it when it is imported."""
    folder = data_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Two of us on one data directory would be two owners of the same tasks."""
    lock: IO[str] = (data_dir / "up.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"another Handshake already runs on {data_dir}") from None
        yield
