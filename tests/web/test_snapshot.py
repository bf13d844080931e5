"""The snapshot: the open tasks at one moment, with the ledger's number of that moment (I17)."""

from __future__ import annotations

import json
from pathlib import Path

from app.audit.auditor import Auditor
from app.audit.beside import read_snapshot
from app.audit.fact import fact_of
from app.audit.inputs import Inputs
from app.web.state import Parts
from tests.builders import admission, task_id
from tests.web.conftest import Api
from tests.web.test_reads import offered, relay


async def test_the_snapshot_is_what_the_ledger_gives(
    api: Api, parts: Parts, tmp_path: Path
) -> None:
    await offered(api, parts, "1", "2")
    await relay(parts)
    found = (await api.get("sofia", "/api/v1/snapshot")).json()
    facts = await parts.base.ledger.since(0)
    assert found["seq"] == facts[-1]["seq"]
    assert {task["task_id"] for task in found["tasks"]} == {task_id("1"), task_id("2")}
    assert _broken(found, facts, tmp_path) == []
    found["tasks"][0]["rep"] = "somebody else"
    assert _broken(found, facts, tmp_path) == ["I17"]


async def test_while_facts_are_under_way_there_is_no_such_moment(api: Api, parts: Parts) -> None:
    await parts.base.door.admit([admission()])
    answer = await api.get("sofia", "/api/v1/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_quiet")


def _broken(snapshot: object, facts: list[dict[str, object]], folder: Path) -> list[str]:
    path = folder / "snapshot.json"
    path.write_text(json.dumps(snapshot), "utf-8")
    auditor = Auditor(Inputs(snapshot=read_snapshot(path)))
    for number, fact in enumerate(facts, 1):
        auditor.see(fact_of(json.dumps(fact), number))
    auditor.end()
    return [violation.invariant for violation in auditor.violations if violation.invariant == "I17"]
