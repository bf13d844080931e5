"""What a partner sends us: a mention handed in, the stages of a hand-off; signed, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from app.adapters.signatures import Signer
from app.core.handoff import MOST_HOPS
from app.core.mention import mention_id_of
from app.web.state import Parts
from tests.builders import admission, wire
from tests.handoffs.conftest import House, handed
from tests.partner import Engine, says
from tests.web.conftest import Api

URL = "/api/v1/handoffs"


async def journalled(parts: Parts) -> list[dict[str, Any]]:
    found = await parts.gate._journal.without_outcome(2**62)
    return [orjson.loads(intake.raw) for intake in found]


async def test_a_partner_hands_a_mention_in(house: House) -> None:
    """A4.12: both directions; the originator is remembered from the first."""
    answer = await house.engine.hand_in(house.client, wire(text="From another engine"))
    assert answer.status_code == 202
    [named] = answer.json()["accepted"]
    assert named["mention_id"] == mention_id_of("x", "1")
    [kept] = await journalled(house.parts)
    assert kept["text"] == "From another engine"
    assert kept["meta"]["handed_in"] == {"partner": "crm", "source": "/crm", "id": "in-1"}


async def test_who_handed_it_in_hears_of_every_stage(house: House) -> None:
    """A4.12: the originating system is aware at each stage."""
    await house.engine.hand_in(house.client, wire())
    admitted = admission()
    await house.parts.base.door.admit([admitted])
    await house.round()
    task = await house.accepted(admitted.mention.mention_id)
    await house.do("complete", task, code="resolved", note="")
    await house.round()
    assert house.engine.stages() == ["queued", "accepted", "completed"]
    assert {event["data"]["handoff"] for event in house.engine.events} == {"in-1"}


async def test_who_handed_it_in_hears_that_no_task_was_needed(house: House) -> None:
    await house.engine.hand_in(house.client, wire())
    await house.parts.base.door.admit([admission(queue="")])
    await house.round()
    assert house.engine.stages() == ["closed"]


async def test_the_same_event_again_is_the_same_mention(house: House) -> None:
    bare = {key: value for key, value in wire().items() if key != "id"}
    answers = [await house.engine.hand_in(house.client, bare) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["accepted"][0]["mention_id"] for answer in answers}) == 1
    assert len(await house.parts.parties.of([mention_id_of("x", "/crm#in-1")])) == 1


async def test_an_event_that_comes_with_another_mention_is_refused(house: House) -> None:
    await house.engine.hand_in(house.client, wire())
    answer = await house.engine.hand_in(house.client, wire(id="2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "event_reused")
    assert len(await journalled(house.parts)) == 1


async def test_a_partner_does_not_make_itself_a_party_of_what_others_brought(house: House) -> None:
    """Or it would be told the replies to any customer whose mention it can name."""
    await house.parts.base.door.admit([admission()])
    await house.round()
    answer = await house.engine.hand_in(house.client, wire())
    assert (answer.status_code, answer.json()["code"]) == (409, "known_mention")
    await house.accepted(mention_id_of("x", "1"))
    await house.round()
    assert not house.engine.events


async def test_what_a_partner_handed_in_can_be_handed_in_again_later(house: House) -> None:
    """Its answer was lost, or the customer has edited it: the partner is a party already."""
    await house.engine.hand_in(house.client, wire())
    await house.parts.base.door.admit([admission()])
    await house.round()
    assert (await house.engine.hand_in(house.client, wire())).status_code == 202
    edited = await house.engine.hand_in(house.client, wire(text="Edited"), id="in-2")
    assert edited.status_code == 202


async def test_what_a_partner_handed_in_is_not_handed_back_to_it(house: House) -> None:
    """No mention goes in a circle between two engines."""
    await house.engine.hand_in(house.client, wire())
    await house.parts.base.door.admit([handed(admission(), "crm")])
    await house.round()
    assert not house.engine.handed()
    [told] = await house.facts("handoff_failed")
    assert told["reason"] == "it came from there"
    assert not await house.facts("transferred")


async def test_hops_are_counted_and_bounded(house: House) -> None:
    partners: Any = house.parts.base.config.partners
    partners["erp"] = replace(partners["crm"], name="erp")
    await house.engine.hand_in(house.client, wire(), hops=MOST_HOPS)
    await house.parts.base.door.admit([handed(admission(), "erp")])
    await house.round()
    [told] = await house.facts("handoff_failed")
    assert told["reason"] == f"handed on {MOST_HOPS} times already"
    answer = await house.engine.hand_in(house.client, wire(id="2"), id="in-2", hops=MOST_HOPS + 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_hops")


async def test_only_who_may_hands_mentions_in(house: House) -> None:
    """A4.8: what a partner may do is configured."""
    partners: Any = house.parts.base.config.partners
    partners["crm"] = replace(partners["crm"], hands_in=False)
    answer = await house.engine.hand_in(house.client, wire())
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert not await journalled(house.parts)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "channel"),
        (wire(text=" "), "text"),
        (wire(channel="X Y"), "channel"),
        (wire(posted_at="soon"), "posted_at"),
    ],
)
async def test_a_wrong_mention_is_refused_by_field(
    house: House, said: dict[str, Any], field: str
) -> None:
    answer = await house.engine.hand_in(house.client, said)
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
    assert not await journalled(house.parts)


async def test_a_mention_that_is_too_long_is_refused(house: House) -> None:
    answer = await house.engine.hand_in(house.client, wire(text="x" * 262_100))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_status_on_our_hand_off_stands_in_the_trail(house: House, api: Api) -> None:
    """A4.12: what the other engine does with it can be seen here."""
    mention_id = await house.admit()
    await house.round()
    [event] = house.engine.handed()
    answer = await house.engine.tell(house.client, event["id"], "credit check", "limit is fine")
    assert answer.status_code == 202
    await house.round()
    trail = (await api.get("amira", f"/api/v1/mentions/{mention_id}/why")).json()["facts"]
    [told] = [fact for fact in trail if fact["op"] == "handoff_status"]
    assert (told["data"]["stage"], told["reason"]) == ("credit check", "limit is fine")
    assert told["actor"] == {"type": "system", "id": "crm", "role": "partner"}


async def test_a_status_twice_is_one_fact(house: House) -> None:
    await house.admit()
    await house.round()
    data = {"handoff": house.engine.handed()[0]["id"], "stage": "seen"}
    for _ in range(2):
        event = {"id": "s-1", "type": "handshake.status", "data": data}
        assert (await house.engine.send(house.client, event)).status_code == 202
    await house.round()
    assert len(await house.facts("handoff_status")) == 1


async def test_what_a_partner_gives_back_goes_the_alternative_route(house: House) -> None:
    mention_id = await house.admit()
    await house.round()
    await house.engine.tell(house.client, house.engine.handed()[0]["id"], "refused", "not ours")
    await house.round()
    card = await house.card(mention_id)
    assert card["queue"] == "billing"
    assert card["handed_on"]["reason"] == "The CRM did not take it: given back: not ours"


async def test_what_is_given_back_before_its_answer_is_noted_is_told_again(house: House) -> None:
    """Or it would be given back without effect: we would note that it was taken."""
    house.engine.then = says({}, 503)
    await house.admit()
    await house.round()
    [row] = [row for row in await house.log() if row.kind == "handoff"]
    answer = await house.engine.tell(house.client, row.event_id, "refused")
    assert (answer.status_code, answer.json()["code"]) == (409, "on_its_way")


async def test_a_partner_speaks_only_of_what_it_was_handed(house: House) -> None:
    await house.admit()
    await house.round()
    status = next(row for row in await house.log() if row.kind == "status")
    for other in ("no-such-event", status.event_id):
        answer = await house.engine.tell(house.client, other, "refused")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_handoff")


async def test_a_stranger_is_not_let_in(house: House) -> None:
    stranger = Engine(secret="whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBpdCBpcw==")
    assert (await stranger.hand_in(house.client, wire())).status_code == 401
    assert (await house.client.post(URL, json=wire())).status_code == 401


async def test_a_partners_signature_opens_nothing_else(house: House) -> None:
    """A4.8: it is no key to intake, tasks or people."""
    answer = await house.engine.send(house.client, {"id": "e", "type": "x"})
    assert answer.status_code == 422
    raw = orjson.dumps(wire())
    for path in ("/api/v1/mentions", "/api/v1/me/state", "/api/v1/tasks/t/cancel"):
        signed = Signer(house.engine.secret).headers("e", datetime.now(UTC), raw)
        assert (await house.client.post(path, content=raw, headers=signed)).status_code == 403


async def test_the_delivery_log_is_for_who_looks_after_it(house: House, api: Api) -> None:
    house.engine.then = says({}, 422)
    mention_id = await house.admit()
    await house.round()
    assert (await api.get("amira", URL)).status_code == 403
    for who in ("sofia", "sven", "ada"):
        found = (await api.get(who, f"{URL}?state=failed&partner=crm")).json()
        assert {row["mention_id"] for row in found} == {mention_id}
    [row] = [row for row in found if row["kind"] == "handoff"]
    assert (row["state"], row["status"], row["problem"]) == ("failed", 422, "answered 422")
    assert "body" not in row
    assert (await api.get("ada", f"{URL}?state=lost")).status_code == 422
    assert (await api.get("ada", f"{URL}?partner=nobody")).json() == []


async def test_a_replay_by_hand_sends_the_same_event_again(house: House, api: Api) -> None:
    house.engine.script = [says({}, 422)]
    await house.admit()
    await house.round()
    [row] = [row for row in await house.log() if row.kind == "handoff"]
    path = f"{URL}/{row.event_id}/replay"
    assert (await api.post("sofia", path, {"reason": "x"})).status_code == 403
    assert (await api.post("sven", path, {})).status_code == 422
    answer = await api.post("sven", path, {"reason": "their outage is over"})
    assert (answer.status_code, answer.json()["round"]) == (200, 1)
    again = await api.post("sven", path, {"reason": "twice"})
    assert (again.status_code, again.json()["code"]) == (409, "on_its_way")
    house.parts.base.door.now_ms = answer.json()["next_ms"]
    await house.round()
    [event] = house.engine.handed()
    assert event["id"] == row.event_id
    [told] = await house.facts("handoff_status")
    assert (told["data"]["stage"], told["reason"], told["actor"]["id"]) == (
        "replayed",
        "their outage is over",
        "sven",
    )
    assert len(await house.facts("handed_off")) == 1


async def test_an_unknown_event_cannot_be_replayed(house: House, api: Api) -> None:
    answer = await api.post("sven", f"{URL}/nothing/replay", {"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_handoff")
