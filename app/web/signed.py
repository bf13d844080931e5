"""Which partner signed a request: its secret tells, nothing that the request says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from app.adapters.signatures import Signer
from app.adapters.store.users import User
from app.core.handoff import Partner
from app.web.state import body

PARTNER = "partner"  # the role of a partner's signature: it opens one route


class SignedBy:
    def __init__(
        self, partners: Mapping[str, Partner], signers: Mapping[str, Signer], body_bytes: int
    ) -> None:
        self._partners = partners
        self._signers = signers
        self._body_bytes = body_bytes

    async def partner_of(self, request: Request) -> User | None:
        """The partner whose secret signed the body within the last five minutes."""
        if not self._signers or "webhook-signature" not in request.headers:
            return None
        raw = await body(request, self._body_bytes)
        for name, signer in self._signers.items():
            if signer.verify(raw, request.headers):
                return User(name=name, title=self._partners[name].title, role=PARTNER)
        return None
