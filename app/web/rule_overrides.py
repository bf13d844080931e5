"""What people did otherwise than the rules decided, for the page of the rules."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.backtest_report import HOUR_MS, Window
from app.web.problems import wrong_field
from app.web.state import parts, whole_number
from app.wiring.base import system_ms
from app.wiring.overrides import report, traffic_of

_DEFAULT_HOURS = "168"  # a week: rules are looked over weekly, and weekdays differ
_MOST_HOURS = 2_160  # 90 days
# About ten seconds of reading beside everything else that this process does; the command line
# reads any number, in a process of its own.
_MOST_MENTIONS = 50_000


async def overrides(request: Request) -> Response:
    """The report over the last `hours`. Raises Problem 422 where these hold too many mentions."""
    hours = whole_number(request.query_params.get("hours", _DEFAULT_HOURS), "hours", _MOST_HOURS)
    window = Window(since_ms=max(1, system_ms() - hours * HOUR_MS))
    traffic = traffic_of(parts(request).base.database)
    if (found := await traffic.count(window)) > _MOST_MENTIONS:
        expected = f"fewer hours, with at most {_MOST_MENTIONS} mentions (or `app overrides`)"
        raise wrong_field("hours", expected, f"{hours}, with {found}")
    return JSONResponse({"hours": hours} | await report(traffic, window))
