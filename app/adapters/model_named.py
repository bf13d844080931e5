"""A model by what a person types: a folder with a manifest, a name in it, or an .onnx file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.adapters.model_files import MANIFEST, ModelFiles, find, names
from app.core.errors import ConfigError
from app.core.score import LABELS

_TOKENS = 64  # what our models read, where no manifest says otherwise


def named(given: str, shipped: Path, live: str) -> ModelFiles:
    """The files of the model meant. `live`: the name to take where a folder has several.

    Nothing given is the live model of the folder `shipped`; a bare name is one of that folder.
    Raises ConfigError with what was expected.
    """
    if not given:
        return find(shipped, live)
    path = Path(given)
    if path.suffix == ".onnx":
        return _file(path)
    if path.is_dir():
        return find(path, _only(path, live))
    if path.parent == Path():
        return find(shipped, given)
    if (path.parent / MANIFEST).exists():
        return find(path.parent, path.name)
    expected = f"a folder with {MANIFEST}, a name in {shipped / MANIFEST}, or an .onnx file"
    raise ConfigError([f"{given}: expected {expected}; there is none"])


def _only(folder: Path, live: str) -> str:
    known = names(folder)
    if live in known or len(known) != 1:
        return live
    return known[0]


def _file(path: Path) -> ModelFiles:
    """By the manifest beside it where one names it, else as our models are, uncalibrated."""
    manifest = path.parent / MANIFEST
    if manifest.exists():
        for name in names(path.parent):
            files = find(path.parent, name)
            if files.model.name == path.name:
                return files
    tokenizer = path.parent / "tokenizer.json"
    missing = [f"{file}: there is no such file" for file in (path, tokenizer) if not file.is_file()]
    if missing:
        raise ConfigError(missing)
    return ModelFiles(
        name=path.name.partition(".")[0],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        model=path,
        tokenizer=tokenizer,
        labels=LABELS,
        inputs=("input_ids", "attention_mask"),
        output="logits",
        max_tokens=_TOKENS,
        temperature=1.0,
        languages=frozenset({"en"}),
    )
