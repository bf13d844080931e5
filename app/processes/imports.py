"""imports: files for the page of imports, one at a time, in a process of their own.

How far one is stands in the store, where whoever waits for it looks; there it is cancelled, too.
Cut off at any moment, it goes on at the next start from where it was.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import structlog

from app.adapters.store.database import Database
from app.adapters.store.imports import Imports, get_now
from app.core.errors import HandshakeError
from app.core.imported import DONE, FAILED, RUNNING, Import
from app.processes.forks import die_with_parent
from app.processes.importing import Importer
from app.settings import Settings
from app.web.imports import FOLDER
from app.wiring.base import Base, configuration, system_ms
from app.wiring.profiles import statements

log = structlog.get_logger()

_NICENESS: Final = 10  # an import gives way to what customers say now
TIDY_S: Final = 3600.0  # from one tidying to the next
_KEPT_S: Final = 7 * 24 * 3600  # a file that nobody has imported in this time is thrown away


class ImportRunner:
    def __init__(self, base: Base) -> None:
        self._settings = base.settings
        self._store = Imports(base.database)
        self._folder = folder_of(base.settings)
        self._waiting: asyncio.Queue[Import] = asyncio.Queue()
        self._others: dict[str, int] = {}  # rows done at the last look, by run, of the command line

    def begin(self, run: Import) -> None:
        """Run it as soon as no other one runs."""
        self._waiting.put_nowait(run)

    async def begin_anew(self) -> None:
        """At the start of `web`, of which there is one: what was cut off goes on."""
        for run in await self._store.running():
            if not self._is_other(run):
                self.begin(run)

    async def turn(self) -> None:
        """Run the next one. Cancelled, it leaves it: it goes on at the next start."""
        await self._one(await self._waiting.get())

    async def _one(self, run: Import) -> None:
        # A fresh one: a fork would carry over half of our threads. It ends with us.
        process = get_context("spawn").Process(
            target=_process, args=(self._settings, run.id), daemon=True
        )
        process.start()
        try:
            await asyncio.to_thread(process.join)
        except asyncio.CancelledError:
            process.terminate()
            raise
        if process.exitcode:  # it could not say so itself
            told = f"the process that ran it has ended with {process.exitcode}"
            await self._store.end(run.id, FAILED, system_ms(), told)
        ended = await self._store.get(run.id)
        log.info("import_ended", run=run.id, state=ended.state, counts=dict(ended.counts))

    async def tidy(self) -> None:
        """Delete old files; what has not moved since the last time was killed, and has failed.

        A batch takes seconds, or two minutes while the store is away: less than the time between.
        Runs of files in our own folder are ours: they wait in our queue.
        """
        await asyncio.to_thread(self._delete_old)
        running = await self._store.running()
        others = {one.id: one.rows_done for one in running if self._is_other(one)}
        for id_, done in others.items():
            if self._others.get(id_) == done:
                told = "the command that ran it has ended without a word: import the file again"
                await self._store.end(id_, FAILED, system_ms(), told)
        self._others = others

    def _is_other(self, run: Import) -> bool:
        return Path(run.path).parent != self._folder

    def _delete_old(self) -> None:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if time.time() - path.stat().st_mtime > _KEPT_S:
                path.unlink(missing_ok=True)


def folder_of(settings: Settings) -> Path:
    """Where uploaded files are kept until they are imported."""
    return settings.data_dir.resolve() / FOLDER


def _process(settings: Settings, id_: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started us
    die_with_parent()
    os.nice(_NICENESS)
    run_one(settings, id_)


def run_one(settings: Settings, id_: str) -> None:
    """One import, to its end, which is written into the store."""
    database = Database(settings.store_url)
    imports = Imports(database)
    try:
        run = database.run_now(lambda c: get_now(c, id_), True)
        if run.state != RUNNING:
            return  # cancelled while it waited
        importer = Importer(
            database=database,
            store=statements(database, settings, configuration(settings).catalogue),
            imports=imports,
            now_ms=system_ms,
        )
        done = importer.run(run)
        if done.state == DONE and not done.dry:
            database.run_now(lambda c: imports.forget_file_now(c, id_))
            if Path(run.path).parent == folder_of(settings):  # else it is somebody's own
                Path(run.path).unlink(missing_ok=True)
    except HandshakeError as error:
        told = str(error)
        database.run_now(lambda c: imports.end_now(c, id_, FAILED, system_ms(), told))
    finally:
        database.close()
