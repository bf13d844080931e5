"""Drafts that are tried: back-tests and whether somebody saw them, and the draft in shadow."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.database import Database
from app.adapters.store.rule_backtests import CANCELLED, FAILED, Backtest, RuleBacktests
from app.adapters.store.rule_drafts import RuleDrafts
from app.adapters.store.rule_shadows import RuleShadows
from app.adapters.store.rule_versions import RuleVersions
from app.core.backtest_report import Window
from app.core.errors import Conflict
from app.core.versions import Live
from app.web.problems import wrong_field
from app.web.rule_forms import ID_CHARS, actor, id_of, live_rules, reason_of, refuse_broken
from app.web.state import command, parts, text_of, user, whole_field
from app.wiring.base import system_ms

_LATEST_MS = 2**53


async def begin_backtest(request: Request) -> Response:
    """Run this draft over what was recorded from `since_ms` to `until_ms`; one at a time."""
    window = _window(await command(request, "since_ms", "until_ms"))
    at = parts(request)
    database = at.base.database
    draft = await RuleDrafts(database).get(id_of(request, "draft_id"))
    await refuse_broken(request, draft.texts)
    live = await live_rules(request)
    made = Backtest(
        id=uuid.uuid4().hex,
        draft_id=draft.id,
        draft_digest=draft.digest,
        live_digest=live.digest,
        made_by=user(request).name,
        made_ms=system_ms(),
    )
    await RuleBacktests(database).add(made)
    if not at.backtests.begin(made.id, live.texts, draft.texts, window):
        await RuleBacktests(database).end(made.id, CANCELLED)
        raise Conflict("backtest_running", "A back-test is running: wait for it, or cancel it")
    return JSONResponse({"backtest_id": made.id}, 202)


def _window(given: dict[str, Any]) -> Window:
    """Without a bound where nothing is said. Raises Problem 422."""
    since_ms = whole_field({"since_ms": 0} | given, "since_ms", 0, _LATEST_MS)
    until_ms = whole_field({"until_ms": 0} | given, "until_ms", 0, _LATEST_MS)
    if until_ms and since_ms >= until_ms:
        raise wrong_field("until_ms", "a moment after since_ms, or 0", until_ms)
    return Window(since_ms=since_ms, until_ms=until_ms)


async def backtest(request: Request) -> Response:
    """How far a back-test is, and what it found, or why it failed."""
    return _told(await RuleBacktests(parts(request).base.database).get(_id_of(request)))


async def cancel_backtest(request: Request) -> Response:
    """End a back-test; one that has ended stays as it is."""
    tests = RuleBacktests(parts(request).base.database)
    await tests.get(_id_of(request))
    await tests.end(_id_of(request), CANCELLED)
    return _told(await tests.get(_id_of(request)))


def _id_of(request: Request) -> str:
    return id_of(request, "backtest_id")


def _told(found: Backtest) -> Response:
    told = asdict(found) | {"problem": ""}
    if found.state == FAILED and found.report is not None:
        told |= {"report": None, "problem": found.report["problem"]}
    return JSONResponse(told)


async def seen(request: Request) -> Response:
    """I have seen what this back-test found: its draft may be published."""
    tests = RuleBacktests(parts(request).base.database)
    return _told(await tests.seen(_id_of(request), user(request).name, system_ms()))


async def shadow(request: Request) -> Response:
    """The draft in shadow, how often it agrees, and mentions of which it would make else."""
    database = parts(request).base.database
    live = await RuleVersions(database).live()
    found = await summary(database, live) if live else None
    if found is None:
        return JSONResponse({"run": 0, "agreement": None, "counts": [], "samples": []})
    shadows = RuleShadows(database)
    samples = [asdict(sample) for sample in await shadows.samples(found["run"])]
    counts = await shadows.counts(found["run"])
    return JSONResponse(found | {"counts": counts, "samples": samples})


async def set_shadow(request: Request) -> Response:
    """Ask this draft beside the live rules from now on; without one, nothing is asked."""
    given = await command(request, "draft_id", "reason")
    database = parts(request).base.database
    reason = reason_of(given, "reason", required=False)
    if given.get("draft_id") is None:
        await RuleShadows(database).end(reason or "switched off", actor(request), system_ms())
        return JSONResponse({"run": 0})
    draft = await RuleDrafts(database).get(text_of(given, "draft_id", ID_CHARS))
    await refuse_broken(request, draft.texts)
    run = await RuleShadows(database).begin(draft, actor(request), system_ms())
    return JSONResponse({"run": run.run})


async def summary(database: Database, live: Live) -> dict[str, Any] | None:
    """The last draft in shadow and its agreement with the live version; None before the first.

    `agreement` is the share of mentions that it would have treated the same; None before any.
    """
    shadows = RuleShadows(database)
    last = await shadows.last()
    if last is None:
        return None
    counts = {row["number"]: row for row in await shadows.counts(last.run)}
    now = counts.get(live.number, {"same": 0, "different": 0})
    asked = now["same"] + now["different"]
    told = {name: value for name, value in asdict(last).items() if name != "texts"}
    return told | {
        "running": live.shadow == last.run,
        "number": live.number,
        "same": now["same"],
        "different": now["different"],
        "agreement": now["same"] / asked if asked else None,
    }
