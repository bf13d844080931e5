"""Rules as everybody sees them: versions, what is in effect, differences, problems, rollback."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.cel_checks import problems_of as problems_of_row
from app.adapters.store.rule_drafts import RuleDrafts
from app.adapters.store.rule_readers import RuleReaders
from app.adapters.store.rule_versions import RuleVersions
from app.core import rule_diff
from app.core.errors import ConfigError, Conflict
from app.core.rules import EVENTS, MENTION, Effects, Row, Rule
from app.core.versions import Live, sentence
from app.rules_problems import of_condition
from app.web import rule_runs
from app.web.problems import wrong_field
from app.web.rule_forms import (
    actor,
    live_rules,
    problems_of,
    reason_of,
    refuse_broken,
    rows_json,
    rules_command,
    texts_of,
)
from app.web.state import command, parts, text_of, whole_field, whole_number
from app.wiring.base import system_ms
from app.wiring.rules import standing_of

_LARGEST = 2**31 - 1
_CONDITION_CHARS = 2_000  # as the files allow


async def rules(request: Request) -> Response:
    """The live version, all versions, who has which in effect, and how the folder stands."""
    database = parts(request).base.database
    versions = RuleVersions(database)
    live = await versions.live()
    if live is None:
        raise Conflict("no_version", "The rules have no version yet")
    return JSONResponse(
        {
            "live": {n: v for n, v in asdict(live).items() if n not in ("change", "shadow")},
            "versions": [
                row | {"live": row["number"] == live.number} for row in await versions.newest()
            ],
            "in_effect": [asdict(reader) for reader in await RuleReaders(database).all()],
            "folder": await asyncio.to_thread(_folder, live),
            "drafts": await RuleDrafts(database).all(),
            "shadow": await rule_runs.summary(database, live),
        }
    )


def _folder(live: Live) -> dict[str, str]:
    try:
        state = standing_of(live)
    except ConfigError as error:
        return {"state": "unreadable", "sentence": str(error)}
    return {"state": state, "sentence": sentence(state, live.number)}


async def version(request: Request) -> Response:
    """One version with its texts, and its rows as they are asked."""
    found = await _version(request, request.path_params["number"])
    return JSONResponse(asdict(found) | rows_json(found.texts))


async def diff(request: Request) -> Response:
    """What changed from this version to another, by file and by row; `to` is the live one."""
    old = await _version(request, request.path_params["number"])
    to = request.query_params.get("to", "")
    new = await (_version(request, to) if to else live_rules(request))
    return JSONResponse(
        {
            "from": old.number,
            "to": new.number,
            "files": rule_diff.files(old.texts, new.texts),
            "rows": rule_diff.rows(old.texts, new.texts),
        }
    )


async def check(request: Request) -> Response:
    """What is wrong with a bundle, or with one condition, and where; for checking while typing."""
    given = await rules_command(request, "texts", "when", "on")
    if "when" in given:
        when = text_of(given, "when", _CONDITION_CHARS)
        told = [of_condition(problem) for problem in problems_of_row(_probe(given, when))]
    else:
        told = await problems_of(request, texts_of(given))
    return JSONResponse({"problems": [problem.as_dict() for problem in told]})


def _probe(given: dict[str, Any], when: str) -> Row | Rule:
    """Something with this condition, asked at the event that is named."""
    on = text_of(given, "on", _CONDITION_CHARS, required=False) or MENTION
    if on not in EVENTS:
        raise wrong_field("on", " or ".join(EVENTS), on)
    source = "row check: when"
    return Rule(id="check", when=when, why="", does=Effects(), on=on, source=source)


async def roll_back(request: Request) -> Response:
    """Make an older version live again, at once, with the reason."""
    given = await command(request, "to", "reason")
    number, reason = whole_field(given, "to", 1, _LARGEST), reason_of(given, "reason")
    versions = RuleVersions(parts(request).base.database)
    await refuse_broken(request, (await versions.version(number)).texts)
    live = await versions.roll_back(number, reason, actor(request), system_ms())
    return JSONResponse({"number": live.number, "digest": live.digest})


async def _version(request: Request, number: str) -> Any:
    wanted = whole_number(number, "number", _LARGEST)
    return await RuleVersions(parts(request).base.database).version(wanted)
