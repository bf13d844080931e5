"""The permission gate (A4.8): what may go out, to whom and when; STOP is above all of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.config import load
from app.config_permission import PurposeEntry
from app.core.consent import GIVEN, KINDS, START, STOP, WITHDRAWN, ConsentEvent, standing
from app.core.outbound import Outbound
from app.core.permission import (
    BASES,
    CODES,
    NO_CONSENT,
    NO_PURPOSE,
    NOT_AN_ANSWER,
    PERMIT_MS,
    QUIET_HOURS,
    STOPPED,
    TOO_LATE,
    TOO_OFTEN,
    WITHDREW,
    Cap,
    Known,
    NotPermitted,
    Permit,
    Policy,
    Purpose,
    Refusal,
    ask,
)
from app.core.quiet import Quiet
from app.settings import CONFIG
from tests.builders import NOON_MS

HOUR_MS = 3_600_000
SHIPPED = load(CONFIG).permission.policy
PURPOSES = {
    "answer": Purpose(name="answer", title="answers", basis="contract", quiet=False),
    "service": Purpose(
        name="service", title="service messages", basis="contract",
        caps=(Cap(most=2, within_s=3600), Cap(most=3, within_s=86_400)),
    ),
    "proactive": Purpose(
        name="proactive", title="warnings", basis="legitimate_interest", consent=("sms",)
    ),
    "marketing": Purpose(name="marketing", title="marketing", basis="consent"),
}  # fmt: skip
POLICY = Policy(purposes=PURPOSES)


def to_anna(purpose: str = "answer", **given: Any) -> Outbound:
    fields = {
        "outbound_id": "out-1", "channel": "sms", "handle": "+491", "handle_key": "sms:+491",
        "text": "It is on its way.", "mention_id": "m1", "created_ms": NOON_MS,
    } | given  # fmt: skip
    return Outbound(purpose=purpose, **fields)


def event(kind: str, channel: str = "sms", purpose: str = "", **given: Any) -> ConsentEvent:
    fields = {"event_id": f"{kind}-{channel}-{purpose}", "handle_key": "sms:+491"} | given
    return ConsentEvent(kind=kind, channel=channel, purpose=purpose, at_ms=NOON_MS, **fields)


def refused(answer: Permit | Refusal) -> Refusal:
    assert isinstance(answer, Refusal)
    return answer


def asked(message: Outbound, *events: ConsentEvent, **given: Any) -> Permit | Refusal:
    now_ms, policy = given.pop("now_ms", NOON_MS), given.pop("policy", POLICY)
    return ask(message, Known(events=events, **given), policy, now_ms)


def test_an_answer_to_what_they_said_needs_no_consent() -> None:
    permit = asked(to_anna())
    assert isinstance(permit, Permit)
    assert (permit.rule, permit.basis) == ("purpose.answer", "contract")


def test_an_answer_that_answers_nothing_is_refused() -> None:
    assert refused(asked(to_anna(mention_id=""))).code == NOT_AN_ANSWER


def test_what_has_no_purpose_is_refused() -> None:
    answer = refused(asked(to_anna("gossip")))
    assert (answer.code, answer.again_ms) == (NO_PURPOSE, 0)


def test_after_stop_nothing_goes_out_on_any_channel_for_any_purpose() -> None:
    stop = event(STOP, "email")
    for purpose in PURPOSES:
        for channel in ("sms", "email", "x"):
            answer = refused(asked(to_anna(purpose, channel=channel), stop))
            assert (answer.code, answer.again_ms) == (STOPPED, 0)
            assert answer.rule == "consent.stop-email-"
            assert "START" in answer.why


def test_stop_takes_back_every_consent_that_was_given_before() -> None:
    given_ = event(GIVEN, "sms", "marketing")
    assert isinstance(asked(to_anna("marketing"), given_), Permit)
    assert refused(asked(to_anna("marketing"), given_, event(STOP))).code == STOPPED


def test_start_lets_answers_out_again_and_gives_no_consent_back() -> None:
    said = (event(GIVEN, "sms", "marketing"), event(STOP), event(START))
    assert isinstance(asked(to_anna(), *said), Permit)
    assert refused(asked(to_anna("marketing"), *said)).code == NO_CONSENT


def test_a_consent_after_stop_is_for_its_channel_and_purpose_alone() -> None:
    said = (event(STOP), event(GIVEN, "email", "answer"))
    assert isinstance(asked(to_anna(channel="email"), *said), Permit)
    assert refused(asked(to_anna(channel="sms"), *said)).code == STOPPED
    assert refused(asked(to_anna("service", channel="email"), *said)).code == STOPPED


def test_consent_is_asked_where_the_configuration_wants_it() -> None:
    assert isinstance(asked(to_anna("proactive", channel="email")), Permit)
    answer = refused(asked(to_anna("proactive", channel="sms")))
    assert (answer.code, answer.rule) == (NO_CONSENT, "purpose.proactive.consent")
    assert refused(asked(to_anna("marketing", channel="email"))).code == NO_CONSENT


def test_a_consent_that_is_withdrawn_is_refused_even_where_none_is_needed() -> None:
    said = (event(GIVEN, "email", "proactive"), event(WITHDRAWN, "email", "proactive"))
    answer = refused(asked(to_anna("proactive", channel="email"), *said))
    assert (answer.code, answer.rule) == (WITHDREW, "consent.withdrawn-email-proactive")


def test_a_consent_of_one_channel_is_none_of_another() -> None:
    given_ = event(GIVEN, "email", "marketing")
    assert refused(asked(to_anna("marketing", channel="sms"), given_)).code == NO_CONSENT


def test_quiet_hours_are_those_of_the_customers_zone() -> None:
    """A2.11: noon in UTC is the night of Auckland."""
    policy = replace(POLICY, quiet=Quiet(start=21 * 60, end=8 * 60))
    assert isinstance(asked(to_anna("service"), policy=policy), Permit)
    auckland = ZoneInfo("Pacific/Auckland")
    answer = refused(asked(to_anna("service"), policy=policy, zone=auckland))
    assert (answer.code, answer.rule) == (QUIET_HOURS, "quiet")
    assert asked(to_anna(), policy=policy, zone=auckland) != answer  # an answer heeds none
    later = asked(to_anna("service"), policy=policy, zone=auckland, now_ms=answer.again_ms)
    assert isinstance(later, Permit)


def test_a_channel_may_have_quiet_hours_of_its_own() -> None:
    policy = replace(POLICY, quiet_on={"sms": Quiet(start=11 * 60, end=13 * 60)})
    answer = refused(asked(to_anna("service"), policy=policy))
    assert (answer.code, answer.rule) == (QUIET_HOURS, "quiet.sms")
    assert isinstance(asked(to_anna("service", channel="email"), policy=policy), Permit)


def test_a_cap_lets_out_as_many_as_it_says_and_says_when_there_is_room() -> None:
    half, quarter = NOON_MS - HOUR_MS // 2, NOON_MS - HOUR_MS // 4
    assert isinstance(asked(to_anna("service"), sent_ms=[half]), Permit)
    answer = refused(asked(to_anna("service"), sent_ms=[quarter, half]))
    assert (answer.code, answer.rule) == (TOO_OFTEN, "purpose.service.caps.0")
    assert answer.again_ms == half + HOUR_MS
    later = asked(to_anna("service"), sent_ms=[quarter, half], now_ms=answer.again_ms)
    assert isinstance(later, Permit)


def test_of_several_caps_the_one_that_holds_longest_is_told() -> None:
    sent = [NOON_MS - 20 * HOUR_MS, NOON_MS - 2, NOON_MS - 1]
    answer = refused(asked(to_anna("service"), sent_ms=sent))
    assert (answer.rule, answer.again_ms) == ("purpose.service.caps.1", NOON_MS + 4 * HOUR_MS)


def test_what_waited_too_long_is_not_worth_saying() -> None:
    old = to_anna(created_ms=NOON_MS - 172_800_000)
    assert refused(asked(old)).code == TOO_LATE
    assert isinstance(asked(replace(old, created_ms=old.created_ms + 1)), Permit)


def test_a_permit_is_made_by_the_gate_alone() -> None:
    with pytest.raises(TypeError, match="nobody else"):
        Permit("out-1", to_anna().digest, NOON_MS + 1, "", "", seal=object())
    permit = asked(to_anna())
    assert isinstance(permit, Permit)
    with pytest.raises(ValueError, match="seal"):
        replace(permit, digest="another")


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "Buy more."}, {"handle": "+492"}, {"handle_key": "sms:+492"}, {"channel": "email"},
        {"purpose": "marketing"}, {"outbound_id": "out-2"}, {"mention_id": "m2"},
        {"source_id": "4711"},
    ],
)  # fmt: skip
def test_a_permit_fits_its_own_message_and_no_other(changed: dict[str, str]) -> None:
    permit = asked(to_anna())
    assert isinstance(permit, Permit)
    permit.check(to_anna(), NOON_MS)
    with pytest.raises(NotPermitted, match="another message"):
        permit.check(replace(to_anna(), **changed), NOON_MS)


def test_a_permit_expires() -> None:
    permit = asked(to_anna())
    assert isinstance(permit, Permit)
    permit.check(to_anna(), NOON_MS + PERMIT_MS - 1)
    with pytest.raises(NotPermitted, match="expired"):
        permit.check(to_anna(), NOON_MS + PERMIT_MS)


@given(st.lists(st.text(max_size=3), min_size=2, max_size=2, unique=True))
def test_no_two_messages_share_a_digest_because_their_parts_run_together(parts: list[str]) -> None:
    one, other = parts
    message = to_anna(text=one, handle=other)
    assert message.digest != replace(message, text=other, handle=one).digest


# Properties: whatever is said and sent, in whatever order.

channels = st.sampled_from(["sms", "email", "x"])
purposes = st.sampled_from(sorted(SHIPPED.purposes))
events = st.builds(event, st.sampled_from(KINDS), channels, purposes)


@given(st.lists(events, max_size=30), channels, purposes, st.integers(0, 10 * HOUR_MS))
@example([event(STOP)], "email", "answer", 0)
def test_no_sequence_of_events_lets_a_message_out_after_a_stop(
    said: list[ConsentEvent], channel: str, purpose: str, later_ms: int
) -> None:
    stopped = max((n for n, one in enumerate(said) if one.kind == STOP), default=-1)
    since = said[stopped + 1 :]
    lifted = any(
        one.kind == START or (one.kind, one.channel, one.purpose) == (GIVEN, channel, purpose)
        for one in since
    )
    answer = ask(to_anna(purpose, channel=channel), Known(events=said), SHIPPED, NOON_MS + later_ms)
    if stopped >= 0 and not lifted:
        assert refused(answer).code == STOPPED


@given(st.lists(events, max_size=30), channels)
def test_marketing_goes_out_only_where_the_last_word_on_it_was_yes(
    said: list[ConsentEvent], channel: str
) -> None:
    last = ""
    for one in said:
        if one.kind == STOP or (one.channel, one.purpose) == (channel, "marketing"):
            last = one.kind if one.kind != START else last
    answer = ask(to_anna("marketing", channel=channel), Known(events=said), SHIPPED, NOON_MS)
    assert isinstance(answer, Permit) == (last == GIVEN)


@given(
    purposes,
    st.lists(st.integers(0, 40 * HOUR_MS), min_size=1, max_size=80).map(sorted),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Chatham"]),
)
def test_whatever_is_asked_when_no_cap_is_ever_exceeded(
    purpose: str, moments: list[int], zone: str
) -> None:
    given_ = event(GIVEN, "sms", purpose)
    sent: list[int] = []
    for moment in moments:
        now_ms = NOON_MS + moment
        message = to_anna(purpose, created_ms=now_ms)
        known = Known(events=[given_], sent_ms=sent, zone=ZoneInfo(zone))
        answer = ask(message, known, SHIPPED, now_ms)
        if isinstance(answer, Permit):
            sent.append(now_ms)
        else:
            assert answer.again_ms > now_ms
    for cap in SHIPPED.purposes[purpose].caps:
        for first, past in zip(sent, sent[cap.most :], strict=False):
            assert past - first >= cap.within_ms
    assert all(earlier <= later for earlier, later in pairwise(sent))


def test_every_refusal_has_a_code_that_is_listed_and_a_rule() -> None:
    assert len(set(CODES)) == len(CODES) == 8
    assert get_args(PurposeEntry.model_fields["basis"].annotation) == BASES


def test_nothing_said_means_nothing_given() -> None:
    assert standing([]).stop is None
    assert not standing([]).given
