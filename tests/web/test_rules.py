"""Rules over HTTP: seen by all who oversee, changed by those who direct, never without a word."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store.rule_readers import Reader, RuleReaders
from app.adapters.store.rule_versions import RuleVersions
from app.web.state import Parts
from tests.builders import NOON_MS
from tests.web.conftest import Api
from tests.web.rules_house import BROKEN, FIRST, ROOT, SECOND, Rules, row, rules_of


@pytest.fixture
async def rules(api: Api, parts: Parts) -> Rules:
    await RuleVersions(parts.base.database).take_in(FIRST, NOON_MS)
    return Rules(api, parts.base.database)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_everybody_who_oversees_sees_versions_and_what_is_in_effect(rules: Rules) -> None:
    """A10.5: who made which version when and why is there to be seen."""
    number = await rules.published()
    said = Reader(process="worker@a:1", number=1, since_ms=1, heard_ms=2, problem="no such queue")
    await RuleReaders(rules.database).tell(said, 0)
    for who in ("sofia", "anton", "sven", "ada"):
        found = (await rules.api.get(who, ROOT)).json()
        assert found["live"]["number"] == number
        assert found["live"]["changed_by"] == "sofia"
        [newest, first] = found["versions"]
        assert (newest["live"], newest["made_by"], newest["comment"]) == (True, "sofia", "Better")
        assert (newest["skip_reason"], newest["based_on"]) == ("a test", 1)
        assert (first["live"], first["made_by"]) == (False, "files")
        assert found["in_effect"][0]["problem"] == "no such queue"


async def test_a_folder_that_differs_from_the_live_version_is_shown_with_the_way_out(
    rules: Rules,
) -> None:
    folder = (await rules.overview())["folder"]
    assert folder["state"] == "changed"  # the shipped files go on from what was taken in
    await rules.published()
    folder = (await rules.overview())["folder"]
    assert folder["state"] == "apart"
    assert "rules export" in folder["sentence"]


async def test_before_the_first_version_there_is_nothing_to_show(api: Api) -> None:
    assert code_of(await api.get("sofia", ROOT)) == (409, "no_version")


async def test_a_version_is_shown_with_its_texts_and_rows(rules: Rules) -> None:
    found = (await rules.api.get("anton", f"{ROOT}/versions/1")).json()
    assert found["texts"] == FIRST
    assert [(r["file"], r["kind"], r["id"]) for r in found["rows"]] == [
        ("10-own.toml", "row", "danger"),
        ("10-own.toml", "row", "otherwise"),
    ]


@pytest.mark.parametrize("number", ["7", "x", "-1", "99999999999999999999", "1e3", "٣"])
async def test_a_version_that_there_is_not_is_a_problem_and_no_crash(
    rules: Rules, number: str
) -> None:
    for path in (f"versions/{number}", f"versions/{number}/diff", f"versions/1/diff?to={number}"):
        assert (await rules.api.get("sofia", f"{ROOT}/{path}")).status_code in (404, 422)


async def test_two_versions_are_compared_by_file_and_by_row(rules: Rules) -> None:
    await rules.published()
    for path in ("versions/1/diff", "versions/1/diff?to=2"):
        found = (await rules.api.get("sofia", f"{ROOT}/{path}")).json()
        assert (found["from"], found["to"]) == (1, 2)
        assert "+when = 'mention.text.says(\"fire\")'" in found["files"]["10-own.toml"]
        [changed] = found["rows"]["changed"]
        assert (changed["from"]["id"], changed["to"]["when"][-9:]) == ("danger", 's("fire")')


async def test_problems_come_all_at_once_each_with_its_place(rules: Rules) -> None:
    answer = await rules.api.post("anton", f"{ROOT}/check", {"texts": BROKEN})
    found = answer.json()["problems"]
    places = {(p["file"], p["row"], p["key"], p["line"]) for p in found}
    assert ("10-own.toml", "danger", "then.queue", 6) in places
    assert ("10-own.toml", "danger", "when", 5) in places
    assert ("10-own.toml", "otherwise", "when", 11) in places
    [condition] = [p for p in found if (p["row"], p["key"]) == ("danger", "when")]
    assert condition["column"] == 9  # mention.tex, as it stands in the file
    assert "did you mean" in condition["message"]


DEEP = (".".join(["a"] * 60_000) + "=1", "a=" + "[" * 5_000 + "]" * 5_000)


@pytest.mark.parametrize("deep", DEEP)
async def test_a_text_that_would_take_a_parsers_memory_is_a_problem_with_its_place(
    rules: Rules, deep: str
) -> None:
    found = await rules.api.post("anton", f"{ROOT}/check", {"texts": {"a.toml": f"# x\n{deep}"}})
    [problem] = found.json()["problems"]
    assert (problem["file"], problem["line"]) == ("a.toml", 2)
    draft = await rules.draft({"a.toml": deep})
    assert draft["problems"]
    again = await rules.api.get("sofia", f"{ROOT}/drafts/{draft['id']}")
    assert again.status_code == 200


async def test_right_rules_have_no_problem(rules: Rules) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/check", {"texts": FIRST})
    assert answer.json() == {"problems": []}


@pytest.mark.parametrize(
    ("when", "line", "column"),
    [
        ("true &&\nscore.urgncy > 1.0", 2, 1),
        ("1 + 1", 1, 1),
        ("mention.text.says('(')", 1, 19),
    ],
)
async def test_a_condition_is_checked_while_it_is_typed(
    rules: Rules, when: str, line: int, column: int
) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/check", {"when": when})
    found = answer.json()["problems"]
    assert found
    assert found[0]["line"] == line
    assert found[0]["column"] == column
    assert found[0]["key"] == "when"


async def test_a_condition_nested_beyond_all_reason_is_a_problem_too(rules: Rules) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/check", {"when": "(" * 1000})
    assert answer.json()["problems"]


HOSTILE: list[Any] = [
    {},
    {"texts": {}},
    {"texts": []},
    {"texts": {"../../etc/passwd.toml": "x"}},
    {"texts": {"A.toml": "x", "b.txt": "x", ".toml": "x"}},
    {"texts": {"a.toml": 7, "b.toml": None}},
    {"texts": {f"{n}.toml": "" for n in range(51)}},
    {"texts": {"a.toml": "x" * 200_001}},
    {"when": "x" * 2_001},
    {"when": 7},
    [1, 2],
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_input_is_refused_with_file_and_key(rules: Rules, body: Any) -> None:
    for path in ("check", "drafts"):
        if path == "drafts" and isinstance(body, dict) and "texts" not in body:
            continue
        given = {"title": "x", **body} if isinstance(body, dict) else body
        answer = await rules.api.post("sofia", f"{ROOT}/{path}", given)
        assert answer.status_code == 422
        problem = answer.json()
        for error in problem.get("errors", []):
            assert error.get("file") or error.get("key") or error.get("field")


async def test_all_that_is_hostile_is_named_at_once(rules: Rules) -> None:
    texts = {"A.toml": "x", "../b.toml": "x", "c.toml": 7}
    answer = await rules.api.post("sofia", f"{ROOT}/check", {"texts": texts})
    assert code_of(answer) == (422, "broken_rules")
    assert {error["file"] for error in answer.json()["errors"]} == set(texts)


async def test_a_body_beyond_all_bounds_is_refused(rules: Rules) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/check", b"x" * 300_000)
    assert answer.status_code == 413


async def test_toml_that_is_none_is_placed(rules: Rules) -> None:
    texts = {"10-own.toml": 'title = "x"\nrow = = 7\n'}
    answer = await rules.api.post("sofia", f"{ROOT}/check", {"texts": texts})
    [found] = answer.json()["problems"]
    assert (found["file"], found["line"], found["column"]) == ("10-own.toml", 2, 7)


async def test_a_rollback_makes_an_older_version_live_with_its_reason(rules: Rules) -> None:
    await rules.published()
    answer = await rules.api.post("sofia", f"{ROOT}/rollback", {"to": 1, "reason": "worse"})
    assert answer.json()["number"] == 1
    live = (await rules.overview())["live"]
    assert (live["number"], live["reason"]) == (1, "worse")
    again = await rules.api.post("sofia", f"{ROOT}/rollback", {"to": 1, "reason": "worse"})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"to": 9, "reason": "x"}, (404, "unknown_version")),
        ({"to": 1}, (422, "wrong_field")),
        ({"to": "1", "reason": "x"}, (422, "wrong_field")),
        ({"to": 0, "reason": "x"}, (422, "wrong_field")),
        ({"to": 2**40, "reason": "x"}, (422, "wrong_field")),
        ({"to": 1, "reason": "x" * 501}, (422, "wrong_field")),
    ],
)
async def test_a_rollback_that_is_wrong_is_refused(
    rules: Rules, body: Any, expected: tuple[int, str]
) -> None:
    assert code_of(await rules.api.post("sofia", f"{ROOT}/rollback", body)) == expected


async def test_a_version_that_does_not_fit_the_catalogue_any_more_is_not_rolled_back_to(
    api: Api, parts: Parts
) -> None:
    versions = RuleVersions(parts.base.database)
    await versions.take_in(rules_of(row("old", queue="gone")), NOON_MS)
    await versions.take_in(FIRST, NOON_MS)
    answer = await api.post("sofia", f"{ROOT}/rollback", {"to": 1, "reason": "x"})
    assert code_of(answer) == (422, "broken_rules")
    assert "'gone'" in answer.json()["errors"][0]["message"]
    assert (await api.get("sofia", ROOT)).json()["live"]["number"] == 2


async def test_what_was_done_waits_to_become_facts(rules: Rules) -> None:
    await rules.published()
    await rules.api.post("ada", f"{ROOT}/rollback", {"to": 1, "reason": "worse"})
    done = await RuleVersions(rules.database).untold()
    assert [(d.kind, d.by.id, d.by.role, d.number) for d in done] == [
        ("published", "files", "service", 1),
        ("published", "sofia", "supervisor", 2),
        ("rolled_back", "ada", "admin", 1),
    ]
    assert SECOND != FIRST
