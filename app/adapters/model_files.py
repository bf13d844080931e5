"""Model files: the manifest, and the check that each file is the one it names."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from app.core.errors import ConfigError
from app.core.heads import HEADS
from app.core.score import LABELS

MANIFEST: Final = "manifest.toml"  # in the folder of its models
_LANGUAGE: Final = re.compile("[a-z]{2,3}")
_MOST_TOKENS: Final = 512  # of the models of this kind; time and memory grow with their square


class _File(msgspec.Struct, forbid_unknown_fields=True):
    file: str
    sha256: str


class _Model(_File, forbid_unknown_fields=True):
    temperature: float | None = None  # None: the manifest's for all
    languages: list[str] | None = None  # so, too
    tokenizer: _File | None = None
    heads: list[str] = []
    temperatures: dict[str, float] = {}  # of its heads; who is not named has that of the head


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    output: str
    labels: list[str]
    temperature: float = 1.0


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    labels: list[str]
    inputs: list[str]
    output: str
    max_tokens: int
    temperature: float
    languages: list[str]
    tokenizer: _File
    model: dict[str, _Model]
    head: dict[str, _Head] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A further output of a model: `columns` are those of its labels among all probabilities."""

    output: str
    labels: tuple[str, ...]
    temperature: float
    columns: slice


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A checked model: paths, and what its manifest says of it.

    The columns of its probabilities are the labels of the sentiment, then those of each head.
    """

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
    heads: Mapping[str, Head] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """How many probabilities there are for a text."""
        return len(self.labels) + sum(len(head.labels) for head in self.heads.values())

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
        heads=_heads(manifest, entry),
    )


def _heads(manifest: _Manifest, entry: _Model) -> dict[str, Head]:
    found, at = {}, len(manifest.labels)
    for name in entry.heads:
        head = manifest.head[name]
        found[name] = Head(
            output=head.output,
            labels=tuple(head.labels),
            temperature=entry.temperatures.get(name, head.temperature),
            columns=slice(at, at := at + len(head.labels)),
        )
    return found


def names(folder: Path) -> list[str]:
    """The models of a folder's manifest, sorted. Raises ConfigError where it cannot be read."""
    return sorted(_read(folder / MANIFEST).model)


def _wrong_values(manifest: _Manifest) -> Iterator[str]:
    if sorted(manifest.labels) != sorted(LABELS):
        yield f"labels: expected {', '.join(LABELS)} in any order, got {manifest.labels}"
    for where, temperature in _temperatures(manifest):
        if not 0 < temperature < math.inf:
            yield f"{where}: expected a number above zero, got {temperature}"
    for where, languages in _languages(manifest):
        if not languages or not all(map(_LANGUAGE.fullmatch, languages)):
            yield f"{where}: expected codes of ISO 639, one or more, got {languages}"
    if not 1 <= manifest.max_tokens <= _MOST_TOKENS:
        yield f"max_tokens: expected 1 to {_MOST_TOKENS}, got {manifest.max_tokens}"
    yield from _wrong_heads(manifest)
    for name, entry in manifest.model.items():
        for problem in _wrong_heads_of(entry, manifest):
            yield f"model.{name}.{problem}"


def _temperatures(manifest: _Manifest) -> Iterator[tuple[str, float]]:
    """Each with its key."""
    yield "temperature", manifest.temperature
    for name, head in manifest.head.items():
        yield f"head.{name}.temperature", head.temperature
    for name, entry in manifest.model.items():
        if entry.temperature is not None:
            yield f"model.{name}.temperature", entry.temperature
        for of, temperature in entry.temperatures.items():
            yield f"model.{name}.temperatures.{of}", temperature


def _languages(manifest: _Manifest) -> Iterator[tuple[str, list[str]]]:
    """Each list with its key."""
    yield "languages", manifest.languages
    for name, entry in manifest.model.items():
        if entry.languages is not None:
            yield f"model.{name}.languages", entry.languages


def _wrong_heads(manifest: _Manifest) -> Iterator[str]:
    outputs = Counter([manifest.output, *(head.output for head in manifest.head.values())])
    for name, head in manifest.head.items():
        if name not in HEADS:
            yield f"head.{name}: expected {', '.join(HEADS)}"
        elif sorted(head.labels) != sorted(HEADS[name]):
            known = ", ".join(HEADS[name])
            yield f"head.{name}.labels: expected {known} in any order, got {head.labels}"
        if outputs[head.output] > 1:
            yield f"head.{name}.output: expected an output of its own, got {head.output!r}"


def _wrong_heads_of(entry: _Model, manifest: _Manifest) -> Iterator[str]:
    known = ", ".join(manifest.head) or "none"
    for name, count in Counter(entry.heads).items():
        if name not in manifest.head:
            yield f"heads: expected heads of the manifest ({known}), got {name!r}"
        elif count > 1:
            yield f"heads: expected each once, got {name!r} {count} times"
    for name in entry.temperatures:
        if name not in entry.heads:
            yield f"temperatures: expected heads of this model, got {name!r}"


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
