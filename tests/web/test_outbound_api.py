"""Permission over HTTP: what may be sent and why not is told; consent is recorded once."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.consents import Consents
from app.adapters.store.outbound import OutboundLog
from app.adapters.store.rule_events import RuleEvents
from app.core.outbound import Sending
from app.processes.relay import Relay
from app.processes.send import Intake, Telling
from app.processes.sending import Lane
from app.web.state import Parts
from tests.builders import NOON_MS, admission
from tests.doubles import KeepingProducer
from tests.outbound.conftest import Channel
from tests.web.conftest import Api

KEY = "x:anna"
HOSTILE = '<img src=x onerror="alert(1)">\u202e'


class Sender:
    """The process `send`, on the store of these tests, for the channel x."""

    def __init__(self, parts: Parts) -> None:
        base = parts.base
        self._door = base.door
        relayed: Any = KeepingProducer()
        self._relay = Relay(RedisOutbox(base.redis), base.ledger, relayed)
        self.kept = OutboundLog(base.database)
        permission = base.config.permission
        self.x = Channel(lambda: NOON_MS)
        self._intake = Intake(
            base.ledger, RuleEvents(base.database), self.kept, permission, ["x"], lambda: NOON_MS
        )
        to = Sending(name="x", kind="webhook")
        self._lane = Lane(
            to, self.x, self.kept, permission.policy, self._intake.turn, lambda: NOON_MS
        )
        self._telling = Telling(self.kept, Consents(base.database), base.door)

    async def round(self) -> None:
        for _ in range(2):
            while await self._relay.move(0):
                pass
            await self._intake.turn()
            await self._lane.turn()
            await self._lane.landed()
            await self._telling.turn()

    async def hears(self, id_: str, text: str = "Where is my parcel?") -> str:
        admitted = admission(id_, text=text)
        await self._door.admit([admitted])
        await self.round()
        return admitted.mention.mention_id


@pytest.fixture
async def sender(parts: Parts) -> Sender:
    sender = Sender(parts)
    await sender.round()
    return sender


def consent(kind: str = "given", **given: Any) -> dict[str, Any]:
    return {
        "handle_key": KEY, "kind": kind, "channel": "x", "purpose": "marketing",
        "source": "phone", "evidence": "call of 12:00",
    } | given  # fmt: skip


async def record(api: Api, who: str = "amira", key: str = "k", **given: Any) -> Any:
    return await api.post(who, "/api/v1/permissions", consent(**given), Idempotency_Key=key)


async def of(api: Api, key: str = KEY) -> dict[str, Any]:
    answer = await api.get("amira", "/api/v1/permissions", params={"handle_key": key})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def now(found: dict[str, Any], purpose: str) -> dict[str, Any]:
    [one] = [one for one in found["now"] if one["purpose"] == purpose]
    return dict(one)


async def test_a_stranger_may_be_answered_and_not_be_sent_marketing(api: Api) -> None:
    """A4.8: what the gate would say now, before anybody writes."""
    found = await of(api, "x:nobody")
    assert (found["handle_keys"], found["stop"], found["events"]) == (["x:nobody"], None, [])
    assert now(found, "answer")["allowed"]
    marketing = now(found, "marketing")
    assert (marketing["allowed"], marketing["code"]) == (False, "no_consent")
    assert marketing["rule"] == "purpose.marketing.consent"


async def test_a_consent_is_recorded_once_with_who_when_and_the_evidence(
    api: Api, sender: Sender, parts: Parts
) -> None:
    for _ in range(2):
        answer = await record(api, evidence=HOSTILE)
        assert answer.status_code == 202, answer.text
        await sender.round()
    found = await of(api)
    [event] = found["events"]
    assert (event["by"], event["source"], event["kind"]) == ("rep:amira", "phone", "given")
    assert event["evidence"] == HOSTILE
    assert now(found, "marketing")["code"] in ("", "quiet_hours")
    facts = [f for f in await parts.base.ledger.since(0) if f["op"] == "consent_changed"]
    assert [fact["actor"]["id"] for fact in facts] == ["amira"]


async def test_whoever_is_told_on_the_phone_to_stop_records_it_for_all_channels(
    api: Api, sender: Sender
) -> None:
    answer = await record(api, kind="stop", channel="phone", purpose="")
    assert answer.status_code == 202, answer.text
    await sender.round()
    found = await of(api)
    assert found["stop"]["channel"] == "phone"
    assert {one["code"] for one in found["now"]} == {"stopped"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "maybe"}, "kind"),
        ({"purpose": "gossip"}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"channel": "smoke"}, "channel"),
        ({"evidence": ""}, "evidence"),
        ({"evidence": "x" * 301}, "evidence"),
        ({"source": " "}, "source"),
        ({"handle_key": "anna"}, "handle_key"),
        ({"handle_key": "x:@Anna"}, "handle_key"),
        ({"handle_key": ":c1"}, "handle_key"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_consent_that_says_too_little_is_refused(
    api: Api, given: dict[str, Any], field: str
) -> None:
    answer = await record(api, **given)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("who", ["anton", "sven"])
async def test_who_does_not_speak_with_customers_records_no_consent(api: Api, who: str) -> None:
    assert (await record(api, who)).status_code == 403


async def test_the_card_is_told_before_a_reply_that_it_would_be_refused(
    api: Api, sender: Sender
) -> None:
    asked = await sender.hears("1")
    path = f"/api/v1/mentions/{asked}/outbound"
    assert (await api.get("amira", path)).json()["answer"]["allowed"]
    await sender.hears("2", "STOP")
    found = (await api.get("amira", path)).json()
    assert (found["messages"], found["answer"]["code"]) == ([], "stopped")
    assert "START" in found["answer"]["why"]


async def test_the_card_is_told_that_its_channel_has_no_connector(api: Api, sender: Sender) -> None:
    path = f"/api/v1/mentions/{await sender.hears('1')}/outbound"
    assert (await api.get("amira", path)).json()["answer"]["connector"] is False


async def test_what_was_sent_and_refused_is_told_and_the_log_has_no_text(
    api: Api, sender: Sender, parts: Parts
) -> None:
    asked = await sender.hears("1")
    for n in range(2):
        await parts.base.ledger.append(
            [
                {
                    "fact_id": f"r{n}/replied", "op": "replied", "op_id": f"r{n}", "rep": "amira",
                    "now_ms": NOON_MS, "mention_id": asked, "data": {"text": f"Answer {n}."},
                }
            ]
        )  # fmt: skip
        await sender.round()
        await sender.hears("2", "STOP")
    told = (await api.get("amira", f"/api/v1/mentions/{asked}/outbound")).json()["messages"]
    assert [(one["state"], one["text"]) for one in told] == [
        ("sent", "Answer 0."), ("refused", "Answer 1."),
    ]  # fmt: skip
    assert (told[0]["reference"], told[1]["code"]) == ("ref-1", "stopped")
    log = (await api.get("sofia", "/api/v1/outbound?state=refused")).json()
    assert [(one["mention_id"], one["by"]) for one in log] == [(asked, "rep:amira")]
    assert "text" not in log[0]
    trail = (await api.get("amira", f"/api/v1/mentions/{asked}/why")).json()
    assert {"sent", "not_sent"} <= {fact["op"] for fact in trail["facts"]}


async def test_a_state_that_there_is_not_is_refused(api: Api) -> None:
    answer = await api.get("sofia", "/api/v1/outbound?state=lost")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "state")


async def test_a_mention_that_nobody_knows_has_no_messages(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/mentions/none/outbound")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_mention")
