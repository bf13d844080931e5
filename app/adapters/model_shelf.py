"""The shelf: models that were promoted, each in a folder of its own that nobody changes.

A folder is named after the digest of its manifest, which names the hash of each file: whoever
finds the digest in the store knows what must lie there, on whatever machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.adapters.model_files import MANIFEST, ModelFiles, find
from app.core.errors import ConfigError

_NAME_CHARS: Final = 16  # of the digest; 64 bits are enough to keep some models apart

# Of each file: path, size, when it was last written (ns), which file it is. Cheap to look at.
Look = tuple[tuple[str, int, int, int], ...]


def digest_of(manifest: bytes, name: str) -> str:
    """What a promoted model is known by, 64 hexadecimal digits: its manifest and its name."""
    return hashlib.sha256(manifest + b"\0" + name.encode()).hexdigest()


def home(files: ModelFiles) -> Path:
    """The folder whose manifest names these files. Raises ConfigError where none does."""
    for folder in (files.model.parent, files.tokenizer.parent):
        if (folder / MANIFEST).is_file() and find(folder, files.name) == files:
            return folder
    expected = f"expected a {MANIFEST} beside it that names it, with its temperature and languages"
    raise ConfigError([f"{files.model}: {expected}: no other model goes live"])


def _fine(_: ModelFiles) -> None:
    """Whatever is whole may stay."""


class Shelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, digest: str) -> Path:
        """Where this model lies, or would lie."""
        return self._folder / digest[:_NAME_CHARS]

    def keep(self, files: ModelFiles, check: Callable[[ModelFiles], None] = _fine) -> str:
        """Copy a model here, to stay; returns its digest. Raises ConfigError.

        `check` is given the copy and raises ConfigError where that must not stay.
        """
        source = home(files)
        names = [_within(source, file) for file in (files.model, files.tokenizer)]
        digest = digest_of((source / MANIFEST).read_bytes(), files.name)
        if self._whole(digest, files.name):
            check(self.find(digest, files.name))
            return digest
        place = self.place(digest)
        made = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            shutil.rmtree(made, ignore_errors=True)
            for name in (Path(MANIFEST), *names):
                _copy(source / name, made / name)
            check(find(made, files.name))
            shutil.rmtree(place, ignore_errors=True)  # what is not whole is of no use to anybody
            made.rename(place)
            _sync(self._folder)
            self.find(digest, files.name)
        except OSError as error:
            raise ConfigError([f"{place}: cannot be written: {error.strerror}"]) from None
        except ConfigError as error:  # who typed the one folder knows nothing of the other
            raise ConfigError([p.replace(str(made), str(source)) for p in error.problems]) from None
        finally:
            shutil.rmtree(made, ignore_errors=True)
            with suppress(OSError):  # that it is not empty: what is refused leaves nothing
                self._folder.rmdir()
        return digest

    def find(self, digest: str, name: str) -> ModelFiles:
        """A model that was kept, every byte of it checked. Raises ConfigError."""
        place = self.place(digest)
        try:
            found = digest_of((place / MANIFEST).read_bytes(), name)
        except OSError as error:
            raise ConfigError([f"{place}: not on this machine: {error.strerror}"]) from None
        if found != digest:
            raise ConfigError([f"{place / MANIFEST}: not the manifest that was promoted"])
        return find(place, name)

    def look(self, digest: str) -> Look:
        """Something that changes where a file of this model does; empty where there is none."""
        try:
            return tuple(sorted(_seen(self.place(digest))))
        except OSError:  # it vanishes while it is looked at
            return ()

    def _whole(self, digest: str, name: str) -> bool:
        try:
            self.find(digest, name)
        except ConfigError:
            return False
        return True


def _within(folder: Path, file: Path) -> Path:
    """Where a file lies in its folder. Raises ConfigError where it does not."""
    parts = file.parts[len(folder.parts) :] if file.is_relative_to(folder) else ("..",)
    if ".." in parts:
        raise ConfigError([f"{folder / MANIFEST}: {file}: expected a file within this folder"])
    return Path(*parts)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    _sync(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    """Wait until it is on the disk: the store must not name what a power cut takes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _seen(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    for path in folder.rglob("*"):
        try:
            found = path.stat()
        except OSError:
            continue
        if path.is_file():
            yield str(path), found.st_size, found.st_mtime_ns, found.st_ino
