"""Imports over the API: upload, look at the mapping, try, start, and what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.adapters.store.imports import Imports
from app.core.imported import DONE
from app.core.taking import Rejected
from app.settings import load
from app.web.state import Parts
from tests.web.conftest import Api

PATH = "/api/v1/imports"
FILE = b"Kunden-Nr;Name;Twitter;Farbe\nC1;Kim;@kim;rot\nC2;<b>Lee</b>;;blau\n"


async def uploaded(api: Api, content: bytes = FILE, name: str = "people.csv") -> dict[str, Any]:
    answer = await api.post("sofia", f"{PATH}?file={name}&modified_ms=1700000000000", content)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_uploaded_file_is_shown_with_what_its_columns_become(
    api: Api, parts: Parts
) -> None:
    """A2.7"""
    told = await uploaded(api)
    assert (told["state"], told["file"], told["bytes"]) == ("uploaded", "people.csv", len(FILE))
    assert told["form"]["mapping"] == {
        "Kunden-Nr": "customer_id",
        "Name": "name",
        "Twitter": "handle.x",
        "Farbe": "",
    }
    assert (told["form"]["at_ms"], told["form"]["delimiter"]) == (1_700_000_000_000, ";")
    assert told["preview"]["rows"][1]["cells"] == ["C2", "<b>Lee</b>", "", "blau"]
    assert told["preview"]["problems"] == []
    assert {"tier", "handle.email", "followers.x"} <= set(told["fields"])
    assert "path" not in told
    [kept] = list((parts.base.settings.data_dir / "imports").iterdir())
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_it_is_started_with_another_mapping_which_is_kept_by_name(
    api: Api, parts: Parts
) -> None:
    told = await uploaded(api)
    mapping = told["form"]["mapping"] | {"Farbe": "tier"}
    given = {"source": "shop", "mapping": mapping, "dry": True, "keep": "Shop"}
    answer = await api.post("sofia", f"{PATH}/{told['id']}/start", given)
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    [begun] = parts.imports.begun  # type: ignore[attr-defined]
    assert (begun.form.source, begun.form.mapping["Farbe"], begun.dry) == ("shop", "tier", True)
    told = (await api.get("anton", PATH)).json()
    assert told["mappings"] == {"Shop": mapping}
    assert [one["state"] for one in told["imports"]] == ["running"]
    twice = await api.post("sofia", f"{PATH}/{begun.id}/start", {})
    assert (twice.status_code, twice.json()["code"]) == (409, "import_running")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"mapping": {"Name": "name"}}, "wrong_mapping"),
        ({"mapping": {"Kunden-Nr": "customer_id", "Farbe": "colour"}}, "wrong_mapping"),
        ({"mapping": {"Nr": "customer_id"}}, "wrong_mapping"),
        ({"mapping": ["Name"]}, "wrong_field"),
        ({"source": "Our CRM"}, "wrong_field"),
        ({"dry": "yes"}, "wrong_field"),
        ({"encoding": "klingon"}, "wrong_field"),
        ({"at_ms": 7}, "unknown_field"),
    ],
)
async def test_what_does_not_fit_is_refused_before_it_runs(
    api: Api, parts: Parts, given: dict[str, Any], code: str
) -> None:
    told = await uploaded(api)
    answer = await api.post("sofia", f"{PATH}/{told['id']}/start", given)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not parts.imports.begun  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\n\n\n"])
async def test_a_file_that_cannot_be_read_is_refused_and_not_kept(
    api: Api, parts: Parts, content: bytes
) -> None:
    answer = await api.post("sofia", f"{PATH}?file=a.csv", content)
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_file")
    assert list((parts.base.settings.data_dir / "imports").iterdir()) == []


async def test_a_file_beyond_the_bound_is_refused_and_not_kept(
    api: Api, app: Any, parts: Parts, tmp_path: Path
) -> None:
    small = load(data_dir=tmp_path, profiles={"max_file_bytes": 50})
    object.__setattr__(parts.base, "settings", small)
    answer = await api.post("sofia", f"{PATH}?file=a.csv", FILE)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def pieces() -> Any:
        for _ in range(10):
            yield b"C1;Kim;;\n"

    headers = {"authorization": "Bearer key-sofia"}
    client: httpx.AsyncClient = api.client
    answer = await client.post(f"{PATH}?file=a.csv", content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert list((tmp_path / "imports").glob("*")) == []


async def test_refused_rows_are_a_csv_in_which_nothing_calculates(api: Api, parts: Parts) -> None:
    told = await uploaded(api)
    store = Imports(parts.base.database)
    raw = '=HYPERLINK("http://evil.test");\n+1'
    refused = [Rejected(line=7, code="no_key", reason="@nobody", raw=raw)]
    run = await store.get(told["id"])
    parts.base.database.run_now(lambda c: store.advance_now(c, run, refused))
    answer = await api.get("anton", f"{PATH}/{told['id']}/rejects")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.text == (
        'line,code,reason,row\r\n7,no_key,\'@nobody,"\'=HYPERLINK(""http://evil.test"");\n+1"\r\n'
    )


async def test_an_import_that_has_ended_in_earnest_does_not_begin_again(
    api: Api, parts: Parts
) -> None:
    told = await uploaded(api)
    await Imports(parts.base.database).end(told["id"], DONE, 1)
    answer = await api.post("sofia", f"{PATH}/{told['id']}/start", {"dry": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "import_done")
    unknown = await api.post("sofia", f"{PATH}/none/cancel", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_import")
