"""A wall clock that a run moves, for the processes that were started with it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

from tests.live.running import absent

_SOURCE = Path(__file__).parent / "clock.c"
_HOUR_NS = 3_600_000_000_000


class Clock:
    """`env` starts a process with it; `jump` moves the clock of all of them, or of one."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            absent("no C compiler for the clock (apt-get install gcc libc6-dev)")
        library, self._file = folder / "clock.so", folder / "clock"
        folder.mkdir(parents=True, exist_ok=True)
        argv = [str(compiler), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-fno-builtin"]
        argv += ["-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(argv, check=True)
        self._file.write_bytes(struct.pack("qq", 0, 0))
        self.env = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._file)}

    def jump(self, hours: float, pid: int = 0) -> None:
        """Set the offset, in place, because the file is mapped; `pid` 0 means everybody."""
        file = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(file, struct.pack("qq", round(hours * _HOUR_NS), pid), 0)
        finally:
            os.close(file)
