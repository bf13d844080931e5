"""`python -m app sla`: the figures of the ledger, made again under the present policies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.cli import cli
from app.core.errors import Invalid
from app.core.policy import Policy, Slas
from app.core.sla_facts import history
from app.processes import sla_report
from app.settings import load
from tests.builders import NOON_MS
from tests.core.sla_history import SmallDoor

ANSWERED = SmallDoor(window_ms=4_000, resolution_ms=0).run([(0, "accept"), (3_000, "reply")])
OPEN = SmallDoor(window_ms=4_000, resolution_ms=0).run([])
CANCELLED = SmallDoor(window_ms=4_000, resolution_ms=0).run([(1_000, "cancel")])


def rows(text: str) -> dict[tuple[str, str], list[int]]:
    found = [line.split() for line in text.splitlines()[1:]]
    return {(row[0], row[1]): [int(figure) for figure in row[2:]] for row in found}


def table(window_s: float, resolution_s: float = 0.0) -> dict[tuple[str, str], list[int]]:
    policy = Policy(name="standard", first_response_s=window_s, resolution_s=resolution_s)
    known = [history(door.facts) for door in (ANSWERED, OPEN, CANCELLED)]
    text = sla_report.table(known, Slas(policies=(policy,)), 0.8, NOON_MS + 5_000)
    return rows(text)


def test_a_mention_counts_once_for_each_clock_under_the_given_policy() -> None:
    """Columns: met, breached, stopped, open."""
    assert table(4.0) == {("standard", "first_response"): [1, 1, 1, 0]}
    assert table(2.0) == {("standard", "first_response"): [0, 2, 1, 0]}
    assert table(9.0, 9.0) == {
        ("standard", "first_response"): [1, 0, 1, 1],
        ("standard", "resolution"): [0, 0, 1, 2],
    }


def test_a_file_of_facts_is_read_and_anything_else_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(fact) for fact in ANSWERED.facts))
    # The shipped policy: the queue's own 30 minutes, and a day for the resolution.
    assert rows(sla_report.run(load(), file))[("standard", "first_response")] == [1, 0, 0, 0]
    file.write_text("hello", "utf-8")
    with pytest.raises(Invalid, match="a file of facts, as JSON lines"):
        sla_report.run(load(), file)


def told() -> list[dict[str, object]]:
    """The facts of one answered mention, each with an identity as the ledger wants it."""
    return [fact | {"fact_id": f"{n}", "op_id": f"{n}"} for n, fact in enumerate(ANSWERED.facts)]


def test_the_command_reads_the_store_of_a_data_dir_under_another_window(
    database: Database, tmp_path: Path
) -> None:
    """Answered after 3 s: met in 30 minutes, late where the standard window is 2 s."""
    asyncio.run(Ledger(database).append(told()))
    place = ("sla", "--data-dir", str(tmp_path))
    for flags, expected in (((), [1, 0, 0, 0]), (("--sla", "2s"), [0, 1, 0, 0])):
        done = CliRunner().invoke(cli, [*place, *flags])
        assert rows(done.output)[("standard", "first_response")] == expected
    store = ("--store", f"sqlite:///{tmp_path / 'handshake.db'}")
    assert CliRunner().invoke(cli, ["sla", *store]).output == CliRunner().invoke(cli, place).output


def test_a_window_that_is_no_time_is_refused_with_the_name_of_its_flag() -> None:
    done = CliRunner().invoke(cli, ["sla", "--sla", "soon"])
    assert done.exit_code == 2
    assert "--sla" in done.output


async def test_the_store_is_read_page_by_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sla_report, "_PAGE", 2)
    await Ledger(database).append(told())
    pages = [page async for page in sla_report._pages(Ledger(database))]
    assert [len(page) for page in pages] == [2, 2, 2]
    assert history(fact for page in pages for fact in page) == history(ANSWERED.facts)
