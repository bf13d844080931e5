"""Imports of customers: a file is uploaded, its mapping looked at, tried, and then taken in."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app import codec
from app.adapters.csv_rows import DELIMITERS, ENCODINGS
from app.adapters.store.imports import Imports
from app.adapters.table_files import opened, peek
from app.core import csv_text
from app.core.errors import Invalid
from app.core.import_mapping import HEADER_CHARS, MOST_COLUMNS, guess, problems_of
from app.core.imported import RUNNING, UPLOADED, Form, Import
from app.core.known import FOLLOWERS, POSTS
from app.core.profile_fields import AT, CONFIDENCE, CUSTOMER, FIELDS, HANDLE_ON, is_name
from app.web import html
from app.web.problems import Problem, wrong_field
from app.web.state import object_of, parts, text_of, user, whole_number
from app.wiring.base import system_ms

FOLDER: Final = "imports"  # of the data directory
_STALL_S: Final = 30.0  # an upload may take long, but not stand still
_BUFFER: Final = 1 << 20
_LATEST_MS: Final = 2**53
_FORM_BYTES: Final = 262_144
_ROWS: Final = 20  # of a preview
_NAME_CHARS: Final = 80
_ID_CHARS: Final = 40


async def page(request: Request) -> Response:
    me = user(request)
    who = {"name": me.name, "title": me.title, "role": me.role}
    return html.page(request, "imports", user=who)


async def imports(request: Request) -> Response:
    """The newest imports, and the mappings that were kept."""
    store = _imports(request)
    runs = [_told(one) for one in await store.newest()]
    return JSONResponse({"imports": runs, "mappings": await store.mappings()})


async def upload(request: Request) -> Response:
    """Keep a file (the body, as it is) to be imported; `?file=` is its name."""
    asked = request.query_params
    name = codec.clean(asked.get("file", "")).strip()[-200:] or "upload"
    modified = whole_number(asked.get("modified_ms", "0"), "modified_ms", _LATEST_MS)
    settings = parts(request).base.settings
    id_ = uuid.uuid4().hex
    path = settings.data_dir.resolve() / FOLDER / id_
    size = await _kept(request, path, settings.profiles.max_file_bytes)
    try:
        file = await asyncio.to_thread(opened, path)
    except Invalid:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    now_ms = system_ms()
    channels = parts(request).base.config.catalogue.channels
    form = Form(
        source="crm",
        at_ms=min(modified or now_ms, now_ms),
        mapping=guess(file.headers, list(channels)),
        encoding=file.encoding,
        delimiter=file.delimiter,
    )
    one = Import(
        id=id_, file=name, path=str(path), form=form, made_by=user(request).name,
        made_ms=now_ms, bytes=size,
    )  # fmt: skip
    await _imports(request).add(one)
    return await _whole(request, one)


async def import_(request: Request) -> Response:
    """How far an import is; before it runs, the first rows and what its columns become."""
    return await _whole(request, await _imports(request).get(_id(request)))


async def start(request: Request) -> Response:
    """Run it, `dry` or in earnest, with this mapping, once no other one runs."""
    fields = ("source", "mapping", "dry", "encoding", "delimiter", "keep")
    given = await object_of(request, _FORM_BYTES, fields)
    store, id_ = _imports(request), _id(request)
    run = await store.get(id_)
    dry = given.get("dry", True)
    if not isinstance(dry, bool):
        raise wrong_field("dry", "true or false", dry)
    form = _form(given, run)
    if run.path:
        await _refuse_wrong(Path(run.path), form)
    begun = await store.begin(id_, form, dry)
    if keep := text_of(given, "keep", _NAME_CHARS, required=False):
        await store.keep_mapping(keep, form.mapping, user(request).name, system_ms())
    parts(request).imports.begin(begun)
    return JSONResponse(_told(begun), 202)


async def cancel(request: Request) -> Response:
    """End it: what was taken before stays, and it may go on later."""
    return JSONResponse(_told(await _imports(request).cancel(_id(request), system_ms())))


async def rejects(request: Request) -> Response:
    """The rows that were refused, as CSV, with line and reason."""
    store, id_ = _imports(request), _id(request)
    await store.get(id_)
    name = f'attachment; filename="refused-{id_[:8]}.csv"'
    lines = _rejects(store, id_)
    return StreamingResponse(lines, media_type="text/csv", headers={"Content-Disposition": name})


async def _rejects(store: Imports, id_: str) -> AsyncIterator[str]:
    yield csv_text.line(csv_text.REJECT_COLUMNS)
    last = -1
    while found := await store.rejects(id_, last):
        yield "".join(csv_text.line((r.line, r.code, r.reason, r.raw)) for r in found)
        last = found[-1].line


async def _kept(request: Request, path: Path, limit: int) -> int:
    """Stream the body to this file; returns its size. Raises Problem 413, 408 or 507."""
    too_large = Problem(413, "too_large", f"expected a file of at most {limit} bytes")
    if int(request.headers.get("content-length", "0") or 0) > limit:
        raise too_large
    await asyncio.to_thread(_begun, path)
    size, waiting = 0, bytearray()
    try:
        stream = request.stream()
        while chunk := await asyncio.wait_for(anext(stream, b""), _STALL_S):
            size += len(chunk)
            if size > limit:
                raise too_large
            waiting += chunk
            if len(waiting) >= _BUFFER:
                await asyncio.to_thread(_append, path, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(_append, path, bytes(waiting))
    except BaseException as error:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        if isinstance(error, TimeoutError):
            told = f"nothing came for {_STALL_S:.0f} s"
            raise Problem(408, "too_slow", told) from None
        if isinstance(error, OSError):
            raise Problem(507, "no_room", f"the file cannot be kept: {error.strerror}") from None
        raise
    return size


def _begun(path: Path) -> None:
    """Customers' data: nobody else on this machine reads it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def _form(given: dict[str, Any], run: Import) -> Form:
    """Raises Problem 422."""
    source = given.get("source", run.form.source)
    if not isinstance(source, str) or not is_name(source):
        raise wrong_field("source", "a name such as crm", source)
    mapping = given.get("mapping", dict(run.form.mapping))
    texts = isinstance(mapping, dict) and all(
        isinstance(field, str) and len(header) <= HEADER_CHARS for header, field in mapping.items()
    )
    if not texts or len(mapping) > MOST_COLUMNS:
        raise wrong_field("mapping", "an object: a field for each column", "something else")
    for name, choices in (("encoding", ENCODINGS), ("delimiter", DELIMITERS)):
        if given.get(name, "") not in ("", *choices):
            raise wrong_field(name, f"one of {', '.join(choices)}", given[name])
    return Form(
        source=source,
        at_ms=run.form.at_ms,
        mapping=mapping,
        encoding=given.get("encoding") or run.form.encoding,
        delimiter=given.get("delimiter") or run.form.delimiter,
    )


