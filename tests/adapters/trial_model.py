"""A candidate for tests: the model of the setting under another name, in a folder of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from app.adapters.model_files import MANIFEST, ModelFiles, find, names
from app.settings import load

SHIPPED: Final = Path(__file__).parents[2] / "models" / "sentiment"
NAME: Final = "trial"


def of_setting() -> ModelFiles:
    """The model that is live where nothing was promoted."""
    return find(SHIPPED, load().scoring.model)


def another() -> str:
    """The name of a shipped model that is not the setting's."""
    return next(name for name in names(SHIPPED) if name != of_setting().name)


def trial(folder: Path) -> Path:
    """Make the candidate, the large file linked; returns the folder."""
    folder.mkdir(parents=True)
    files = of_setting()
    for file in (SHIPPED / MANIFEST, files.tokenizer):
        shutil.copy(file, folder)
    (folder / files.model.name).symlink_to(files.model)
    change(folder, f"[model.{files.name}]", f"[model.{NAME}]")
    return folder


def change(folder: Path, old: str, new: str) -> None:
    """Write something else into the candidate's manifest, wherever it says `old`."""
    path = folder / MANIFEST
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), "utf-8")


def put(folder: Path, key: str, value: str) -> None:
    """Give a key of the whole manifest another value, written as TOML."""
    path = folder / MANIFEST
    text, done = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", path.read_text("utf-8"), count=1)
    assert done == 1, key
    path.write_text(text, "utf-8")


def mixed_up(folder: Path) -> Path:
    """The candidate with its labels in the wrong order: what is bad is good to it."""
    backwards = ", ".join(f'"{label}"' for label in reversed(of_setting().labels))
    put(trial(folder), "labels", f"[{backwards}]")
    return folder
