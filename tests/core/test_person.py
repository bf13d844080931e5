"""Keys of persons: what somebody types, a link names, and no mention can pretend to be."""

from __future__ import annotations

import re

import pytest

from app.codec import WireMention
from app.core.person import customer_key, customer_of, person_key
from app.core.profile import handle_key


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("x:@Kim", "x:kim"),
        (" email:Kim@A.test ", "email:kim@a.test"),
        ("phone:+43 1 23", "phone:+43 1 23"),
        ("C-7", ":C-7"),
        (":C-7", ":C-7"),
        ("Kim: the second", ":Kim: the second"),
        ("x:", ":x:"),
        ("", ""),
        (":", ""),
        ("  ", ""),
    ],
)
def test_what_is_typed_is_a_handle_or_a_customer(typed: str, key: str) -> None:
    assert person_key(typed) == key
    assert person_key(key) == key


def test_no_mention_comes_from_a_channel_whose_key_is_a_customers() -> None:
    """A4.9: nobody writes onto a customer's timeline by naming a channel."""
    [pattern] = re.findall(r"pattern='([^']+)'", str(WireMention.__annotations__["channel"]))
    assert not re.fullmatch(pattern.encode().decode("unicode_escape"), "")
    assert customer_of(customer_key("C7")) == "C7"
    assert customer_of(handle_key("x", ":C7")) == ""
