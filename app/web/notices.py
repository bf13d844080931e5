"""Notices: what rules tell people, on their screens within a second, until they have read it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.notices import Notices
from app.adapters.store.rule_events import RuleEvents
from app.adapters.store.users import User
from app.codec import clean
from app.core import notices as core
from app.core.errors import Unavailable
from app.web.hub import Hub
from app.web.mentions import later_rules
from app.web.problems import Problem, wrong_field
from app.web.state import Parts, command, parts, user
from app.wiring.base import system_ms

NEWS = "notices"  # what a screen is woken with
_MOST_READ = 200  # ids in one request
_ID_CHARS = 40


def audiences(at: Parts, me: User) -> tuple[str, ...]:
    """All that this person is addressed as, by their account and config/staff.toml."""
    rep = at.base.config.catalogue.reps.get(me.name)
    return core.audiences(me.name, me.role, rep.skills if rep else ())


async def mine(at: Parts, me: User) -> dict[str, Any]:
    """How many notices I have not read, and the newest of them."""
    unread, found = await Notices(at.base.database).unread(me.name, audiences(at, me))
    return {"unread": unread, "notices": found}


async def news(at: Parts, me: User) -> dict[str, Any] | None:
    """As `mine`; None where the store is away: the tasks on the screen go on without."""
    try:
        return await mine(at, me)
    except Unavailable:
        return None


async def notices(request: Request) -> Response:
    return JSONResponse(await mine(parts(request), user(request)))


async def read(request: Request) -> Response:
    """I have read these; what is addressed to somebody else is no notice of mine."""
    at, me = parts(request), user(request)
    ids = _ids((await command(request, "ids")).get("ids"))
    strange = await Notices(at.base.database).read(ids, me.name, audiences(at, me), system_ms())
    if strange:
        raise Problem(404, "unknown_notice", f"No notice of yours has the id {strange[0]}")
    at.hub.tell(f"rep:{me.name}", NEWS)  # in my other windows, too
    return JSONResponse(await mine(at, me))


def _ids(given: Any) -> list[str]:
    good = isinstance(given, list) and 1 <= len(given) <= _MOST_READ
    if not good or not all(isinstance(one, str) and 1 <= len(one) <= _ID_CHARS for one in given):
        raise wrong_field("ids", f"1 to {_MOST_READ} ids of notices", given)
    return list(dict.fromkeys(map(clean, given)))


async def rules_of_mention(request: Request) -> Response:
    """What event rules were asked and did since the decision, in order, also of an ended task;
    and which may still ask."""
    base, mention_id = parts(request).base, clean(request.path_params["mention_id"])
    trail = await base.ledger.of_mention(mention_id)
    if not trail:
        raise Problem(404, "unknown_mention", "The ledger has no fact of this mention")
    said = [fact["data"]["mention"] for fact in trail if fact["op"] in ("received", "edited")]
    events = await RuleEvents(base.database).of_mention(mention_id)
    later = await later_rules(parts(request).shelf, trail)
    return JSONResponse({"mention": said[-1] if said else None, "events": events, "later": later})


class Board:
    """Looks for new notices once for the whole process, and wakes the screens they are for."""

    def __init__(self, notices: Notices, hub: Hub) -> None:
        self._notices = notices
        self._hub = hub
        self._seen: int | None = None

    async def turn(self) -> None:
        """Raises Unavailable; what came meanwhile is told then."""
        if self._seen is None:
            self._seen = await self._notices.last()
            return
        self._seen, addressed = await self._notices.since(self._seen)
        for audience in sorted(addressed):
            self._hub.tell(audience, NEWS)
