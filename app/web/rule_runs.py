"""Drafts that are tried: back-tests and whether somebody saw them, and the draft in shadow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.database import Database
from app.adapters.store.rule_backtests import RuleBacktests
from app.adapters.store.rule_drafts import RuleDrafts
from app.adapters.store.rule_shadows import RuleShadows
from app.adapters.store.rule_versions import RuleVersions
from app.core.versions import Live
from app.web.rule_forms import ID_CHARS, actor, id_of, reason_of, refuse_broken
from app.web.state import command, parts, text_of, user
from app.wiring.base import system_ms


async def backtest(request: Request) -> Response:
    """How far a back-test is, and what it found."""
    tests = RuleBacktests(parts(request).base.database)
    return JSONResponse(asdict(await tests.get(id_of(request, "backtest_id"))))


async def seen(request: Request) -> Response:
    """I have seen what this back-test found: its draft may be published."""
    tests = RuleBacktests(parts(request).base.database)
    id_ = id_of(request, "backtest_id")
    return JSONResponse(asdict(await tests.seen(id_, user(request).name, system_ms())))


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
