"""Bytes to mentions: everything that can come, and the sentence that refuses what is wrong."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import codec
from app.core.errors import Invalid
from app.core.mention import Community, Mention
from tests.builders import NOON, raw, wire


def parse(body: bytes | None) -> Mention:
    return codec.to_mention(codec.validate(codec.loads(body)), "fallback", NOON)


def attempt(body: bytes | None) -> Mention | Invalid:
    try:
        return parse(body)
    except Invalid as refused:
        return refused


def refusal(body: bytes | None) -> Invalid:
    refused = attempt(body)
    assert isinstance(refused, Invalid)
    return refused


NOT_JSON = {
    "half an object": b'{"channel": "x"',
    "a word": b"hello",
    "single quotes": b"{'channel': 'x'}",
    "a trailing comma": b'{"channel": "x",}',
    "two objects": b"{}{}",
    "NaN": b'{"n": NaN}',
    "Infinity": b'{"n": -Infinity}',
    "a number beyond doubles": b'{"n": 1e999}',
    "latin-1": '{"text": "grün"}'.encode("latin-1"),
    "a cut UTF-8 sequence": b'{"text": "\xe2\x82"}',
    "an overlong UTF-8 sequence": b'{"text": "\xc0\xaf"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": b'{"text": "\\ud800"}',
    "a surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
    "a raw NUL": b'{"text": "a\x00b"}',
    "Avro": b"Obj\x01\x04\x14avro.codec\x08null\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_refused_as_not_json(body: bytes) -> None:
    assert refusal(body).code == "not_json"


@pytest.mark.parametrize("body", [None, b""], ids=["null", "empty"])
def test_a_null_or_empty_value_is_refused_as_empty(body: bytes | None) -> None:
    assert refusal(body).code == "empty"


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b'"text"', b"true", b"1.5"])
def test_json_that_is_no_object_is_refused_with_what_was_expected(body: bytes) -> None:
    refused = refusal(body)
    assert refused.code == "wrong_field"
    assert "Expected `object`" in str(refused)


WRONG_FIELDS: list[tuple[str, Any, str]] = [
    ("channel", 5, "channel"),
    ("channel", "", "channel"),
    ("channel", "My Channel", "channel"),
    ("channel", "x" * 41, "channel"),
    ("channel", None, "channel"),
    ("text", 5, "text"),
    ("text", "", "text"),
    ("text", None, "text"),
    ("text", ["a"], "text"),
    ("text", {"en": "a"}, "text"),
    ("author", "kim", "author"),
    ("author", None, "author"),
    ("author", [], "author"),
    ("author", {}, "author.handle"),
    ("author", {"handle": ""}, "author.handle"),
    ("author", {"handle": 7}, "author.handle"),
    ("author", {"handle": "k" * 513}, "author.handle"),
    ("author", {"handle": "k", "name": 5}, "author.name"),
    ("author", {"handle": "k", "followers": -1}, "author.followers"),
    ("author", {"handle": "k", "followers": "many"}, "author.followers"),
    ("author", {"handle": "k", "followers": 1.5}, "author.followers"),
    ("author", {"handle": "k", "followers": True}, "author.followers"),
    ("author", {"handle": "k", "followers": 2**60}, "author.followers"),
    ("id", 7, "id"),
    ("id", "", "id"),
    ("id", "i" * 513, "id"),
    ("posted_at", "2025-01-01T00:00:00", "posted_at"),
    ("posted_at", "yesterday", "posted_at"),
    ("posted_at", 1735689600, "posted_at"),
    ("detected_at", "2025-02-30T00:00:00Z", "detected_at"),
    ("detected_at", "2025-01-01", "detected_at"),
    ("url", 5, "url"),
    ("url", "u" * 2049, "url"),
    ("in_reply_to", ["7"], "in_reply_to"),
    ("lang", "a language of its own", "lang"),
    ("meta", [], "meta"),
    ("meta", "none", "meta"),
]


@pytest.mark.parametrize(("name", "value", "field"), WRONG_FIELDS)
def test_a_wrong_field_is_refused_by_its_path_and_what_was_expected(
    name: str, value: Any, field: str
) -> None:
    refused = refusal(raw(**{name: value}))
    assert (refused.code, refused.field) == ("wrong_field", field)
    assert str(refused).startswith(f"{field}: Expected ")


@pytest.mark.parametrize("name", ["channel", "text", "author"])
def test_a_missing_field_is_named(name: str) -> None:
    body = wire()
    del body[name]
    refused = refusal(orjson.dumps(body))
    assert (refused.field, str(refused)) == (name, f"{name}: Expected a value, got nothing")


def test_fields_that_we_do_not_know_are_no_reason_to_refuse() -> None:
    assert parse(raw(colour="red")).text == "Where is my order?"


WRONG_POSTS = [
    ({"thread": "t"}, "community.position", "a value"),
    ({"position": "answer"}, "community.thread", "a value"),
    ({"thread": " ", "position": "answer"}, "community.thread", "a text that is not blank"),
    ({"thread": "t", "position": "third"}, "community.position", "opening or answer"),
    ({"titel": "x"}, "community.titel", "a field that is known here"),
    ({"standing": {"kudo": 1}}, "community.standing.kudo", "a field that is known here"),
    ({"standing": {"posts": -1}}, "community.standing.posts", "`int` >= 0"),
    ({"standing": {"role": "Big Boss"}}, "community.standing.role", "a name of a-z"),
]


@pytest.mark.parametrize("name", ["k" * 5000, "a - at `$.x`" + "y" * 500, "two\nlines" * 90])
def test_the_name_of_an_unknown_field_is_told_no_longer_than_can_be_read(name: str) -> None:
    """A1.5: it is the sender's, and goes into answers, dead letters and logs."""
    refused = refusal(raw(community={"thread": "t", "position": "answer", name: 1}))
    assert refused.field == f"community.{name[:60]}"
    assert refused.expected == "a field that is known here"
    assert len(str(refused)) < 300


