"""The web chat: a handle that tells no secret, and where a conversation stands."""

from __future__ import annotations

import pytest

from app.core.chat import (
    ANSWERED,
    CLOSED,
    EMPTY,
    READ,
    WAITING,
    Pace,
    chat_of,
    network_of,
    standing_of,
)
from app.core.history import STATUSES
from app.core.profile import handle_key


def test_the_handle_follows_from_the_secret_and_does_not_tell_it() -> None:
    token = "aB3" * 14 + "x"
    handle = chat_of(token)
    assert handle == chat_of(token)
    assert chat_of(token.lower()) != handle
    assert not any(token[i : i + 4] in handle for i in range(len(token) - 3))


def test_the_handle_is_looked_up_as_it_is() -> None:
    """The gate and the history know people by this key: no two visitors may share one."""
    handle = chat_of("a" * 43)
    assert handle_key("webchat", handle) == f"webchat:{handle}"
    assert len(handle) <= 40


STANDINGS: list[tuple[list[str], bool, str]] = [
    ([], False, EMPTY),
    ([""], False, WAITING),
    (["received"], False, WAITING),
    (["offered"], False, WAITING),
    (["in work"], False, READ),
    (["in work", "waiting"], True, READ),
    (["parked"], False, READ),
    (["answered"], False, READ),
    (["answered"], True, ANSWERED),
    (["answered", "completed"], True, ANSWERED),
    (["answered", ""], True, WAITING),
    (["completed"], True, CLOSED),
    (["closed"], False, CLOSED),
    (["completed", "cancelled", "waiting"], True, WAITING),
]


def test_every_status_of_the_history_stands_for_something() -> None:
    known = {status for statuses, *_ in STANDINGS for status in statuses}
    assert known == {"", *STATUSES}


@pytest.mark.parametrize(("statuses", "answered", "standing"), STANDINGS)
def test_where_a_conversation_stands(statuses: list[str], answered: bool, standing: str) -> None:
    assert standing_of(frozenset(statuses), answered) == standing


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_limits_count_by_what_one_owner_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_messages_are_counted_within_a_minute_for_each_sender() -> None:
    pace = Pace()
    assert [pace.count("a", at) for at in (0, 1, 59_999)] == [1, 2, 3]
    assert pace.count("b", 59_999) == 1
    assert pace.count("a", 60_000) == 1
