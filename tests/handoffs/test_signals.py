"""Signals of partners: CloudEvents, signed, from whoever may send them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core.signal import SIGNAL_TYPE
from tests.handoffs.conftest import House
from tests.web.test_context import delay

DATA = {name: value for name, value in delay().items() if name not in ("source", "id")}


@pytest.fixture(autouse=True)
def allowed(house: House) -> None:
    may(house, True)


def may(house: House, signals: bool) -> None:
    partners: Any = house.parts.base.config.partners
    partners["crm"] = replace(partners["crm"], signals=signals)


async def sent(house: House, data: Any = DATA, **changed: Any) -> Any:
    return await house.engine.signal(house.client, data, **changed)


async def test_a_partner_signs_what_it_says(house: House) -> None:
    """A8.3: a third system in the integration; its secret tells who it is."""
    assert (await sent(house)).status_code == 202
    await house.round()
    [fact] = await house.facts("signalled")
    said = fact["data"]["signal"]
    assert (said["sender"], said["source"], said["id"]) == ("crm", "/crm", "s-1")
    assert fact["actor"] == {"type": "system", "id": "crm", "role": "service"}


async def test_its_event_again_is_the_same_signal(house: House) -> None:
    first, again = await sent(house), await sent(house)
    assert first.json() == again.json()
    await house.round()
    assert len(await house.facts("signalled")) == 1
    other = await sent(house, DATA | {"subject": "Parcel P-9"})
    assert (other.status_code, other.json()["code"]) == (409, "signal_reused")


async def test_only_who_may_sends_signals(house: House) -> None:
    """A4.8: what a partner may do is configured."""
    may(house, False)
    answer = await sent(house)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_a_signature_that_is_not_its_own_is_nobody(house: House) -> None:
    answer = await sent(house, secret="whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("data", "changed", "field"),
    [
        (DATA | {"source": "x"}, {}, "data.source"),
        (DATA, {"type": "handshake.handoff"}, "type"),
        (DATA | {"kind": "rumour"}, {}, "kind"),
        ("text", {}, "data"),
    ],
)
async def test_a_wrong_event_is_refused(
    house: House, data: Any, changed: dict[str, Any], field: str
) -> None:
    answer = await sent(house, data, **changed)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_signal_is_no_hand_in(house: House) -> None:
    """Each route takes what it is for."""
    answer = await house.engine.send(house.client, {"type": SIGNAL_TYPE, "data": DATA, "id": "1"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "type")
