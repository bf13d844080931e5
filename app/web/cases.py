"""Cases: closed by whoever has seen to them, with a reason."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.codec import clean
from app.core.cases import case_in, closed, closed_alike
from app.core.errors import Conflict
from app.web.problems import Problem, sent
from app.web.state import actor_of, command, parts, text_of, user
from app.wiring.base import system_ms

CLOSE: Final = "/api/v1/mentions/{mention_id}/cases/{case}/close"
_REASON_CHARS: Final = 500


async def close(request: Request) -> Response:
    """Close a case that a rule has opened; it is on the timeline within seconds.

    The same person may say the same again: it is answered alike, and changes nothing.
    """
    at, me, case = parts(request), user(request), request.path_params["case"]
    reason = text_of(await command(request, "reason"), "reason", _REASON_CHARS)
    trail = await at.base.ledger.of_mention(clean(request.path_params["mention_id"]))
    opened, ended = case_in(trail, case)
    if opened is None:
        raise Problem(404, "unknown_case", "This mention has no case of this id")
    if ended is None:
        with sent():
            await at.base.door.note([closed(opened, reason, system_ms(), actor_of(me))])
    elif not closed_alike(ended, reason, actor_of(me)):
        raise Conflict("case_closed", "This case has been closed already")
    return JSONResponse({"case": case}, 202)
