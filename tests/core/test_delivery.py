"""Delivery: which answers are tried again, how long is waited, and which routes are obeyed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.delivery import AGAIN, REFUSED, TAKEN, Answer, Circuit, Route, backoff_ms, route_of
from app.core.handoff import Partner

CRM = Partner(
    name="crm",
    title="CRM",
    url="https://crm.example/",
    call_out=True,
    routes=("billing", "service"),
    highest_priority=80,
)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, TAKEN),
        (204, TAKEN),
        (0, AGAIN),
        (408, AGAIN),
        (429, AGAIN),
        (500, AGAIN),
        (503, AGAIN),
        (301, REFUSED),
        (307, REFUSED),
        (400, REFUSED),
        (401, REFUSED),
        (410, REFUSED),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_else(status: int, verdict: str) -> None:
    assert Answer(status=status).verdict == verdict


def test_what_we_would_not_send_is_not_tried_again() -> None:
    assert Answer(problem="an inner address", never=True).verdict == REFUSED


@given(tries=st.integers(1, 1000), chance=st.floats(0, 1))
def test_waits_grow_are_spread_and_have_an_end(tries: int, chance: float) -> None:
    wait = backoff_ms(tries, chance)
    longest = backoff_ms(tries, 1.0)
    assert longest / 2 - 1 <= wait <= longest <= 300_000
    assert backoff_ms(tries + 1, 1.0) >= longest


def test_a_partner_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    assert backoff_ms(1, 0.0, retry_after_s=30) == 30_000
    assert backoff_ms(1, 0.0, retry_after_s=10**9) == 3_600_000


def answered(body: Any, partner: Partner = CRM) -> Route:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return route_of(Answer(status=200, body=raw), partner)


def test_a_route_within_the_configuration_is_obeyed() -> None:
    """A4.7: a call-out's answer says where the task goes."""
    assert answered({"queue": "billing", "priority": 80}) == Route(queue="billing", priority=80)
    assert answered({"queue": "service"}) == Route(queue="service")
    assert answered({"note": "thanks"}) == Route()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"queue": "escalation"}, "queue"),
        ({"queue": ["billing"]}, "queue"),
        ({"queue": {"a": 1}}, "queue"),
        ({"priority": 81}, "priority"),
        ({"priority": -1}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": "80"}, "priority"),
        ({"priority": 1e999}, "priority"),
        ([], "no object"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_a_partner_may_not_say_is_ignored_and_told(body: Any, named: str) -> None:
    route = answered(body)
    assert (route.queue, route.priority) == ("", None)
    assert named in route.ignored[0]


def test_the_good_half_of_an_answer_is_obeyed() -> None:
    route = answered({"queue": "billing", "priority": 100})
    assert (route.queue, route.priority, len(route.ignored)) == ("billing", None, 1)


def test_without_a_call_out_no_answer_is_read() -> None:
    quiet = Partner(name="crm", title="CRM", url="https://crm.example/")
    assert answered({"queue": "billing"}, quiet) == Route()
    assert answered(b"", CRM) == Route()


def test_an_unwell_partner_rests_and_is_tried_one_at_a_time() -> None:
    circuit, unwell = Circuit(), Answer(status=503)
    for _ in range(Circuit.FAILURES):
        assert circuit.room(0) == Circuit.AT_ONCE
        circuit.note(unwell, 0)
    assert circuit.room(Circuit.REST_MS - 1) == 0
    assert circuit.room(Circuit.REST_MS) == 1
    circuit.note(unwell, Circuit.REST_MS)
    assert circuit.room(Circuit.REST_MS + 1) == 0
    circuit.note(Answer(status=200), 3 * Circuit.REST_MS)
    assert circuit.room(3 * Circuit.REST_MS) == Circuit.AT_ONCE


def test_a_partner_that_refuses_single_events_is_well() -> None:
    circuit = Circuit()
    for _ in range(2 * Circuit.FAILURES):
        circuit.note(Answer(status=422), 0)
    assert circuit.room(0) == Circuit.AT_ONCE
