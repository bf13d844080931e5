"""What is known of customers: taken in by webhook, and shown side by side with source and age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec
from app.adapters.store.statements import Statements
from app.core.errors import Invalid
from app.core.known import FOLLOWERS, POSTS, Known, facts_of, fold, side_by_side
from app.core.known import differ as do_differ
from app.core.profile_fields import (
    AT,
    CONFIDENCE,
    CUSTOMER,
    FIELDS,
    HANDLE_ON,
    Row,
    is_name,
    statement_of,
)
from app.web.problems import Problem, field_error
from app.web.state import body, parts
from app.wiring.base import system_ms
from app.wiring.profiles import order_of, statements

MOST: Final = 1_000
SOURCE: Final = "source"
# Objects by channel: {"handles": {"x": "@kim", "email": ["a@b.test"]}, "followers": {"x": 12}}.
BY_CHANNEL: Final = {"handles": HANDLE_ON, "followers": FOLLOWERS, "posts": POSTS}
KNOWN: Final = (CUSTOMER, SOURCE, AT, CONFIDENCE, *FIELDS, *BY_CHANNEL)


async def take(request: Request) -> Response:
    """Take what a source says of one customer, or of a list; said twice is said once."""
    at = parts(request)
    limit = at.base.settings.web.max_body_bytes
    value = codec.decode(await body(request, limit), limit)
    codec.refuse_depth(value)
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MOST:
        raise Problem(422, "wrong_field", f"expected 1 to {MOST} customers")
    rows, refused = _rows(values, system_ms())
    if not isinstance(value, list) and refused:
        raise refused[0][1]
    told = [_told(index, error.code, field_error(error)) for index, error in refused]
    counts: dict[str, int] = {}
    if rows:
        taken = await _store(request).take(rows)
        counts = taken.counts
        told += [_told(r.line, r.code, {"expected": r.reason}) for r in taken.rejected]
    counts["rejected"] = len(told)
    if len(told) == len(values):
        errors = [{"index": one["index"], **one["errors"][0]} for one in told]
        raise Problem(422, told[0]["code"], "nothing of this could be taken", errors)
    return JSONResponse({"counts": counts, "refused": told})


def _told(index: int, code: str, error: dict[str, str]) -> dict[str, Any]:
    return {"index": index, "code": code, "errors": [error]}


def _rows(values: list[Any], now_ms: int) -> tuple[list[Row], list[tuple[int, Invalid]]]:
    rows: list[Row] = []
    refused: list[tuple[int, Invalid]] = []
    for index, value in enumerate(values):
        try:
            source = _source(value)
            said = statement_of(_pairs(value), source, now_ms, now_ms)
        except Invalid as error:
            refused.append((index, error))
        else:
            rows.append(Row(line=index, statement=said))
    return rows, refused


def _source(value: Any) -> str:
    """Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid("wrong_field", "a JSON object", type(value).__name__)
    if unknown := [name for name in value if name not in KNOWN]:
        raise Invalid(
            "unknown_field", f"one of {', '.join(KNOWN)}", unknown[0][:60], unknown[0][:60]
        )
    source = value.get(SOURCE)
    if not isinstance(source, str) or not is_name(source):
        raise Invalid("wrong_field", "a name such as crm", str(source)[:60], SOURCE)
    return source


def _pairs(value: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name, given in value.items():
        if name == SOURCE:
            continue
        prefix = BY_CHANNEL.get(name)
        if prefix is None:
            yield name, given
            continue
        if not isinstance(given, dict):
            raise Invalid("wrong_field", "an object by channel", str(given)[:60], name)
        for channel, one in given.items():
            if not is_name(channel):
                raise Invalid("wrong_field", "the name of a channel", channel[:60], name)
            yield f"{prefix}{channel}", one


async def profile(request: Request) -> Response:
    """All that is known of one customer: per field every source, what is shown first."""
    at = parts(request)
    customer_id = codec.clean(str(request.path_params["customer_id"]))
    store = _store(request)
    said = await store.of_customer(customer_id)
    if not said:
        raise Problem(404, "unknown_customer", "No source has said anything of this customer")
    facts = [fact for one in said for fact in facts_of(one)]
    order = order_of(at.base.settings, at.base.config.catalogue)
    fields = side_by_side(facts, order)
    found = fold(facts, order, customer_id)
    home = await store.household(found.household)
    return JSONResponse(
        {
            "customer_id": customer_id,
            "profile": asdict(found),
            "household": [other for other in home if other != customer_id],
            "facts": {name: _side(group) for name, group in fields.items()},
            "contested": await store.contested(customer_id),
        }
    )


def _side(facts: list[Known]) -> dict[str, Any]:
    return {
        "differ": do_differ(facts),
        "said": [
            {
                "value": fact.value,
                "source": fact.source,
                "at_ms": fact.at_ms,
                "seen_ms": fact.seen_ms,
                "confidence": fact.confidence,
            }
            for fact in facts
        ],
    }


def _store(request: Request) -> Statements:
    base = parts(request).base
    return statements(base.database, base.settings, base.config.catalogue)
