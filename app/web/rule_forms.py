"""What the handlers of the rules share: bundles of texts, rows and problems, in and out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from app.adapters.store.rule_drafts import Draft
from app.adapters.store.rule_versions import RuleVersions
from app.codec import clean
from app.core import rule_diff
from app.core.errors import Conflict
from app.core.versions import Actor, Version
from app.rules_problems import Placed, placed
from app.web.problems import Problem
from app.web.state import object_of, parts, text_of, user
from app.wiring import rules

RULES_BYTES = 262_144  # a bundle of a thousand rows
TITLE_CHARS, COMMENT_CHARS, ID_CHARS = 80, 500, 40
_FILES, _TEXT_CHARS = 50, 200_000
_NAME = re.compile(r"[0-9a-z][0-9a-z_-]{0,59}\.toml")  # it becomes a file: no path, no surprise
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


async def rules_command(request: Request, *fields: str) -> dict[str, Any]:
    """A JSON object of these fields that may hold a bundle of rules. Raises Invalid or Problem."""
    return await object_of(request, RULES_BYTES, fields)


async def live_rules(request: Request) -> Version:
    """The live version. Raises Conflict (`no_version`)."""
    versions = RuleVersions(parts(request).base.database)
    live = await versions.live()
    if live is None:
        raise Conflict("no_version", "The rules have no version yet")
    return await versions.version(live.number)


def actor(request: Request) -> Actor:
    me = user(request)
    return Actor(id=me.name, role=me.role)


def texts_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The bundle `texts`, within bounds. Raises Problem 422 with everything that is not."""
    found = given.get("texts")
    if not isinstance(found, dict):
        raise refused([Placed(message="expected an object of texts by file name", key="texts")])
    problems = list(_beyond(found))
    if problems:
        raise refused(problems)
    return found


def _beyond(texts: Mapping[str, Any]) -> Iterable[Placed]:
    if not texts or len(texts) > _FILES:
        yield Placed(message=f"expected 1 to {_FILES} files, got {len(texts)}", key="texts")
    for name, text in texts.items():
        if not _NAME.fullmatch(name):
            said = "expected a name of a-z, 0-9, '_' and '-' that ends in .toml"
            yield Placed(message=said, file=name[:ID_CHARS])
        if not isinstance(text, str):
            said = f"expected a text, got {type(text).__name__}"
            yield Placed(message=said, file=name[:ID_CHARS])
    size = sum(len(text) for text in texts.values() if isinstance(text, str))
    if size > _TEXT_CHARS:
        yield Placed(message=f"expected at most {_TEXT_CHARS} characters, got {size}", key="texts")


def row_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The field `row`: a row with an id. Raises Problem 422."""
    row = given.get("row")
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise refused([Placed(message="expected an object with an id", key="row")])
    return row


async def problems_of(request: Request, texts: Mapping[str, str]) -> list[Placed]:
    """Everything that is wrong with these rules, each with its place."""
    at = parts(request).base
    told = await asyncio.to_thread(rules.problems_of_texts, at.settings, texts, at.config.catalogue)
    return [placed(sentence, texts) for sentence in told]


async def refuse_broken(request: Request, texts: Mapping[str, str]) -> None:
    """Raises Problem 422 with all problems at once."""
    if problems := await problems_of(request, texts):
        raise refused(problems)


def refused(problems: Iterable[Placed]) -> Problem:
    errors = [problem.as_dict() for problem in problems]
    count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
    return Problem(422, "broken_rules", f"The rules have {count}", errors)


def edit_of(request: Request) -> int:
    """The edit of a draft that the caller has seen, from If-Match. Raises Problem."""
    tag = request.headers.get("if-match", "").strip()
    if not tag:
        raise Problem(428, "if_match_needed", "expected a header If-Match with the draft's ETag")
    found = _TAG.fullmatch(tag)
    if not found:
        raise Problem(412, "stale_draft", "Somebody has changed the draft meanwhile: read it again")
    return int(found[1])


def id_of(request: Request, name: str) -> str:
    """An id from the path; what is longer than any is known to nobody."""
    return clean(str(request.path_params[name])[: ID_CHARS + 1])


def reason_of(given: dict[str, Any], name: str, required: bool = True) -> str:
    return text_of(given, name, COMMENT_CHARS, required)


def draft_json(draft: Draft, problems: Iterable[Placed]) -> dict[str, Any]:
    """A draft as the API shows it, with what is still wrong with it."""
    fields = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    told = {"digest": draft.digest, "problems": [p.as_dict() for p in problems]}
    return fields | told | rows_json(draft.texts)


def rows_json(texts: Mapping[str, str]) -> dict[str, Any]:
    """What a table of these rules shows: rows as they are asked, and titles of the files."""
    return {"rows": rule_diff.entries(texts), "titles": rule_diff.titles(texts)}
