"""The demo world is seeded, varied, valid and fictional."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest

from app import codec
from app.core.community import is_ally
from app.core.profile import handle_key
from app.demo.people import PUBLIC, customers, strangers
from app.demo.texts import BRANDS, LANGS, SHARED, Saying, compose, phrases
from app.demo.world import mentions, profiles

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
KINDS = {"question", "complaint", "praise", "emergency", "request", "noise"}


@pytest.fixture(scope="module")
def two_thousand() -> list[dict[str, Any]]:
    return list(islice(mentions(7, START), 2000))


def fresh(stream: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({mention["id"]: mention for mention in reversed(stream)}.values())


def test_the_same_seed_and_start_give_the_same_stream(two_thousand: list[dict[str, Any]]) -> None:
    assert list(islice(mentions(7, START), 2000)) == two_thousand


def test_another_seed_gives_other_texts(two_thousand: list[dict[str, Any]]) -> None:
    other = list(islice(mentions(8, START), 2000))
    assert [m["text"] for m in other] != [m["text"] for m in two_thousand]


def test_a_restart_repeats_no_id(two_thousand: list[dict[str, Any]]) -> None:
    later = islice(mentions(7, START + timedelta(seconds=1)), 2000)
    assert not {m["id"] for m in later} & {m["id"] for m in two_thousand}


def test_every_kind_language_and_enough_channels_occur(two_thousand: list[dict[str, Any]]) -> None:
    assert {m["meta"]["kind"] for m in two_thousand} == KINDS
    assert {m["meta"]["lang"] for m in two_thousand} == set(LANGS)
    assert {m["meta"]["company"] for m in two_thousand} == set(BRANDS)
    assert len({m["channel"] for m in two_thousand}) >= 6


def test_posts_of_the_community_stand_in_threads_and_some_of_allies(
    two_thousand: list[dict[str, Any]],
) -> None:
    """A11.2, A11.5: the same person has the same standing whenever they speak."""
    posts = [m for m in fresh(two_thousand) if m["channel"] == "community"]
    assert {m["community"]["position"] for m in posts} == {"opening", "answer"}
    allies = {m["author"]["handle"] for m in posts if is_ally(m["community"]["standing"])}
    assert 0 < len(allies) < len({m["author"]["handle"] for m in posts}) / 2
    standings = {(m["author"]["handle"], str(m["community"]["standing"])) for m in posts}
    assert len(standings) == len({handle for handle, _ in standings})
    assert not any("community" in m for m in two_thousand if m["channel"] != "community")


def test_duplicates_edits_and_threads_occur(two_thousand: list[dict[str, Any]]) -> None:
    seen: dict[str, str] = {}
    told: Counter[str] = Counter()
    for mention in two_thousand:
        known = seen.get(mention["id"])
        told["duplicate" if known == mention["text"] else "edit" if known else "fresh"] += 1
        told["thread"] += "in_reply_to" in mention
        seen[mention["id"]] = mention["text"]
    assert told["duplicate"] >= 50
    assert told["edit"] >= 20
    assert told["thread"] >= 20
    assert {m["in_reply_to"] for m in two_thousand if "in_reply_to" in m} <= set(seen)


def test_every_mention_is_accepted_by_the_intake(two_thousand: list[dict[str, Any]]) -> None:
    for mention in two_thousand:
        wire = codec.validate(codec.loads(codec.dumps(mention)))
        assert codec.to_mention(wire, "", START + timedelta(hours=1)).flags == ()


def test_a_mention_is_posted_shortly_before_it_is_sent(two_thousand: list[dict[str, Any]]) -> None:
    for number, mention in enumerate(fresh(two_thousand)):
        posted = datetime.fromisoformat(mention["posted_at"])
        assert posted.tzinfo is not None, number
    first = datetime.fromisoformat(two_thousand[0]["posted_at"])
    assert timedelta(0) <= START - first <= timedelta(seconds=90)


def test_hardly_any_text_repeats(two_thousand: list[dict[str, Any]]) -> None:
    texts = Counter(m["text"] for m in fresh(two_thousand))
    repeated = sum(count - 1 for count in texts.values())
    assert repeated / texts.total() < 0.03
    assert max(texts.values()) <= 6


def test_no_slot_stays_unfilled(two_thousand: list[dict[str, Any]]) -> None:
    assert not [m["text"] for m in two_thousand if re.search(r"[{}]", m["text"])]


@pytest.mark.parametrize("lang", LANGS)
def test_every_template_of_a_language_can_be_filled(lang: str) -> None:
    rng = Random(1)
    for company in BRANDS:
        for kind in (*KINDS - {"noise"}, *SHARED):
            for _ in range(30):
                text = compose(rng, Saying(lang=lang, company=company, kind=kind))
                assert text
                assert "{" not in text


def test_followers_are_heavy_tailed(two_thousand: list[dict[str, Any]]) -> None:
    followers = sorted(m["author"]["followers"] for m in two_thousand if m["channel"] in PUBLIC)
    assert followers[len(followers) // 2] < 500
    assert 5 <= sum(count >= 100_000 for count in followers) < len(followers) * 0.06


def test_private_channels_show_no_followers(two_thousand: list[dict[str, Any]]) -> None:
    private = [m for m in two_thousand if m["channel"] not in PUBLIC]
    assert private
    assert not any(m["author"]["followers"] or "url" in m for m in private)


def test_about_sixty_customers_have_profiles_under_distinct_handles() -> None:
    found = profiles()
    assert 55 <= len(found) <= 65
    keys = [handle_key(*key) for profile in found for key in profile.keys]
    assert len(keys) == len(set(keys))
    assert not set(keys) & {handle_key(*key) for p in strangers() for key in p.keys}
    assert {profile.lang for profile in found} == set(LANGS)
    assert {profile.tier for profile in found} == {"standard", "silver", "gold", "platinum"}
    assert all(p.preferred_channel in dict(p.keys) for p in found)


def test_customers_and_strangers_both_talk(two_thousand: list[dict[str, Any]]) -> None:
    known = {key for person in customers() for key in person.keys}
    talks = Counter((m["channel"], m["author"]["handle"]) in known for m in two_thousand)
    assert 0.3 < talks[True] / talks.total() < 0.6


def test_addresses_lie_under_names_and_numbers_reserved_for_fiction() -> None:
    for person in (*customers(), *strangers()):
        for channel, handle in person.keys:
            if channel in ("email", "survey"):
                assert handle.endswith("@mail.example")
            if channel in ("sms", "phone"):
                assert re.fullmatch(r"\+447700900\d{3}", handle)


@pytest.mark.parametrize("lang", LANGS)
def test_colleagues_can_answer_everything_in_every_language(lang: str) -> None:
    tones = {"urgent", "complaint", "question", "request", "praise", "other"}
    assert set(phrases("replies")[lang]) == tones
