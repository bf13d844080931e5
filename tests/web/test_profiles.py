"""What sources say of customers, by webhook, and all that is known of one of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.adapters.store.known_profiles import KnownProfiles
from app.web.state import Parts
from tests.web.conftest import Api

PATH = "/api/v1/profiles"
KIM = {
    "customer_id": "C1",
    "source": "crm",
    "at": "2026-01-02T03:04:05Z",
    "name": "Kim",
    "tier": "gold",
    "handles": {"x": "@Kim", "email": ["kim@a.test", "k@a.test"]},
    "followers": {"x": 999},
}


async def test_what_a_source_says_is_taken_and_the_same_again_changes_nothing(
    api: Api, parts: Parts
) -> None:
    """A2.7: idempotent by customer, source and time."""
    first = await api.post("intake", PATH, KIM)
    assert (first.status_code, first.json()["counts"]["new"]) == (200, 1)
    again = await api.post("intake", PATH, [KIM])
    assert again.json()["counts"]["same"] == 1
    [kim] = (await KnownProfiles(parts.base.database).of(["email:k@a.test"])).profiles
    assert (kim.customer_id, kim.tier, kim.influence) == ("C1", "gold", 45)


async def test_of_a_list_the_good_ones_are_taken_and_the_others_told(api: Api) -> None:
    wrong = [
        {"source": "crm", "name": "Nobody"},
        {"customer_id": "C3", "source": "crm", "lang": "Klingon!"},
        {"customer_id": "C4", "source": "crm", "colour": "red"},
        KIM | {"tier": "silver"},
        7,
    ]
    answer = await api.post("intake", PATH, [KIM, *wrong])
    told = answer.json()
    assert told["counts"] | {"new": 1, "rejected": 5} == told["counts"]
    refused = sorted((one["index"], one["code"]) for one in told["refused"])
    assert refused == [
        (1, "no_key"), (2, "wrong_field"), (3, "unknown_field"), (4, "says_otherwise"),
        (5, "wrong_field"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (KIM | {"value": "much"}, "value"),
        (KIM | {"at": "2099-01-01T00:00:00Z"}, "at"),
        (KIM | {"at": "2026-01-01T00:00:00"}, "at"),
        (KIM | {"handles": ["x:kim"]}, "handles"),
        (KIM | {"handles": {"X!": "kim"}}, "handles"),
        (KIM | {"followers": {"x": -1}}, "followers.x"),
        (KIM | {"source": "CRM of ours"}, "source"),
        (KIM | {"confidence": 2}, "confidence"),
        (KIM | {"products": ["a"] * 51}, "products"),
        (KIM | {"name": ["Kim"]}, "name"),
        (KIM | {"customer_id": "C" * 81}, "customer_id"),
    ],
)
async def test_one_that_is_wrong_is_refused_with_the_field(
    api: Api, said: dict[str, Any], field: str
) -> None:
    answer = await api.post("intake", PATH, said)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_it_takes_what_is_signed_as_intake_does(client: httpx.AsyncClient, api: Api) -> None:
    assert (await client.post(PATH, json=KIM)).status_code == 401
    assert (await api.post("amira", PATH, KIM)).status_code == 403


async def test_all_sources_stand_side_by_side_with_their_times(api: Api) -> None:
    """A2.4, A2.7"""
    await api.post("intake", PATH, KIM)
    await api.post("intake", PATH, {**KIM, "source": "rewards", "tier": "silver", "rewards": 40})
    await api.post("intake", PATH, {"customer_id": "C2", "source": "crm", "handles": {"x": "kim"}})
    answer = await api.get("amira", "/api/v1/people/C1/profile")
    told = answer.json()
    tier = told["facts"]["tier"]
    assert tier["differ"]
    assert [(one["source"], one["value"]) for one in tier["said"]] == [
        ("crm", "gold"),
        ("rewards", "silver"),
    ]
    assert tier["said"][0]["at_ms"] == 1_767_323_045_000
    assert (told["profile"]["tier"], told["profile"]["rewards"]) == ("gold", 40.0)
    assert told["contested"] == {"x:kim": ["C2"]}


async def test_the_people_of_one_household_are_told_of_each_other(api: Api) -> None:
    """A2.8, A2.9"""
    for number in (1, 2, 3):
        home = "H1" if number < 3 else "H2"
        said = {"customer_id": f"C{number}", "source": "crm", "household": home}
        await api.post("intake", PATH, said)
    told = (await api.get("amira", "/api/v1/people/C1/profile")).json()
    assert (told["profile"]["household"], told["household"]) == ("H1", ["C2"])


async def test_of_an_unknown_customer_nothing_is_said(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/people/C99%00/profile")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_customer")
