"""The timeline of a person and search over all: the same on every database."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store.database import Database
from app.adapters.store.record import Record
from app.adapters.store.timeline import Ask, Page, Timeline
from app.core.history import Matter
from app.core.history_lines import Entry
from app.core.words import matches, terms_of
from tests.builders import NOON_MS, keep_customer
from tests.history_house import folded, line

HOSTILE = (
    '"', '""', "'", "''", "\\", "*", "refund*", "(refund", "refund)", "AND", "OR", "NOT refund",
    "NEAR(refund, 2)", "refund:a", "words:refund", "-refund", "^refund", "refund & money",
    "refund | money", "!refund", "refund <-> money", ":*", "refund:*", "'refund':1", "\0refund",
    "'; DROP TABLE history; --", '" OR "1"="1', "{refund}", "rowid:1", "{a b}: c", "%", "_", "🤷",
    "<b>refund</b>", "refund\n\tmoney", "a" * 5000, "refund " * 300,
)  # fmt: skip
TEXTS = (
    "Where is my refund?",
    "The REFUNDS have come, thank you",
    "my lost bag",
    "Le Café est fermé",
    "私は東京にいます",
    "คุณสวัสดีครับ",
    "मुझे हिन्दी आती है",
    "e-mail to kim@a.test, please",
    "<b>refund</b> money",
    "",
)


async def told(database: Database, *made: Entry | Matter) -> Timeline:
    await Record(database).write("record", 1, folded(*made))
    return Timeline(database)


async def found(timeline: Timeline, query: str, **given: Any) -> list[int]:
    page = await timeline.page(Ask(terms=terms_of(query), **given))
    return [each["seq"] for each in page.lines]


async def every_page(timeline: Timeline, **given: Any) -> list[int]:
    """The numbers of all lines, read page by page."""
    seqs: list[int] = []
    page = Page(lines=[], next=(0, 0))
    before = None
    while page.next:
        page = await timeline.page(Ask(before=before, **given))
        assert len(page.lines) <= given["limit"]
        seqs += [each["seq"] for each in page.lines]
        before = page.next
    return seqs


@pytest.mark.parametrize(
    "query",
    ["refund", "refu", '"refund"', "lost bag", '"bag lost"', "cafe", "東京", "สวัสดี", "हिन्दी",
     "e-mail", "kim@a.test", "refund money", "nothing"],
)  # fmt: skip
async def test_a_search_finds_what_the_words_say(database: Database, query: str) -> None:
    """A7.1, A12.2: any script, beginnings of words, exact phrases; the newest first."""
    timeline = await told(database, *(line(n, text=text) for n, text in enumerate(TEXTS, 1)))
    wanted = [n for n, text in enumerate(TEXTS, 1) if matches(text, terms_of(query))]
    assert await found(timeline, query) == wanted[::-1]


async def test_no_search_is_an_error_and_none_is_more_than_words(database: Database) -> None:
    """A4.9: what looks like an operator of a database is text."""
    timeline = await told(database, *(line(n, text=text) for n, text in enumerate(TEXTS, 1)))
    for query in HOSTILE:
        terms = terms_of(query)
        if terms:
            wanted = [n for n, text in enumerate(TEXTS, 1) if matches(text, terms)]
            assert await found(timeline, query) == wanted[::-1], query


@pytest.mark.parametrize(
    ("given", "seqs"),
    [
        ({"channel": "email"}, [2]),
        ({"kind": "replied"}, [3]),
        ({"status": "completed"}, [3, 1]),
        ({"keys": ("x:lee",)}, [2]),
        ({"keys": ("x:kim", "x:lee")}, [4, 3, 2, 1]),
        ({"since_ms": NOON_MS + 2}, [4, 3]),
        ({"until_ms": NOON_MS + 2}, [2, 1]),
        ({"channel": "email", "kind": "replied"}, []),
    ],
)
async def test_a_search_is_narrowed(
    database: Database, given: dict[str, Any], seqs: list[int]
) -> None:
    """A7.1: by channel, kind, person, dates and status; with words and without."""
    lines = [
        line(1, at_ms=NOON_MS, mention_id="m1"),
        line(2, at_ms=NOON_MS + 1, mention_id="m2", channel="email", handle_key="x:lee"),
        line(3, at_ms=NOON_MS + 2, mention_id="m1", kind="replied"),
        line(4, at_ms=NOON_MS + 3, mention_id="", kind="offline"),
    ]
    matter = Matter(mention_id="m1", handle_key="x:kim", channel="x", status="completed")
    timeline = await told(database, *lines, matter)
    assert await found(timeline, "help", **given) == seqs
    assert await found(timeline, "", **given) == seqs


async def test_a_line_says_how_its_mention_stands_and_ended(database: Database) -> None:
    """A7.2: status and upshot are beside each line; an offline one has its own upshot."""
    matter = Matter(
        mention_id="m1", handle_key="x:kim", channel="x", status="completed",
        upshot="resolved", rep="ann", feedback="satisfied",
    )  # fmt: skip
    offline = line(2, mention_id="", kind="offline", channel="phone", upshot="resolved")
    timeline = await told(database, line(1), offline, matter)
    call, said = (await timeline.page(Ask(keys=("x:kim",)))).lines
    assert (said["matter_status"], said["matter_upshot"]) == ("completed", "resolved")
    assert (said["matter_rep"], said["matter_feedback"]) == ("ann", "satisfied")
    assert (call["upshot"], call["matter_status"]) == ("resolved", None)


async def test_a_timeline_is_in_the_order_of_what_happened_over_all_handles(
    database: Database,
) -> None:
    """A7.3: what was noted late stands where it belongs; pages neither lose nor repeat a line."""
    lines = [
        line(n, at_ms=NOON_MS + (n * 7) % 23, handle_key=("x:kim", "email:kim", ":C1")[n % 3])
        for n in range(1, 60)
    ]
    timeline = await told(database, *lines, line(60, handle_key="x:eve"))
    keys = ("x:kim", "email:kim", ":C1")
    wanted = sorted(lines, key=lambda each: (each.at_ms, each.seq), reverse=True)
    read = await every_page(timeline, keys=keys, limit=7)
    assert read == [each.seq for each in wanted]


async def test_pages_of_a_search_neither_lose_nor_repeat_a_line(database: Database) -> None:
    timeline = await told(database, *(line(n) for n in range(1, 30)))
    for given in ({"terms": terms_of("help")}, {}):
        assert await every_page(timeline, limit=4, **given) == list(range(29, 0, -1))


async def test_a_person_is_all_handles_of_the_customer(database: Database) -> None:
    """A2.1: all channels on one timeline, and what is known of the customer alone."""
    await keep_customer(database, "C1", "x:kim", "email:kim@a.test", name="Kim", tier="gold")
    timeline = Timeline(database)
    for key in ("x:kim", "email:kim@a.test", ":C1"):
        person = await timeline.person(key)
        assert person.keys == ("email:kim@a.test", "x:kim", ":C1")
        assert (person.customer_id, person.name, person.tier) == ("C1", "Kim", "gold")
    assert (await timeline.person("x:eve")).keys == ("x:eve",)


async def test_a_person_has_totals(database: Database) -> None:
    def matter(id_: str, status: str, feedback: str = "") -> Matter:
        return Matter(
            mention_id=id_, handle_key="x:kim", channel="x", status=status, feedback=feedback
        )

    made = (matter("a", "completed", "satisfied"), matter("b", "closed"), matter("c", "waiting"))
    timeline = await told(database, *made)
    assert await timeline.totals(["x:kim"]) == {
        "mentions": 3, "open": 1, "satisfied": 1, "unsatisfied": 0, "cases": 0,
    }  # fmt: skip
    assert (await timeline.totals(["x:nobody"]))["mentions"] == 0