async def _refuse_wrong(path: Path, form: Form) -> None:
    """Raises Invalid or Problem 422: all that is wrong with the mapping."""
    file = await asyncio.to_thread(opened, path, form.encoding, form.delimiter)
    if problems := problems_of(form.mapping, file.headers):
        errors = [{"field": "mapping", "expected": problem} for problem in problems]
        raise Problem(422, "wrong_mapping", "; ".join(problems)[:2_000], errors)


async def _whole(request: Request, run: Import) -> Response:
    told: dict[str, Any] = _told(run) | {"preview": None}
    if run.path and run.state != RUNNING:
        told["preview"] = await asyncio.to_thread(_preview, run)
        told["fields"] = _choices(list(parts(request).base.config.catalogue.channels))
    return JSONResponse(told)


def _preview(run: Import) -> dict[str, Any] | None:
    """None where the file is gone."""
    form, path = run.form, Path(run.path)
    if not path.exists():
        return None
    file = opened(path, form.encoding, form.delimiter)
    rows = peek(path, form.encoding, form.delimiter, _ROWS)
    return {
        "headers": file.headers,
        "rows": [{"line": one.line, "cells": [*map(_shown, one.cells)], "problem": one.problem}
                 for one in rows],
        "problems": problems_of(form.mapping, file.headers),
    }  # fmt: skip


def _shown(cell: object) -> str:
    """Of a long cell its beginning; what could not be read is shown as such."""
    text = "" if cell is None else str(cell)
    return text[:200].encode("utf-8", "replace").decode()


def _choices(channels: list[str]) -> list[str]:
    by_channel = [f"{kind}{name}" for kind in (HANDLE_ON, FOLLOWERS, POSTS) for name in channels]
    return [CUSTOMER, AT, CONFIDENCE, *FIELDS, *by_channel]


def _told(run: Import) -> dict[str, Any]:
    """Without where we keep it."""
    told = asdict(run)
    del told["path"]
    return told | {"kept": bool(run.path), "done": run.state not in (UPLOADED, RUNNING)}


def _imports(request: Request) -> Imports:
    return Imports(parts(request).base.database)


def _id(request: Request) -> str:
    return codec.clean(str(request.path_params["import_id"]))[:_ID_CHARS]