def test_the_title_of_a_thread_is_kept_with_whoever_opened_it_alone() -> None:
    """A4.8: it is their words, and an answer outlives their erasure."""
    place = {"thread": "t", "title": "Anna Canary lost a bag"}
    for position, title in (("opening", place["title"]), ("answer", None)):
        wired = codec.validate(wire(community=place | {"position": position}))
        assert wired.community is not None
        assert wired.community.title == title
        assert (b"Canary" in codec.encode_wire(wired)) == (position == "opening")


@pytest.mark.parametrize(("post", "field", "expected"), WRONG_POSTS)
def test_a_post_of_a_community_is_refused_by_field_and_what_was_expected(
    post: dict[str, Any], field: str, expected: str
) -> None:
    """A1.5: what a community tells is taken whole or refused, so that nothing gets lost unseen."""
    good = {"thread": "t", "position": "answer"} if {"titel", "standing"} & post.keys() else {}
    refused = refusal(raw(community=good | post))
    assert (refused.code, refused.field) == ("wrong_field", field)
    assert refused.expected.startswith(expected)


def test_a_post_keeps_thread_position_and_the_standing_of_its_author() -> None:
    """A1.5, A11.2"""
    standing = {"role": "regular", "posts": 7, "accepted": 2, "kudos": 3, "trust": 1}
    place = {"thread": "t-1", "position": "opening", "title": "Bag\x00", "url": "https://a.test/1"}
    post = parse(raw(community=place | {"standing": standing})).community
    assert post is not None
    assert (post.thread, post.position, post.title) == ("t-1", "opening", "Bag\ufffd")
    assert asdict(post.standing) == standing
    bare = parse(raw(community={"thread": "t", "position": "answer"})).community
    assert bare == Community(thread="t", position="answer")
    assert parse(raw()).community is None


def test_another_standing_is_no_edit_of_what_was_said() -> None:
    """A post that comes again, because its author has a post more, is a duplicate."""
    place = {"thread": "t", "position": "answer"}
    more = parse(raw(community=place | {"standing": {"posts": 8}}))
    assert more.content_hash == parse(raw(community=place)).content_hash


def test_a_mention_keeps_every_field_it_came_with() -> None:
    found = parse(
        raw(followers=9, lang="EN", meta={"a": [1]}, url="https://x.test", in_reply_to="0")
    )
    assert (found.source_id, found.channel, found.author.handle) == ("1", "x", "@kim")
    assert (found.author.followers, found.lang, found.meta) == (9, "en", {"a": [1]})
    assert (found.url, found.in_reply_to, found.flags) == ("https://x.test", "0", ())


def test_a_mention_without_an_id_is_named_by_its_delivery() -> None:
    assert parse(raw(id=None)).source_id == "fallback"


