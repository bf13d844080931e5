"""Matching: what agrees is weighed, and never more is made of it than it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.identity_weights import load
from app.adapters.normal_forms import id_key, key_of, particulars, similar
from app.core.blocking import blocks, means
from app.core.levels import CLOSE, HINT, OTHER, PART, SAME, levels
from app.core.matching import JOIN, REVIEW, SEPARATE, Verdict, confidence_of, judge
from app.core.particulars import Particulars
from app.core.resolving import MOST_REVIEWS, Candidate, resolve
from app.settings import IDENTITY

WEIGHTS = load(IDENTITY)

ANNA = {
    "name": "Anna Lindqvist", "born": "1984-03-07", "house": "12", "street": "Harbour Road",
    "postcode": "4711", "place": "Pinehill",
}  # fmt: skip


def known(strong: tuple[str, ...] = (), claimed: tuple[str, ...] = (), **given: str) -> Particulars:
    return particulars(ANNA | given, strong, claimed)


def verdict(one: Particulars, other: Particulars, people: int = 0) -> Verdict:
    return judge(one, other, WEIGHTS, similar, people)


def level(field: str, one: str, other: str) -> str:
    a, b = particulars({field: one}), particulars({field: other})
    return dict(levels(a, b, similar))[field]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Anna Lindqvist", "LINDQVIST, Anna", SAME),
        ("Анна Линдквист", "Anna Lindkvist", SAME),  # another script
        ("Søren Kierkegård", "Soren Kierkegard", SAME),
        ("José Muñoz", "Jose\u0301 Mun\u0303oz", SAME),  # the same, composed otherwise
        ("山田 太郎", "山田 太郎", SAME),
        ("山田 太郎", "佐藤 花子", OTHER),
        ("李 雷", "里 蕾", PART),  # one sound, other signs: another name
        ("Anna Lindqvist", "Anna Lindqvst", CLOSE),
        ("Anna Lindqvist", "Anna Maria Lindqvist", CLOSE),
        ("Anna Lindqvist", "Peter Lindqvist", PART),
        ("Anna Lindqvist", "Lindqvist", PART),
        ("Lindqvist", "Lindqvist", PART),
        ("Anna Lindqvist", "Petra Lindqvst", HINT),
        ("Anna Lindqvist", "Kim Lee", OTHER),
    ],
)
def test_names_agree_in_any_script_and_any_order(one: str, other: str, expected: str) -> None:
    assert level("name", one, other) == level("name", other, one) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1984-03-07", "19840307", SAME),
        ("1984-03-07", "1984-03-08", CLOSE),
        ("1984-03-07", "1984-07-03", CLOSE),
        ("1984-03-07", "1948-03-07", CLOSE),
        ("1984-03-07", "1991-12-24", OTHER),
    ],
)
def test_a_birthday_forgives_one_mistake(one: str, other: str, expected: str) -> None:
    assert level("born", one, other) == expected


@pytest.mark.parametrize("text", ["", "x", "1984-13-01", "1984-00-10", "19840332", "07.03.84"])
def test_what_is_no_day_is_not_known(text: str) -> None:
    assert particulars({"born": text}).born == ""


def test_one_person_written_twice_is_joined_with_the_evidence() -> None:
    """A2.3: field by field, with its weight, in what was compared."""
    found = verdict(known(), known(street="Harbour Raod", postcode="4771"))
    assert (found.band, found.why) == (
        JOIN, "Name and birthday agree, and the rest is no accident.",
    )  # fmt: skip
    assert found.confidence > 0.999
    by_field = {each.field: each for each in found.evidence}
    assert by_field["street"].level == CLOSE
    assert (by_field["street"].ours, by_field["street"].theirs) == ("harbour road", "harbour raod")
    assert found.score == pytest.approx(sum(each.bits for each in found.evidence), abs=0.05)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Petra Lindqvist"},  # twin
        {"born": "2011-05-30"},  # her daughter of the same name
        {"born": ""},
    ],
    ids=["twin", "daughter", "unknown birthday"],
)
def test_a_household_is_never_joined_by_the_machine(other: dict[str, str]) -> None:
    found = verdict(known(), known(**other))
    assert found.band == REVIEW
    assert "household" in found.why


def test_nobody_is_asked_about_every_family_and_every_neighbour() -> None:
    """Street, postcode and place say one thing, not three: where somebody lives."""
    husband = known(name="Peter Lindqvist", born="1982-11-23")
    neighbour = known(name="Kim Lee", born="1991-12-24", house="14")
    assert [verdict(known(), each).band for each in (husband, neighbour)] == [SEPARATE] * 2
    bits = {each.field: each.bits for each in verdict(known(), husband).evidence}
    assert bits["street"] > 10
    assert (bits["postcode"], bits["place"]) == (0.0, 0.0)


def test_a_name_alone_says_too_little() -> None:
    one = particulars({"name": "Anna Lindqvist"})
    assert verdict(one, known()).band == REVIEW
    assert verdict(one, known(), people=1_000_000).band == SEPARATE


def test_more_people_need_more_agreement() -> None:
    one, other = known(postcode="", place="", house="", street=""), known()
    assert verdict(one, other).band == JOIN
    assert verdict(one, other, people=100_000_000).band == REVIEW
    few, many = (confidence_of(20.0, WEIGHTS, people) for people in (1_000, 1_000_000))
    assert few > many


def test_attested_ids_decide_before_weights() -> None:
    loyalty = id_key("Loyalty", "A-17")
    one = particulars({"name": "Anna L"}, [loyalty])
    found = verdict(one, particulars({"name": "Anna Lindqvist"}, [loyalty]))
    assert (found.band, found.confidence) == (JOIN, 1.0)
    assert (found.evidence[0].field, found.evidence[0].level) == ("id loyalty", "attested")
    assert found.evidence[0].ours == "a-17"


def test_two_different_strong_ids_never_join_by_themselves() -> None:
    """Everything else agrees, and still a person has to say so."""
    one = known(strong=(id_key("loyalty", "1"),))
    other = known(strong=(id_key("loyalty", "2"),))
    found = verdict(one, other)
    assert found.band == REVIEW
    assert found.against == (("id:loyalty:1", "id:loyalty:2"),)
    assert "differ" in found.why
    apart = known(strong=(id_key("insurer", "2"),))
    assert verdict(one, apart).band == JOIN  # another issuer counts otherwise


def test_a_family_telephone_asks_a_person() -> None:
    phone = key_of("phone", "+44 7700 900123")
    one = particulars({"name": "Anna Lindqvist"}, [phone])
    other = particulars({"name": "Kim Lee"}, [phone])
    assert verdict(one, other).band == REVIEW
    assert verdict(one, particulars({}, [phone])).band == JOIN  # a caller without a name


def test_what_is_only_claimed_helps_a_person_and_not_the_machine() -> None:
    mail = key_of("mail", "anna@mail.example")
    one = known(claimed=(mail,), street="", house="", postcode="", place="", born="1984-03-08")
    other = known(claimed=(mail,), street="", house="", postcode="", place="")
    bare = replace(other, keys=())
    assert verdict(one, bare).band == REVIEW
    assert verdict(one, other).score > verdict(one, bare).score
    assert verdict(one, other).band == REVIEW


def test_blocking_keys_can_be_said_in_words() -> None:
    keys = set(blocks(known(strong=(key_of("mail", "anna@mail.example"),))))
    assert "name and postcode: anna 4711" in {means(key) for key in keys}
    assert "contact: mail:anna@mail.example" in {means(key) for key in keys}
    assert set(blocks(particulars({"name": "Anna Lindqvist"}))) == set()  # finds nobody alone


def test_where_two_people_fit_a_person_decides() -> None:
    """Colliding keys: one telephone, two customers."""
    phone = key_of("phone", "+447700900123")
    mine = particulars({}, [phone])
    found = [
        Candidate(node=f"customer:C{n}", person=f"customer:C{n}", known=particulars({}, [phone]))
        for n in range(9)
    ]
    one = resolve(mine, found[:1], WEIGHTS, similar, 9)
    assert one.join is not None
    assert (one.join[0], one.review) == ("customer:C0", ())
    two = resolve(mine, found, WEIGHTS, similar, 9)
    assert two.join is None
    assert len(two.review) == MOST_REVIEWS


def test_two_records_of_one_person_are_one_answer() -> None:
    phone = key_of("phone", "+447700900123")
    found = [
        Candidate(node=node, person="customer:C1", known=particulars({}, [phone]))
        for node in ("customer:C1", "handle:x:kim")
    ]
    assert resolve(particulars({}, [phone]), found, WEIGHTS, similar, 2).join is not None


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("mail", "Kim.Lee+shop@GoogleMail.com", "mail:kimlee@gmail.com"),
        ("mail", "kim.lee+shop@mail.example", "mail:kim.lee+shop@mail.example"),
        ("mail", "Kim+shop@outlook.com", "mail:kim@outlook.com"),
        ("mail", "Jürgen@MÜNCHEN.de", "mail:jürgen@xn--mnchen-3ya.de"),
        ("mail", "o'neil@x.co.uk", "mail:o'neil@x.co.uk"),
        *(
            ("mail", text, "")
            for text in (
                "kim", "kim@host", "a..b@c.de", ".a@c.de", "a b@c.de", "a@-b.de", "a@127.0.0.1",
                "x" * 65 + "@a.de", "a@" + "b" * 70 + ".de", "\x00@\x00", "a@b@c.de",
            )
        ),
        ("phone", "+44 7700 900-123", "phone:+447700900123"),
        ("phone", "tel:+44-7700-900123", "phone:+447700900123"),
        ("phone", "07700 900123", ""),  # of which country?
        ("phone", "+44", ""),
        ("phone", "+999 12345678", ""),
    ],
)  # fmt: skip
def test_contacts_have_one_normal_form(kind: str, text: str, expected: str) -> None:
    assert key_of(kind, text) == expected
