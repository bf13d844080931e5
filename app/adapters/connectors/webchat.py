"""The way out of the web chat: what is sent is kept, and the visitor's page shows it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from app import metrics
from app.adapters.store.chats import Chats
from app.core.chat import AGENT, AUTOMATIC, Line
from app.core.delivery import Answer
from app.core.errors import Unavailable
from app.core.outbound import Outbound
from app.core.permission import Permit

_BY_REP = "rep:"  # how a message is said to be an agent's; everything else is said by no person


class WebChat:
    """The connector of `send = "webchat"`; `now_ms` is the time by which permits run out."""

    def __init__(self, chats: Chats, now_ms: Callable[[], int]) -> None:
        self._chats = chats
        self._now_ms = now_ms

    async def send(self, message: Outbound, permit: Permit) -> Answer:
        """Put the message on the visitor's page, once. Raises NotPermitted."""
        permit.check(message, self._now_ms())
        line = Line(
            chat=message.handle,
            message_id=message.outbound_id,
            mention_id=message.mention_id,
            side=AGENT if message.by.startswith(_BY_REP) else AUTOMATIC,
            text=message.text,
            at_ms=self._now_ms(),
        )
        try:
            delivered = await self._chats.deliver(line)
        except Unavailable as error:
            return Answer(problem=str(error))
        if not delivered:
            problem = "they did not write at /chat, so there is no page to show it on"
            return Answer(status=HTTPStatus.NOT_FOUND, problem=problem, never=True)
        metrics.CHAT_MESSAGES.labels(line.side).inc()
        return Answer(status=HTTPStatus.OK)