def test_times_come_out_in_utc_whatever_their_zone() -> None:
    found = parse(raw(detected_at="2025-03-01T12:00:00+05:45"))
    assert found.detected_at == datetime(2025, 3, 1, 6, 15, tzinfo=UTC)
    assert found.detected_at.utcoffset() == timedelta(0)


def test_times_in_the_future_are_clamped_and_flagged_never_refused() -> None:
    found = parse(raw(detected_at="9999-12-31T23:59:59Z", posted_at="2100-01-01T00:00:00Z"))
    assert (found.detected_at, found.posted_at) == (NOON, NOON)
    assert found.flags == ("detected_in_future", "posted_in_future")


def test_times_that_nobody_read_off_a_clock_are_as_good_as_none_and_flagged() -> None:
    found = parse(raw(detected_at="1970-01-01T00:00:00Z", posted_at="0001-01-01T00:00:00+23:59"))
    assert (found.detected_at, found.posted_at) == (NOON, NOON)
    assert found.flags == ("detected_before_2000", "posted_before_2000")
    assert found.lost_before_us_s == 0


@pytest.mark.parametrize("name", ["detected_at", "posted_at"])
@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z"]
)
def test_a_time_at_the_edge_of_the_calendar_is_flagged_and_no_dead_letter(
    name: str, moment: str
) -> None:
    found = parse(raw(**{name: moment}))
    assert getattr(found, name) == NOON
    assert len(found.flags) == 1


def test_nul_in_any_text_is_replaced_visibly() -> None:
    body = raw(text="a\0b", handle="k\0", id="1\0", url="u\0", in_reply_to="r\0", lang="e\0")
    found = parse(body)
    assert found.text == "a\ufffdb"
    texts = (found.text, found.author.handle, found.source_id, found.url, found.in_reply_to)
    assert "\0" not in "".join((*texts, found.lang))


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + closing * levels


def test_nesting_up_to_the_limit_is_taken() -> None:
    deep = nested(codec.MAX_DEPTH - 2)
    assert parse(raw(meta={"deep": orjson.loads(deep)})).meta


@pytest.mark.parametrize("levels", [31, 1_000, 100_000])
def test_nesting_beyond_the_limit_is_refused_before_it_is_decoded(levels: int) -> None:
    body = raw(meta={}).replace(b"{}", b'{"deep": %s}' % nested(levels).encode())
    assert refusal(body).code == "too_deep"


@pytest.mark.parametrize("text", [nested(200), nested(200, "{", "}"), '\\"' + "[" * 200])
def test_brackets_inside_a_text_are_no_nesting(text: str) -> None:
    assert parse(raw(text=text)).text == text


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert parse(raw(meta={"flat": [[] for _ in range(500)]})).meta


def test_a_mention_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    room = codec.MAX_BYTES - len(raw(text=""))
    assert len(parse(raw(text="a" * room)).text) == room
    assert refusal(raw(text="a" * (room + 1))).code == "too_large"


def test_300_kb_are_refused_with_the_size() -> None:
    refused = refusal(raw(text="a" * 300_000))
    assert refused.code == "too_large"
    assert str(codec.MAX_BYTES) in str(refused)


def test_a_hostile_value_cannot_hold_the_loop_for_long() -> None:
    """An unclosed string of escapes behind brackets: a quadratic scan takes minutes at 256 KB."""
    body = b"[" * 40 + b'"' + b'\\"' * 10_000
    began = time.process_time()
    assert refusal(body).code in ("too_deep", "not_json")
    assert time.process_time() - began < 0.3


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = [*codec.WireMention.__struct_fields__, "unknown"]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_taken_never_anything_else(body: bytes) -> None:
    found = attempt(body)
    if isinstance(found, Invalid):
        assert found.code in ("empty", "not_json", "too_deep", "wrong_field")
        assert str(found)


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5))
def test_arbitrary_values_in_any_field_are_refused_or_taken(changed: dict[str, Any]) -> None:
    """Names the field where it refuses; what it takes can be written down again."""
    found = attempt(orjson.dumps(wire() | changed))
    if isinstance(found, Invalid):
        assert found.field.split(".")[0].split("[")[0] in FIELDS
    else:
        assert orjson.loads(codec.dumps(found))["mention_id"] == found.mention_id


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50))
def test_what_goes_to_the_topic_comes_back_as_the_same_mention(text: str, handle: str) -> None:
    body = raw(text=text, handle=handle, posted_at="2025-01-01T00:00:00Z")
    sent = codec.encode_wire(codec.validate(codec.loads(body)))
    assert parse(sent) == parse(body)
