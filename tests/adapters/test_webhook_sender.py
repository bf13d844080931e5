"""The sender of webhooks: signed, to a checked and pinned address, with a bound on each wait."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app.adapters.signatures import Signer
from app.adapters.webhook import MAX_ANSWER_BYTES, Resolve, Webhooks
from app.core.delivery import AGAIN, REFUSED, TAKEN, Answer
from app.core.handoff import HANDOFF, Handoff, Partner
from app.processes.tcp_ports import free_port
from tests.partner import SECRET, Engine, hangs, says

EVENT = Handoff(
    event_id="e1",
    partner="crm",
    mention_id="m1",
    kind=HANDOFF,
    stage="",
    seq=1,
    body=b'{"id":"e1"}',
    created_ms=0,
)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine().serving() as engine:
        yield engine


async def sent(partner: Partner, resolve: Resolve | None = None, patience_s: float = 2.0) -> Answer:
    signers = {"crm": Signer(SECRET)}
    webhooks = Webhooks(signers, resolve) if resolve else Webhooks(signers)
    try:
        return await webhooks.send(partner, EVENT, patience_s)
    finally:
        await webhooks.close()


def leads_to(*addresses: str) -> Resolve:
    """A resolver that gives these addresses for every name."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


async def test_an_event_comes_signed_to_who_knows_the_secret(engine: Engine) -> None:
    answer = await sent(engine.partner())
    assert (answer.status, answer.verdict) == (204, TAKEN)
    assert [event["id"] for event in engine.events] == ["e1"]


async def test_who_has_another_secret_takes_it_for_forged(engine: Engine) -> None:
    engine.secret = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBpdCBpcw=="
    assert (await sent(engine.partner())).verdict == REFUSED
    assert engine.forged == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "::"]
)
async def test_a_name_that_leads_inside_is_never_connected_to(engine: Engine, address: str) -> None:
    """A4.7: protection against request forgery: the partner's DNS decides nothing of ours."""
    port = engine.url.rpartition(":")[2].split("/")[0]
    outside = engine.partner(inner=False, url=f"https://crm.example:{port}/hook")
    for found in ((address,), ("93.184.216.34", address)):
        answer = await sent(outside, leads_to(*found))
        assert answer.verdict == REFUSED
        assert "not sent" in answer.problem
    assert not engine.requests


async def test_the_checked_address_is_the_one_connected_to(engine: Engine) -> None:
    """A name that is asked a second time may lead elsewhere (DNS rebinding): it is not asked."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    partner = engine.partner(url=engine.url.replace("127.0.0.1", "crm.nowhere.invalid"))
    assert (await sent(partner, resolve)).verdict == TAKEN
    assert asked == ["crm.nowhere.invalid"]


async def test_a_redirect_is_not_followed(engine: Engine) -> None:
    engine.then = says({}, 307, location="http://169.254.169.254/latest/meta-data/")
    answer = await sent(engine.partner())
    assert (answer.status, answer.verdict) == (307, REFUSED)
    assert "redirect" in answer.problem


async def test_a_proxy_of_the_environment_is_not_used(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await sent(engine.partner())).verdict == TAKEN


async def test_a_partner_that_hangs_is_left_after_its_time(engine: Engine) -> None:
    engine.then = hangs
    began = time.monotonic()
    answer = await sent(engine.partner(), patience_s=0.2)
    assert time.monotonic() - began < 2
    assert (answer.verdict, answer.problem) == (AGAIN, "no answer within 0.2 s")


async def test_a_resolver_that_hangs_is_left_as_well(engine: Engine) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    assert (await sent(engine.partner(), resolve, patience_s=0.1)).verdict == AGAIN


async def test_nobody_there_is_tried_again() -> None:
    partner = Partner(name="crm", title="C", url=f"http://127.0.0.1:{free_port()}/", inner=True)
    assert (await sent(partner)).verdict == AGAIN


async def test_a_name_that_nobody_knows_is_tried_again(engine: Engine) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        raise OSError("name or service not known")

    assert (await sent(engine.partner(), resolve)).verdict == AGAIN


async def test_a_wait_that_is_asked_for_is_passed_on(engine: Engine) -> None:
    engine.then = says({}, 429, **{"retry-after": "30"})
    assert (await sent(engine.partner())).retry_after_s == 30
    engine.then = says({}, 503, **{"retry-after": "tomorrow"})
    assert (await sent(engine.partner())).retry_after_s == 0


Speaker = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def spoken_to(speak: Speaker, patience_s: float = 1.0) -> Answer:
    """Send to a server that says exactly this, whatever it is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await speak(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    partner = Partner(name="crm", title="C", url=f"http://127.0.0.1:{port}/", inner=True)
    async with server:
        return await sent(partner, patience_s=patience_s)


async def test_an_answer_without_end_is_cut_off_and_not_kept() -> None:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    answer = await spoken_to(speak)
    assert (answer.verdict, answer.body) == (TAKEN, b"")
    assert str(MAX_ANSWER_BYTES) in answer.problem


async def test_an_answer_in_drops_ends_with_the_time_for_the_whole_of_it() -> None:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    began = time.monotonic()
    assert (await spoken_to(speak, 0.3)).verdict == AGAIN
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("said", [b"", b"not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_what_is_no_http_is_tried_again(said: bytes) -> None:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    assert (await spoken_to(speak)).verdict == AGAIN


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for crm.example, and its key in the same file."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not here to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "crm.pem"
    subject = ["-subj", "/CN=crm.example", "-addext", "subjectAltName=DNS:crm.example"]
    argv = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*argv, "-keyout", path, "-out", path.with_suffix(".crt")], check=True)
    path.write_text(path.read_text("ascii") + path.with_suffix(".crt").read_text("ascii"), "ascii")
    return path


@pytest.mark.parametrize(("name", "verdict"), [("crm.example", TAKEN), ("other.example", AGAIN)])
async def test_the_certificate_is_checked_against_the_name_not_the_pinned_address(
    certificate: Path, name: str, verdict: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    partner = Partner(name="crm", title="C", url=f"https://{name}:{port}/", inner=True)
    trust = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    webhooks = Webhooks({"crm": Signer(SECRET)}, leads_to("127.0.0.1"), trust)
    async with server:
        answer = await webhooks.send(partner, EVENT, 2.0)
        await webhooks.close()
    assert answer.verdict == verdict, answer.problem
    assert ("CERTIFICATE_VERIFY_FAILED" in answer.problem) == (verdict == AGAIN)
