"""Parquet as a source of rows: read in pieces, and known by its first bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.adapters.table_files import opened
from app.core.errors import Invalid


@pytest.fixture
def arrow() -> Any:
    """The extra `parquet`."""
    return pytest.importorskip("pyarrow")


def written(arrow: Any, folder: Path, **columns: list[object]) -> Path:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = folder / "people.csv"  # the name tells nothing
    parquet.write_table(arrow.table(columns), path)
    return path


def test_rows_come_with_their_types_and_moments_have_a_zone(arrow: Any, tmp_path: Path) -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    columns: dict[str, list[object]] = {
        "id": ["C1", "C2"],
        "value": [1.5, None],
        "tags": [["a"], []],
        "at": [moment, moment],
        "credit": [Decimal("7.50"), None],
    }
    path = written(arrow, tmp_path, **columns)
    file = opened(path)
    assert file.headers == list(columns)
    first, second = file
    assert (first.cells[:3], first.cells[4]) == (("C1", 1.5, ["a"]), "7.50")
    assert second.cells[:3] == ("C2", None, [])
    assert str(second.cells[3]).startswith("2026-01-02")


def test_a_file_that_is_cut_off_is_told(arrow: Any, tmp_path: Path) -> None:
    path = written(arrow, tmp_path, id=["C1"])
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(Invalid, match="Expected a Parquet file"):
        opened(path)
