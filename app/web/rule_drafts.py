"""Drafts of rules over HTTP: made, edited as texts or row by row, dropped, published."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import rules_moves, rules_text
from app.adapters.store.rule_drafts import Draft, RuleDrafts
from app.adapters.store.rule_versions import RuleVersions
from app.core.errors import Conflict
from app.core.rule_diff import KINDS
from app.core.versions import Publication
from app.rules_text import Place
from app.web.problems import Problem, wrong_field
from app.web.rule_forms import (
    ID_CHARS,
    TITLE_CHARS,
    actor,
    draft_json,
    edit_of,
    id_of,
    live_rules,
    problems_of,
    reason_of,
    refuse_broken,
    row_of,
    rules_command,
    texts_of,
)
from app.web.state import command, parts, text_of, user, whole_field
from app.wiring.base import system_ms

_LARGEST = 2**31 - 1
_KEY_CHARS = 100


async def make(request: Request) -> Response:
    """Begin a draft, of these texts or of the live version's; once for each Idempotency-Key."""
    given = await rules_command(request, "title", "texts", "based_on")
    me = user(request)
    versions = RuleVersions(parts(request).base.database)
    live = await live_rules(request)
    texts = texts_of(given) if "texts" in given else live.texts
    draft = Draft(
        id=_new_id(request),
        title=text_of(given, "title", TITLE_CHARS),
        texts=texts,
        based_on=whole_field({"based_on": live.number} | given, "based_on", 1, _LARGEST),
        made_by=me.name,
        changed_by=me.name,
        changed_ms=system_ms(),
    )
    await versions.version(draft.based_on)
    return await _answer(request, await _drafts(request).add(draft))


async def draft(request: Request) -> Response:
    """One draft, with what is wrong with it."""
    return await _answer(request, await _found(request))


async def change(request: Request) -> Response:
    """Keep other texts, another title or another version that it is based on."""
    given = await rules_command(request, "title", "texts", "based_on")
    old = await _seen(request)
    new = old
    if "texts" in given:
        new = replace(new, texts=texts_of(given))
    if "title" in given:
        new = replace(new, title=text_of(given, "title", TITLE_CHARS))
    if "based_on" in given:
        number = whole_field(given, "based_on", 1, _LARGEST)
        await RuleVersions(parts(request).base.database).version(number)
        new = replace(new, based_on=number)
    return await _kept(request, new)


async def drop(request: Request) -> Response:
    """Throw the draft away."""
    await _drafts(request).drop(await _seen(request))
    return JSONResponse({"dropped": True})


async def change_row(request: Request) -> Response:
    """Put this row in place of the one of that id; everything else stays as it is."""
    row = row_of(await rules_command(request, "row"))
    return await _edited(request, lambda text, id_: rules_text.replaced(text, id_, row))


async def drop_row(request: Request) -> Response:
    """Take one row out, with the comments right above it."""
    return await _edited(request, rules_text.removed)


async def add_row(request: Request) -> Response:
    """Insert a row into a file: before or after another row, or at its end."""
    given = await rules_command(request, "row", "file", "kind", "before", "after")
    old = await _seen(request)
    row, file = row_of(given), text_of(given, "file", 2 * ID_CHARS)
    kind = text_of(given, "kind", ID_CHARS, required=False) or KINDS[0]
    if kind not in KINDS:
        raise wrong_field("kind", " or ".join(KINDS), kind)
    if file not in old.texts:
        raise wrong_field("file", " or ".join(sorted(old.texts)), file)
    before, after = (text_of(given, name, ID_CHARS, required=False) for name in ("before", "after"))
    if before and after:
        raise wrong_field("before", "either before or after", "both")
    place = Place(before=before, after=after)
    text = await asyncio.to_thread(rules_text.inserted, old.texts[file], row, place, kind)
    return await _kept(request, replace(old, texts={**old.texts, file: text}))


async def move_row(request: Request) -> Response:
    """Move one row before or after another one of its file, with its comments."""
    given = await rules_command(request, "before", "after")
    before, after = (text_of(given, name, ID_CHARS, required=False) for name in ("before", "after"))
    if bool(before) == bool(after):
        raise wrong_field("before", "either before or after", before or "nothing")
    place = Place(before=before, after=after)
    return await _edited(request, lambda text, id_: rules_moves.moved(text, id_, place))


async def publish(request: Request) -> Response:
    """Make the draft the live version: after a back-test that was seen, or with a reason."""
    given = await command(request, "comment", "backtest_id", "skip_reason")
    at = parts(request).base
    versions, id_ = RuleVersions(at.database), id_of(request, "draft_id")
    try:
        found = await _drafts(request).get(id_)
    except Conflict:
        # Perhaps it was published already: then this click is the same as the one before.
        found = Draft(
            id=id_, title="", texts={}, based_on=0, made_by="", changed_by="", changed_ms=0
        )
    else:
        await refuse_broken(request, found.texts)
    made = await versions.publish(
        Publication(
            texts=found.texts,
            by=actor(request),
            now_ms=system_ms(),
            based_on=found.based_on,
            comment=reason_of(given, "comment", required=False),
            draft_id=found.id,
            edit=found.edit,
            backtest_id=text_of(given, "backtest_id", ID_CHARS, required=False),
            skip_reason=reason_of(given, "skip_reason", required=False),
        )
    )
    return JSONResponse({"number": made.number, "digest": made.digest})


def _drafts(request: Request) -> RuleDrafts:
    return RuleDrafts(parts(request).base.database)


async def _found(request: Request) -> Draft:
    return await _drafts(request).get(id_of(request, "draft_id"))


async def _seen(request: Request) -> Draft:
    """The draft as the caller has seen it. Raises Problem or Conflict where it has moved on."""
    edit, found = edit_of(request), await _found(request)
    if found.edit != edit:
        raise Problem(412, "stale_draft", "Somebody has changed the draft meanwhile: read it again")
    return found


async def _edited(request: Request, edit: Callable[[str, str], str]) -> Response:
    """Edit the file that has the row of the path."""
    old, row_id = await _seen(request), id_of(request, "row_id")
    files = [file for file, text in sorted(old.texts.items()) if rules_text.has(text, row_id)]
    if not files:
        raise Conflict("unknown_row", "No row has this id, in a file that can be edited by rows")
    text = await asyncio.to_thread(edit, old.texts[files[0]], row_id)
    return await _kept(request, replace(old, texts={**old.texts, files[0]: text}))


async def _kept(request: Request, new: Draft) -> Response:
    new = replace(new, changed_by=user(request).name, changed_ms=system_ms())
    return await _answer(request, await _drafts(request).change(new))


async def _answer(request: Request, found: Draft) -> Response:
    said: dict[str, Any] = draft_json(found, await problems_of(request, found.texts))
    return JSONResponse(said, headers={"ETag": f'"{found.edit}"'})


def _new_id(request: Request) -> str:
    """The same for the same key of the same person. Raises Problem."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > _KEY_CHARS:
        expected = f"expected a header Idempotency-Key of at most {_KEY_CHARS} chars"
        raise Problem(400, "idempotency_key", expected)
    if not key:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{user(request).name}:{key}".encode()).hexdigest()[:32]
