"""The shelf: a promoted model stays there as it was, or is said not to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.model_files import MANIFEST, ModelFiles, find
from app.adapters.model_named import named
from app.adapters.model_shelf import Shelf, home
from app.core.errors import ConfigError
from tests.adapters.trial_model import NAME, change, put, trial


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return find(trial(tmp_path / "candidate"), NAME)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data" / "models")


def problem(shelf: Shelf, digest: str) -> str:
    with pytest.raises(ConfigError) as wrong:
        shelf.find(digest, NAME)
    return "; ".join(wrong.value.problems)


def test_what_is_kept_needs_the_candidate_no_more(
    tmp_path: Path, shelf: Shelf, files: ModelFiles
) -> None:
    digest = shelf.keep(files)
    shutil.rmtree(tmp_path / "candidate")
    found = shelf.find(digest, NAME)
    assert (found.tag, found.labels, found.temperature) == (
        files.tag, files.labels, files.temperature,
    )  # fmt: skip
    assert found.model.is_file()
    assert not found.model.is_symlink()


def test_nothing_half_done_is_left_on_the_shelf(shelf: Shelf, files: ModelFiles) -> None:
    digest = shelf.keep(files)
    assert list(shelf.place(digest).parent.iterdir()) == [shelf.place(digest)]


def test_keeping_again_changes_nothing_and_mends_what_is_broken(
    shelf: Shelf, files: ModelFiles
) -> None:
    digest = shelf.keep(files)
    looked = shelf.look(digest)
    assert looked
    assert shelf.keep(files) == digest
    assert shelf.look(digest) == looked
    shelf.find(digest, NAME).model.write_bytes(b"another")
    assert shelf.keep(files) == digest
    shelf.find(digest, NAME)


def test_another_manifest_is_another_model_though_its_file_is_the_same(
    tmp_path: Path, shelf: Shelf, files: ModelFiles
) -> None:
    first = shelf.keep(files)
    put(tmp_path / "candidate", "languages", '["en", "xh"]')
    second = shelf.keep(find(tmp_path / "candidate", NAME))
    assert first != second
    assert "xh" in shelf.find(second, NAME).languages
    assert "xh" not in shelf.find(first, NAME).languages


def test_each_file_that_is_changed_or_missing_is_told_with_its_path(
    shelf: Shelf, files: ModelFiles
) -> None:
    digest = shelf.keep(files)
    found, looked = shelf.find(digest, NAME), shelf.look(digest)
    for path in (found.model, found.tokenizer, shelf.place(digest) / MANIFEST):
        kept = path.read_bytes()
        path.write_bytes(kept + b" ")
        assert str(path) in problem(shelf, digest)
        assert shelf.look(digest) != looked
        path.unlink()
        assert str(path.parent) in problem(shelf, digest)
        path.write_bytes(kept)
        shelf.find(digest, NAME)


def test_a_folder_that_is_not_on_this_machine_is_told_as_such(shelf: Shelf) -> None:
    assert "not on this machine" in problem(shelf, "0" * 64)
    assert shelf.look("0" * 64) == ()


def test_a_folder_that_vanishes_while_it_is_looked_at_has_no_files(
    shelf: Shelf, files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = shelf.keep(files)

    def gone(folder: Path, pattern: str) -> Iterator[Path]:
        yield folder / pattern
        raise FileNotFoundError(folder)

    monkeypatch.setattr(Path, "rglob", gone)
    assert shelf.look(digest) == ()


def test_a_copy_that_is_refused_does_not_stay_and_is_told_by_the_folder_it_came_from(
    tmp_path: Path, shelf: Shelf, files: ModelFiles
) -> None:
    def refuse(copy: ModelFiles) -> None:
        assert copy.model.parent.parent == tmp_path / "data" / "models"
        raise ConfigError([f"{copy.model}: of no use"])

    with pytest.raises(ConfigError) as wrong:
        shelf.keep(files, refuse)
    assert wrong.value.problems == [f"{files.model}: of no use"]
    assert not (tmp_path / "data" / "models").exists()
    digest = shelf.keep(files)
    with pytest.raises(ConfigError, match="of no use"):
        shelf.keep(files, refuse)
    shelf.find(digest, NAME)


def test_a_file_without_a_manifest_goes_into_no_shelf(tmp_path: Path, files: ModelFiles) -> None:
    (tmp_path / "candidate" / MANIFEST).unlink()
    alone = named(str(files.model), tmp_path, NAME)
    with pytest.raises(ConfigError, match=r"expected a manifest\.toml beside it"):
        home(alone)


def test_a_manifest_that_reaches_out_of_its_folder_is_refused(
    tmp_path: Path, shelf: Shelf, files: ModelFiles
) -> None:
    folder = tmp_path / "candidate"
    (folder / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    change(folder, 'file = "tokenizer.json"', 'file = "../tokenizer.json"')
    with pytest.raises(ConfigError, match="expected a file within this folder"):
        shelf.keep(find(folder, NAME))
