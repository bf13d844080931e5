"""Signatures: what only looks like one opens nothing; while a secret is exchanged, both count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.signatures import Signer, secret_problem

OLD = "whsec_dGhlIG9sZCBzZWNyZXQgb2YgYSBwYXJ0bmVyIQ=="
NEW = "whsec_dGhlIG5ldyBzZWNyZXQgb2YgYSBwYXJ0bmVyIQ=="
BODY = b'{"a": 1}'
# Each of them makes the library raise something else than "not verified".
NO_SIGNATURES = ("", "x", "v1", "v1,a", "v1,,", "v1,\u00e9", "v2,AAAA", " ", "v1,AAAA v1")


def headers(secret: str = OLD, age: timedelta = timedelta(), body: bytes = BODY) -> dict[str, str]:
    return Signer(secret).headers("event-1", datetime.now(UTC) - age, body)


def test_what_is_signed_is_verified() -> None:
    assert Signer(OLD).verify(BODY, headers())


@pytest.mark.parametrize("signature", NO_SIGNATURES)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert not Signer(OLD).verify(BODY, headers() | {"webhook-signature": signature})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_another_id_or_time_than_was_signed_is_refused(name: str) -> None:
    other = str(int(datetime.now(UTC).timestamp()) + 1)
    assert not Signer(OLD).verify(BODY, headers() | {name: other})
    assert not Signer(OLD).verify(BODY, headers() | {name: "soon"})


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_signature_counts_for_five_minutes(minutes: int) -> None:
    assert not Signer(OLD).verify(BODY, headers(age=timedelta(minutes=minutes)))
    assert Signer(OLD).verify(BODY, headers(age=timedelta(minutes=4)))


def test_a_body_that_is_no_text_is_refused() -> None:
    assert not Signer(OLD).verify(b"\xff", headers())


def test_while_a_secret_is_exchanged_both_count() -> None:
    both = Signer(f"{NEW} {OLD}")
    signed = both.headers("event-1", datetime.now(UTC), BODY)
    assert Signer(OLD).verify(BODY, signed)
    assert Signer(NEW).verify(BODY, signed)
    assert both.verify(BODY, headers(OLD))
    assert both.verify(BODY, headers(NEW))
    assert not Signer(NEW).verify(BODY, headers(OLD))


def test_without_a_secret_nothing_is_verified() -> None:
    assert not Signer("").verify(BODY, headers())


@pytest.mark.parametrize(
    "secret", ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_a", f"{OLD} secret"]
)
def test_a_weak_secret_is_named_and_not_shown(secret: str) -> None:
    problem = secret_problem(secret)
    assert problem.startswith("expected")
    assert "c2hvcnQ" not in problem


def test_good_secrets_have_no_problem() -> None:
    assert secret_problem(f"{OLD} {NEW}") == ""
