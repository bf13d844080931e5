"""What is checked before a promotion is what workers load, the copy; and who promotes."""

from __future__ import annotations

import getpass
import hashlib
from pathlib import Path

import pytest

from app.adapters.model_files import find
from app.adapters.store.database import Database
from app.adapters.store.model_changes import ModelChanges
from app.core.errors import ConfigError
from app.processes.model_promote import me, place, promote
from app.settings import load
from tests.adapters.trial_model import NAME, change, trial


def with_a_neighbour(folder: Path) -> Path:
    """A candidate whose weights lie in a further file beside its model."""
    onnx = pytest.importorskip("onnx")  # who trains models has it
    files = find(trial(folder), NAME)
    model = onnx.load(files.model)
    files.model.unlink()
    onnx.save_model(model, files.model, save_as_external_data=True, location="x.data")
    sha256 = hashlib.sha256(files.model.read_bytes()).hexdigest()
    change(folder, files.sha256, sha256)
    return folder


async def test_a_candidate_that_needs_a_file_beside_its_model_is_refused(
    database: Database, tmp_path: Path
) -> None:
    """No worker could load it: the further file does not go along."""
    settings, folder = load(data_dir=tmp_path), with_a_neighbour(tmp_path / "candidate")
    assert (folder / "x.data").is_file()
    with pytest.raises(ConfigError) as wrong:
        await promote(place(settings, database), f"{folder}/{NAME}", "better", me())
    [problem] = wrong.value.problems
    assert "cannot be loaded" in problem
    assert "no other file goes along" in problem
    assert await ModelChanges(database).live() is None
    assert not (tmp_path / "models").exists()


def test_a_user_without_a_name_promotes_as_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a container whose user is a number."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert (me().id, me().role) == ("cli", "cli")
