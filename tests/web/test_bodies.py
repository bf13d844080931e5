"""What a body may say: the fields of the API's own document, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from app.web.openapi import document
from tests.builders import task_id
from tests.web.conftest import Api

T1 = task_id("1")


def bodies() -> dict[str, dict[str, Any]]:
    """The schema of each JSON body by its path; mentions tolerate what they do not know."""
    found = {}
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and path not in TOLERANT:
                found[path] = content["application/json"]["schema"]
    return found


TOLERANT = ("/api/v1/mentions", "/api/v1/handoffs")  # CloudEvents have attributes of their makers
COMMANDS = ("/api/v1/tasks/", "/api/v1/me/")
BODIES = {path: body for path, body in bodies().items() if path.startswith(COMMANDS)}
RULES = ("check", "rollback", "drafts", "shadow")
SUPERVISORS_ALONE = ("assign", "pull_back", "cancel", "prioritise")


def test_every_body_is_closed() -> None:
    assert len(BODIES) == 13
    schemas = [one for body in bodies().values() for one in body.get("oneOf", [body])]
    closed = [one.get("items", one) for one in schemas]  # a list's are those of its items
    assert not any(schema["additionalProperties"] for schema in closed)


@pytest.mark.parametrize("name", RULES)
async def test_a_field_that_no_route_of_the_rules_reads_is_named(api: Api, name: str) -> None:
    answer = await api.post("sofia", f"/api/v1/rules/{name}", {"colour": "red"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_field")
    assert [error["field"] for error in problem["errors"]] == ["colour"]


@pytest.mark.parametrize("path", BODIES)
async def test_a_field_that_nobody_reads_is_named_with_those_that_there_are(
    api: Api, path: str
) -> None:
    who = "sofia" if path.endswith(SUPERVISORS_ALONE) else "amira"
    known = BODIES[path]["properties"]
    body = dict.fromkeys(known) | {"colour": "red", "due_ms": 0}
    answer = await api.post(who, path.format(task_id=T1), body, Idempotency_Key="k")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_field")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"].startswith("unknown: colour, due_ms; expected one of ")
    [first, second] = problem["errors"]
    assert (first["field"], first["got"]) == ("colour", "red")
    assert (second["field"], second["got"]) == ("due_ms", "0")
    assert set(first["expected"].removeprefix("one of ").split(", ")) == set(known)


async def test_a_body_of_nothing_but_unknown_fields_is_told_in_bounds(api: Api) -> None:
    body = {f"<b>{n:0>200}": "x" * 500 for n in range(50)}
    problem = (await api.command("amira", T1, "accept", body)).json()
    assert len(problem["errors"]) == 20
    assert max(len(text) for error in problem["errors"] for text in error.values()) == 60


async def test_an_unknown_field_of_a_mention_is_no_reason_to_refuse_it(api: Api) -> None:
    mention = {"channel": "x", "text": "Hi", "author": {"handle": "@kim"}, "colour": "red"}
    assert (await api.post("intake", "/api/v1/mentions", mention)).status_code == 202
