"""What partners send: checked field by field, named for ever, never in a circle."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import codec
from app.core.errors import Invalid
from app.core.handed_in import incoming, mention_of, told_of
from app.core.handoff import HANDOFF_TYPE, MOST_HOPS, STATUS_TYPE
from tests.builders import wire


def event(**given: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/crm",
        "type": HANDOFF_TYPE,
        "data": {"mention": wire()},
    } | given


def test_a_mention_keeps_its_own_id_and_says_who_handed_it_in() -> None:
    """A4.12: the originator is known from the first."""
    found = mention_of(incoming(event(), "crm"))
    assert found["id"] == "1"
    assert found["meta"]["handed_in"] == {"partner": "crm", "source": "/crm", "id": "e1"}


def test_a_mention_without_an_id_has_its_events() -> None:
    bare = {key: value for key, value in wire().items() if key != "id"}
    assert mention_of(incoming(event(data={"mention": bare}), "crm"))["id"] == "/crm#e1"
    long = event(data={"mention": bare}, source="/" + "s" * 290, id="i" * 200)
    assert len(mention_of(incoming(long, "crm"))["id"]) <= 512


def test_an_event_is_named_by_partner_source_and_id() -> None:
    first = incoming(event(), "crm").key
    assert incoming(event(data={"mention": {}}), "crm").key == first
    others = [
        incoming(event(), "erp"),
        incoming(event(id="e2"), "crm"),
        incoming(event(source="/x"), "crm"),
    ]
    assert first not in [other.key for other in others]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"source": None}, "source"),
        ({"type": "other"}, "type"),
        ({"data": None}, "data"),
        ({"data": []}, "data"),
        ({"hops": -1}, "hops"),
        ({"hops": True}, "hops"),
        ({"hops": MOST_HOPS + 1}, "hops"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        incoming(event(**changed), "crm")
    assert refused.value.field == field


def test_a_status_names_the_hand_off_and_the_stage() -> None:
    data = {"handoff": "h1", "stage": "checked", "reason": "credit is good"}
    told = told_of(incoming(event(type=STATUS_TYPE, data=data), "crm"))
    assert (told.handoff, told.stage, told.reason) == ("h1", "checked", "credit is good")
    for name in ("handoff", "stage"):
        with pytest.raises(Invalid) as refused:
            told_of(incoming(event(type=STATUS_TYPE, data=data | {name: ""}), "crm"))
        assert refused.value.field == f"data.{name}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=json_values, name=st.sampled_from(["data", "hops", "id", "source", "type"]))
def test_no_value_gets_past_the_checks_or_breaks_them(value: Any, name: str) -> None:
    for said in (value, event(**{name: value}), event(data={"mention": value})):
        with suppress(Invalid):  # anything else would be a crash
            codec.validate(mention_of(incoming(said, "crm")))
