"""Signals of other systems: checked whole, joined to the person's mentions, and to each other."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.context import moment_of
from app.core.context_signals import signal_clauses, subjects_of
from app.core.signal import CUSTOMER, HANDLE, PRODUCT, Place, signal_of, subject
from app.core.signal_intake import FIELDS, read
from app.core.two_places import EARTH_KM, distance_km, impossible
from tests.builders import NOON_MS
from tests.core.context_house import (
    DELAY,
    HOUR_MS,
    NEW_YORK,
    PARIS,
    TASK,
    TITLES,
    WEEK_MS,
    Json,
    sightings,
    signal,
    trail,
)

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
KINDS = {"delay": DELAY}
GOOD: Json = {
    "source": "logistics",
    "id": "P-1/1",
    "kind": "delay",
    "at": "2026-02-28T10:00:00Z",
    "subject": "Parcel P-1",
    "customers": ["C-1"],
    "handles": [{"channel": "twitter", "handle": "@Kim"}],
    "place": {"name": "Paris", "lat": 48.9, "lon": 2.35},
}


def test_a_signal_is_read_as_it_was_sent() -> None:
    """A8.3: a third system takes part."""
    [found], problems = read(GOOD, KINDS, "", NOW)
    assert problems == ()
    assert (found.source, found.id, found.subject, found.kind) == (
        "logistics", "P-1/1", "Parcel P-1", DELAY,
    )  # fmt: skip
    assert (found.customer, found.handles) == ("C-1", ("twitter:kim",))
    assert found.place == Place(name="Paris", lat=48.9, lon=2.35)
    assert found.until_ms - found.from_ms == WEEK_MS + HOUR_MS


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"kind": ["delay"]}, "kind"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-02-28T10:00:00"}, "at"),
        ({"at": "1970-01-01T00:00:00Z"}, "at"),
        ({"at": "2031-01-01T00:00:00Z"}, "at"),
        ({"source": " "}, "source"),
        ({"subject": "x" * 81}, "subject"),
        ({"id": None}, "id"),
        ({"detail": 3}, "detail"),
        ({"customers": "C-1"}, "customers"),
        ({"customers": ["C-1", ""]}, "customers.1"),
        ({"handles": [{"channel": "x"}]}, "handles.0"),
        ({"customers": [], "handles": []}, "customers"),
        ({"products": ["Kettle"]}, "products"),
        ({"customers": [str(n) for n in range(1_001)]}, "customers"),
        ({"place": "Paris"}, "place"),
        ({"place": {"name": "Paris", "lat": 91, "lon": 0}}, "place.lat"),
        ({"place": {"name": "Paris", "lat": math.nan, "lon": True}}, "place.lon"),
        ({"shop": "x"}, "shop"),
    ],
)
def test_a_mistake_is_named_by_its_field(changed: Json, field: str) -> None:
    found, problems = read(GOOD | changed, KINDS, "", NOW)
    assert found == ()
    assert field in [one.field for one in problems]


def test_all_mistakes_come_at_once() -> None:
    _, problems = read({"place": {}, "colour": 1}, KINDS, "", NOW)
    assert [one.field for one in problems] == [
        *("colour", "kind", "at", "source", "id", "subject", "customers"),
        *("place.name", "place.lat", "place.lon"),
    ]


any_json = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers() | st.floats(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(st.dictionaries(st.sampled_from(FIELDS), any_json))
def test_whatever_comes_is_read_or_refused(given: Json) -> None:
    for value in (given, GOOD | given):
        found, problems = read(value, KINDS, "", NOW)
        assert (found == ()) == bool(problems)


def test_the_same_source_and_id_is_the_same_signal_for_each_sender() -> None:
    [one], _ = read(GOOD, KINDS, "", NOW)
    [other], _ = read(GOOD | {"subject": "Parcel P-2"}, KINDS, "", NOW)
    [partners], _ = read(GOOD, KINDS, "crm", NOW)
    [again], _ = read(GOOD, {"delay": replace(DELAY, says="is late")}, "", NOW)
    assert one.key == other.key == again.key != partners.key
    assert one.digest != other.digest
    assert one.digest == again.digest  # how its kind is configured is not what it says


def test_the_ledger_tells_a_signal_whole() -> None:
    [made], _ = read(GOOD, KINDS, "crm", NOW)
    assert signal_of(made.fact(NOON_MS, {}).as_dict()) == made


def test_of_several_people_it_is_a_signal_each_sealed_for_one() -> None:
    """Who is erased is gone, and nobody else with them."""
    people = {"customers": ["C-1", "C-2"], "handles": [{"channel": "x", "handle": "@Ann"}]}
    found, _ = read(GOOD | people, KINDS, "", NOW)
    assert [one.owner for one in found] == [":C-1", ":C-2", "x:ann"]
    assert len({one.event for one in found}) == 1
    assert len({one.key for one in found}) == len({one.person for one in found}) == 3
    [product], _ = read(
        {**GOOD, "customers": [], "handles": [], "products": ["Kettle"]}, KINDS, "", NOW
    )
    assert (product.owner, product.person) == ("", "")


def joined(*signals: Json) -> list[str]:
    facts = trail()
    moment = moment_of(facts, TASK, TITLES)
    found = signal_clauses(facts, moment, signals)
    return [one.text for one in found if one.part == "why_now"]


def test_a_signal_of_this_person_is_said_with_who_told_it() -> None:
    """A8.5: cross-signal context."""
    assert joined(signal()) == ["told by logistics: Parcel P-1 was delayed at"]


@pytest.mark.parametrize(
    "whom",
    [
        {"customer": "C-1"},
        {"customer": "", "handles": ("twitter:kim",)},
        {"customer": "", "products": ("Fan",)},
    ],
)
def test_it_is_joined_by_customer_handle_or_product(whom: Json) -> None:
    assert len(joined(signal(**whom))) == 1


def test_those_of_others_are_not() -> None:
    others: list[dict[str, Any]] = [
        {"customer": "C-2"},
        {"customer": "", "handles": ("email:kim",)},
        {"customer": "", "products": ("C-1",)},
    ]
    assert joined(*(signal(str(i), **whom) for i, whom in enumerate(others))) == []


@pytest.mark.parametrize(
    ("at_ms", "counts"),
    [
        (NOON_MS - WEEK_MS, True),
        (NOON_MS - WEEK_MS - 1, False),
        (NOON_MS + HOUR_MS, True),
        (NOON_MS + HOUR_MS + 1, False),
    ],
)
def test_it_counts_within_its_window_around_the_detection(at_ms: int, counts: bool) -> None:
    """A8.5: also a signal that comes after the mention, so far as its kind allows."""
    assert bool(joined(signal(at_ms=at_ms))) is counts


def test_the_keys_to_look_up_are_those_of_the_trail() -> None:
    facts = trail()
    assert subjects_of(facts, moment_of(facts, TASK)) == (
        subject(CUSTOMER, "C-1"),
        subject(HANDLE, "twitter:kim"),
        subject(PRODUCT, "Kettle"),
        subject(PRODUCT, "Fan"),
    )


def test_two_places_at_once_are_said_with_both_facts() -> None:
    """A8.5: a social check-in in New York and credit card use in Paris."""
    facts, seen = trail(), sightings()
    found = signal_clauses(facts, moment_of(facts, TASK, TITLES), seen)
    [one] = [each for each in found if each.key == "two_places"]
    assert one.text == "in two places at once: New York and Paris, 5,837 km within 60 min"
    assert {each["fact_id"] for each in seen} <= one.entries


def test_a_journey_that_can_be_made_is_not() -> None:
    first, second = sightings()
    second = signal("card", place=PARIS, at_ms=NOON_MS - 2 * HOUR_MS + 6 * HOUR_MS)
    assert not any("two places" in text for text in joined(first, second))


def test_places_of_a_product_say_nothing_of_a_person() -> None:
    seen = [
        signal("1", customer="", products=("Fan",), place=NEW_YORK),
        signal("2", customer="", products=("Fan",), place=PARIS),
    ]
    assert not any("two places" in text for text in joined(*seen))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        # Great-circle distances that can be reckoned by hand: a quarter, a half of the equator.
        (Place(name="a", lat=0, lon=0), Place(name="b", lat=0, lon=90), math.pi / 2 * EARTH_KM),
        (Place(name="a", lat=0, lon=-90), Place(name="b", lat=0, lon=90), math.pi * EARTH_KM),
        (Place(name="a", lat=90, lon=17), Place(name="b", lat=-90, lon=4), math.pi * EARTH_KM),
        (Place(name="a", lat=10, lon=179), Place(name="b", lat=10, lon=-181), 0),
    ],
)
def test_distances_are_those_of_the_great_circle(one: Place, other: Place, km: float) -> None:
    assert distance_km(one, other) == pytest.approx(km, abs=1e-6)
    assert distance_km(other, one) == pytest.approx(km, abs=1e-6)


def test_the_bound_is_the_speed_of_an_airliner() -> None:
    far = distance_km(NEW_YORK, PARIS)
    just_ms = math.ceil(far / 1_000 * HOUR_MS)
    assert impossible((NEW_YORK, 0), (PARIS, just_ms - 1))
    assert not impossible((NEW_YORK, 0), (PARIS, just_ms))
    assert impossible((PARIS, just_ms - 1), (NEW_YORK, 0))
    near = Place(name="next town", lat=49.0, lon=2.5)
    assert not impossible((PARIS, 0), (near, 0))
