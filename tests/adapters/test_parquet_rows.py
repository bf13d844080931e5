"""Parquet as a source of rows: read in pieces, and known by its first bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.adapters.table_files import opened
from app.core.errors import Invalid
from app.core.profile_fields import statement_of


@pytest.fixture
def arrow() -> Any:
    """The extra `parquet`."""
    return pytest.importorskip("pyarrow")


def written(arrow: Any, folder: Path, **columns: Any) -> Path:
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


def test_moments_finer_than_we_have_them_are_read(arrow: Any, tmp_path: Path) -> None:
    moments = arrow.array([1_700_000_000_000_000_001], arrow.timestamp("ns", tz="UTC"))
    [row] = opened(written(arrow, tmp_path, id=["C1"], at=moments))
    assert row.cells == ("C1", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


@pytest.mark.parametrize("bad", ["a year beyond all", "bytes that are no text"])
def test_a_value_that_cannot_be_read_is_one_bad_row(arrow: Any, tmp_path: Path, bad: str) -> None:
    """The others are taken; so is this row where nobody asks for the column."""
    columns = {
        "a year beyond all": arrow.array([10**15, 0], arrow.timestamp("s", tz="UTC")),
        "bytes that are no text": arrow.array([b"\xff", b"Kim"]).view(arrow.string()),
    }
    path = written(arrow, tmp_path, id=["C1", "C2"], x=columns[bad])
    first, second = opened(path)
    for field in ("customer_id", "name", "at", "tier", "handle.x", "value", "products", "born"):
        with pytest.raises(Invalid, match="got a value that cannot be read"):
            statement_of([("customer_id", "C1"), (field, first.cells[1])], "crm", 1, 10**13)
    assert (first.cells[0], first.code, second.code) == ("C1", "", "")
    assert "cannot be read" not in str(second.cells[1])


def test_cells_are_no_longer_than_those_of_csv(arrow: Any, tmp_path: Path) -> None:
    texts = ["z" * 65_537, "z" * 65_536]
    blobs, lists = [one.encode() for one in texts], [[texts[0]], ["z"]]
    first, second = opened(written(arrow, tmp_path, text=texts, blob=blobs, several=lists))
    assert {str(cell) for cell in first.cells} == {"a value that is longer than 65536 characters"}
    assert second.cells == (texts[1], texts[1], ["z"])
    assert len(second.raw) == 2_000
