"""Model files: the manifest, and the check that each file is the one it names."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from app.core.errors import ConfigError
from app.core.score import LABELS

MANIFEST: Final = "manifest.toml"  # in the folder of its models
_LANGUAGE: Final = re.compile("[a-z]{2,3}")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    file: str
    sha256: str


class _Model(_File, forbid_unknown_fields=True):
    temperature: float | None = None  # None: the manifest's for all
    languages: list[str] | None = None  # so, too
    tokenizer: _File | None = None


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    labels: list[str]
    inputs: list[str]
    output: str
    max_tokens: int
    temperature: float
    languages: list[str]
    tokenizer: _File
    model: dict[str, _Model]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A checked model: paths, and what its manifest says of it."""

    name: str
    sha256: str
    model: Path
    tokenizer: Path
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    output: str
    max_tokens: int
    temperature: float
    languages: frozenset[str]

    @property
    def tag(self) -> str:
        """What a score is signed with: the name and the beginning of the file's hash."""
        return f"{self.name}@{self.sha256[:8]}"


def find(folder: Path, name: str) -> ModelFiles:
    """Read the manifest and check both files. Raises ConfigError with all that is wrong."""
    manifest = _read(folder / MANIFEST)
    entry = manifest.model.get(name)
    if entry is None:
        raise ConfigError(_wrong_name(folder, manifest, name))
    tokenizer = entry.tokenizer or manifest.tokenizer
    problems = [p for f in (entry, tokenizer) if (p := _problem(folder, f))]
    problems += [f"{folder / MANIFEST}: {p}" for p in _wrong_values(manifest)]
    if problems:
        raise ConfigError(problems)
    return ModelFiles(
        name=name,
        sha256=entry.sha256,
        model=folder / entry.file,
        tokenizer=folder / tokenizer.file,
        labels=tuple(manifest.labels),
        inputs=tuple(manifest.inputs),
        output=manifest.output,
        max_tokens=manifest.max_tokens,
        temperature=entry.temperature or manifest.temperature,
        languages=frozenset(manifest.languages if entry.languages is None else entry.languages),
    )


def names(folder: Path) -> list[str]:
    """The models of a folder's manifest, sorted. Raises ConfigError where it cannot be read."""
    return sorted(_read(folder / MANIFEST).model)


def _wrong_values(manifest: _Manifest) -> Iterator[str]:
    if sorted(manifest.labels) != sorted(LABELS):
        yield f"labels: expected {', '.join(LABELS)} in any order, got {manifest.labels}"
    given = {"": manifest.temperature} | {
        f"model.{name}.": entry.temperature
        for name, entry in manifest.model.items()
        if entry.temperature is not None
    }
    for where, temperature in given.items():
        if not 0 < temperature < math.inf:
            yield f"{where}temperature: expected a number above zero, got {temperature}"
    listed = {"": manifest.languages} | {
        f"model.{name}.": entry.languages
        for name, entry in manifest.model.items()
        if entry.languages is not None
    }
    for where, languages in listed.items():
        if not languages or not all(map(_LANGUAGE.fullmatch, languages)):
            yield f"{where}languages: expected codes of ISO 639, one or more, got {languages}"
    if manifest.max_tokens < 1:
        yield f"max_tokens: expected one or more, got {manifest.max_tokens}"


def problems(folder: Path, named: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong with the manifest, with who names a model of it, or any file, in use or not.

    `named` are pairs: where it is named, and the name.
    """
    try:
        manifest = _read(folder / MANIFEST)
    except ConfigError as error:
        return error.problems
    entries = manifest.model.values()
    tokenizers = (one.tokenizer for one in entries if one.tokenizer)
    files = [*entries, manifest.tokenizer, *tokenizers]
    return [
        *(f"{by}: {found}" for by, name in named for found in _wrong_name(folder, manifest, name)),
        *(found for entry in files if (found := _problem(folder, entry))),
        *(f"{folder / MANIFEST}: {p}" for p in _wrong_values(manifest)),
    ]


def _wrong_name(folder: Path, manifest: _Manifest, name: str) -> list[str]:
    if name in manifest.model:
        return []
    known = ", ".join(sorted(manifest.model))
    return [f"{folder / MANIFEST}: model: expected {known}, got {name!r}"]


def _read(path: Path) -> _Manifest:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Manifest)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError([f"{path}: {error}"]) from None


def _problem(folder: Path, entry: _File) -> str | None:
    path = folder / entry.file
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"{path}: the model file is missing or cannot be read: {error.strerror}"
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        return (
            f"{path}: not the file of the manifest (cut short or changed):"
            f" expected sha256 {entry.sha256}, got {found} ({len(content)} bytes)"
        )
    return None
