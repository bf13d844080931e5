"""Signed webhooks: the address is checked, then pinned; nothing is followed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import httpx

from app.adapters.signatures import Signer
from app.core.addresses import Target, pinned, target_of
from app.core.delivery import Answer
from app.core.handoff import Handoff, Partner

MAX_ANSWER_BYTES = 65_536  # a route is a hundred bytes; more is a mistake or an attack
_TYPE = "application/cloudevents+json; charset=utf-8"

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, by the system's resolver. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Receiver(Protocol):
    """Where a webhook goes: a partner, or whoever brings a channel's messages to people."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def inner(self) -> bool: ...
    @property
    def timeout_s(self) -> float: ...


class Webhooks:
    """One client for each receiver, so that no connection is shared between two of them.

    `trust`: certificates to believe in; None: those that come with the libraries.
    """

    def __init__(
        self,
        signers: Mapping[str, Signer],
        resolve_: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._signers = signers
        self._resolve = resolve_
        self._trust = trust
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def send(self, partner: Partner, event: Handoff, patience_s: float) -> Answer:
        """Send one event and wait so long for the whole answer. Never raises."""
        return await self.post(partner, event.event_id, event.body, patience_s)

    async def post(self, to: Receiver, event_id: str, body: bytes, patience_s: float) -> Answer:
        """As `send`, of any event to any receiver that we can sign for."""
        try:
            async with asyncio.timeout(patience_s):
                return await self._post(to, event_id, body)
        except TimeoutError:
            return Answer(problem=f"no answer within {patience_s:.3g} s")
        except (httpx.HTTPError, OSError) as error:
            return Answer(problem=f"not reached: {type(error).__name__}: {error}"[:200])

    async def _post(self, to: Receiver, event_id: str, body: bytes) -> Answer:
        try:
            target = target_of(to.url)
            found = await self._resolve(target.host, target.port)
            address = pinned(found, to.inner)
        except ValueError as error:
            return Answer(problem=f"not sent: {error}", never=True)
        headers = self._signers[to.name].headers(event_id, _now(), body)
        request = self._client(to).build_request(
            "POST",
            _pinned_url(target, address),
            content=body,
            headers=headers | {"host": _host(target), "content-type": _TYPE},
            # The certificate is checked against the name, though we connect to the address.
            extensions={"sni_hostname": target.host},
        )
        response = await self._client(to).send(request, stream=True)
        try:
            return await _answer(response)
        finally:
            await response.aclose()

    def _client(self, to: Receiver) -> httpx.AsyncClient:
        if to.name not in self._clients:
            self._clients[to.name] = httpx.AsyncClient(
                timeout=to.timeout_s,
                verify=self._trust or True,
                follow_redirects=False,
                trust_env=False,  # a proxy of the environment would connect where it likes
                headers={"accept-encoding": "identity", "user-agent": "Handshake"},
                limits=httpx.Limits(max_keepalive_connections=2, keepalive_expiry=30.0),
            )
        return self._clients[to.name]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


async def _answer(response: httpx.Response) -> Answer:
    body, problem = b"", ""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            body, problem = b"", f"the answer is longer than {MAX_ANSWER_BYTES} bytes"
            break
    if response.is_redirect:
        problem = "a redirect, which is not followed"
    elif not response.is_success:
        problem = problem or f"answered {response.status_code}"
    asked = response.headers.get("retry-after", "")
    retry_after_s = float(asked) if asked.isascii() and asked.isdigit() else 0.0
    return Answer(
        status=response.status_code, body=body, problem=problem, retry_after_s=retry_after_s
    )


def _pinned_url(target: Target, address: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{target.scheme}://{host}:{target.port}{target.path}"


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    standard = {"https": 443, "http": 80}[target.scheme]
    return name if target.port == standard else f"{name}:{target.port}"


def _now() -> datetime:
    return datetime.now(UTC)
