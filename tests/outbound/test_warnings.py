"""What a supervisor let people be told goes out through the permission gate, or does not."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.consent import GIVEN
from app.core.permission import NO_CONSENT, QUIET_HOURS, STOPPED
from app.core.proactive import PURPOSE, person_of, warning
from tests.adapters.test_signals_kept import parcel
from tests.outbound.conftest import Post

SOFIA = {"type": "user", "id": "sofia", "role": "supervisor"}
HOUR_MS = 3_600_000
TEXT = "Your parcel is late."


async def approved(post: Post, *handle_keys: str) -> None:
    people = [person_of([key]) for key in handle_keys]
    facts = [warning(parcel(), one, TEXT, post.now_ms, SOFIA).as_dict() for one in people if one]
    await post.ledger.append(facts)
    await post.round()


async def test_people_are_told_before_they_ask(post: Post) -> None:
    """A8.6: warn the customer before the problem."""
    await approved(post, "email:anna@b.c", "email:ben@b.c")
    assert [(m.handle, m.text, m.purpose) for m in post.email.has.values()] == [
        ("anna@b.c", TEXT, PURPOSE),
        ("ben@b.c", TEXT, PURPOSE),
    ]
    assert {fact["data"]["purpose"] for fact in await post.told("sent")} == {PURPOSE}


async def test_the_same_leave_again_tells_nobody_twice(post: Post) -> None:
    await approved(post, "email:anna@b.c")
    await approved(post, "email:anna@b.c")
    assert len(post.email.requests) == 1


@pytest.mark.parametrize(
    ("said", "code"), [("", NO_CONSENT), ("STOP", STOPPED)], ids=["no consent", "stopped"]
)
async def test_who_must_allow_it_and_has_not_is_not_told(post: Post, said: str, code: str) -> None:
    """A supervisor's leave is none of the customer's."""
    if said:
        await post.hears(said)
    await approved(post, "sms:anna")
    assert post.sms.has == {}
    [told] = await post.told("not_sent")
    assert (told["data"]["code"], told["data"]["purpose"]) == (code, PURPOSE)


async def test_who_allowed_it_is_told(post: Post) -> None:
    await post.records(GIVEN, "sms", PURPOSE)
    await approved(post, "sms:anna")
    assert post.sms.texts == [TEXT]


async def test_nobody_is_woken_by_a_warning(post: Post) -> None:
    post.now_ms += 12 * HOUR_MS  # midnight in Berlin
    await approved(post, "email:anna@b.c")
    assert post.email.has == {}
    [told] = await post.told("not_sent")
    data: dict[str, Any] = told["data"]
    assert data["code"] == QUIET_HOURS
    post.now_ms = data["again_ms"]
    await post.round()
    assert post.email.texts == [TEXT]
