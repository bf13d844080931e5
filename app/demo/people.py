"""The people of the demo world: customers with profiles, and strangers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from app.core.known import Known, Order, facts_of, fold, handles_of
from app.core.profile import Profile
from app.core.profile_fields import Row, statement_of
from app.demo.texts import BRANDS, phrases

# The people are the same whatever the traffic's seed, so that histories grow over restarts.
PEOPLE_SEED: Final = 20_240_601

CUSTOMERS_BY_LANG: Final = {"en": 38, "de": 7, "es": 6, "fr": 5, "it": 5}
STRANGERS_BY_LANG: Final = {"en": 300, "de": 40, "es": 30, "fr": 25, "it": 20}

SAID_MS: Final = 1_750_000_000_000  # since when the demo's sources say what they say

PUBLIC: Final = ("x", "mastodon", "facebook", "reviews", "community")
PRIVATE: Final = ("email", "webchat", "sms", "phone", "survey")
STRANGERS_PRIVATE: Final = ("email", "webchat", "phone")

TIERS: Final = {"standard": 55, "silver": 22, "gold": 15, "platinum": 8}
# What a customer of the tier brings in a year, in euros, before a personal factor.
TIER_VALUE: Final = {"standard": 300.0, "silver": 900.0, "gold": 2_200.0, "platinum": 5_500.0}
PRODUCTS: Final = {
    "airline": ("Northwind Miles", "Northwind Flex", "Northwind Lounge"),
    "telecom": ("Talio Fiber", "Talio M", "Talio Max", "Talio Family"),
    "bank": ("Pine Account", "Harbor Gold Card", "Harbor Mortgage", "Pine Savings"),
}
# A Pareto tail with this exponent gives many small accounts and a few huge ones.
FOLLOWERS_EXPONENT: Final = 0.8
FOLLOWERS_SCALE: Final = 35
FOLLOWERS_MAX: Final = 2_500_000
INFLUENCER_EVERY: Final = 45  # one person in so many has more than 100,000 followers


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who talks; a stranger has no `customer_id`."""

    name: str
    lang: str
    followers: int
    companies: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    customer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProfile:
    """What is known of a demo customer, and the (channel, handle) pairs that lead to it."""

    customer_id: str
    name: str
    tier: str
    value: float
    lang: str
    preferred_channel: str
    open_cases: int
    products: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]

    def said(self) -> list[tuple[str, dict[str, object]]]:
        """What each source says of them."""
        contact: dict[str, object] = {
            f"handle.{channel}": [handle for c, handle in self.keys if c == channel]
            for channel, _ in self.keys
        }
        account = {"name": self.name, "tier": self.tier, "value": self.value, "lang": self.lang}
        helped = {"open_cases": self.open_cases, "preferred_channel": self.preferred_channel}
        return [
            ("crm", {**account, "products": list(self.products), **contact}),
            ("support", {**helped}),
            ("rewards", {"rewards": round(self.value / 10)}),
        ]


def profiles() -> list[DemoProfile]:
    """The profiles of all demo customers."""
    return [profile for _, profile in _customers()]


def statements(now_ms: int) -> list[Row]:
    """What the sources say of the demo's customers: the same at every start."""
    found: list[Row] = []
    for person, profile in _customers():
        said = profile.said()
        if public := [channel for channel, _ in profile.keys if channel in PUBLIC]:
            said.append(("social", {f"followers.{public[0]}": person.followers}))
        for source, fields in said:
            pairs: list[tuple[str, object]] = [("customer_id", person.customer_id)]
            statement = statement_of([*pairs, *fields.items()], source, SAID_MS, now_ms)
            found.append(Row(line=len(found) + 1, statement=statement))
    return found


def known() -> dict[str, Profile]:
    """The profiles that follow from it, by handle key."""
    said: dict[str, list[Known]] = {}
    for row in statements(SAID_MS):
        said.setdefault(row.statement.customer_id, []).extend(facts_of(row.statement))
    order = Order(trusted=("crm",))
    return {key: fold(facts, order) for facts in said.values() for key in handles_of(facts)}


def customers() -> list[Person]:
    """The people behind the profiles."""
    return [person for person, _ in _customers()]


@cache
def strangers() -> tuple[Person, ...]:
    """People of whom nothing is known, each on one channel."""
    rng = Random(f"{PEOPLE_SEED}/strangers")
    found: list[Person] = []
    for lang, count in STRANGERS_BY_LANG.items():
        for _ in range(count):
            found.append(_stranger(rng, lang, len(found)))
    return tuple(found)


@cache
def _customers() -> tuple[tuple[Person, DemoProfile], ...]:
    rng = Random(f"{PEOPLE_SEED}/customers")
    found: list[tuple[Person, DemoProfile]] = []
    for lang, count in CUSTOMERS_BY_LANG.items():
        for _ in range(count):
            found.append(_customer(rng, lang, len(found)))
    return tuple(found)


def _customer(rng: Random, lang: str, number: int) -> tuple[Person, DemoProfile]:
    name = _name(rng, lang)
    channels = rng.sample(PUBLIC, rng.randint(1, 3)) + rng.sample(PRIVATE, rng.randint(1, 3))
    keys = tuple((channel, _handle(channel, name, number)) for channel in channels)
    companies = tuple(rng.sample(list(BRANDS), rng.choice((1, 1, 2))))
    tier = rng.choices(list(TIERS), weights=list(TIERS.values()))[0]
    person = Person(
        name=name,
        lang=lang,
        followers=_followers(rng, number),
        companies=companies,
        keys=keys,
        customer_id=f"C{1001 + number}",
    )
    profile = DemoProfile(
        customer_id=person.customer_id,
        name=name,
        tier=tier,
        value=round(TIER_VALUE[tier] * rng.uniform(0.5, 1.8), 2),
        lang=lang,
        preferred_channel=rng.choice(channels),
        open_cases=rng.choices((0, 1, 2, 3), weights=(60, 25, 10, 5))[0],
        products=tuple(rng.choice(PRODUCTS[company]) for company in companies),
        keys=keys,
    )
    return person, profile


def _stranger(rng: Random, lang: str, number: int) -> Person:
    name = _name(rng, lang)
    # Nearly all strangers are met in public; a few call or write.
    channel = rng.choice(PUBLIC if rng.random() < 0.8 else STRANGERS_PRIVATE)
    return Person(
        name=name,
        lang=lang,
        followers=_followers(rng, number),
        companies=(rng.choice(list(BRANDS)),),
        keys=((channel, _handle(channel, name, 300 + number)),),
    )


def _followers(rng: Random, number: int) -> int:
    heavy = FOLLOWERS_SCALE * rng.paretovariate(FOLLOWERS_EXPONENT)
    if number % INFLUENCER_EVERY == INFLUENCER_EVERY - 1:
        heavy += rng.randint(100_000, 900_000)
    return min(FOLLOWERS_MAX, int(heavy))


def _name(rng: Random, lang: str) -> str:
    names = phrases("names")[lang]
    return f"{rng.choice(names['first'])} {rng.choice(names['last'])}"


def _handle(channel: str, name: str, number: int) -> str:
    """A handle as the channel makes them; addresses lie under reserved names and numbers."""
    first, last = _ascii(name).split(" ", 1)
    shapes = {
        "x": f"@{first}_{last}{number}",
        "mastodon": f"@{last}{number}@social.example",
        "facebook": f"{first}.{last}.{number}",
        "reviews": f"{first}{number}",
        "community": f"{last}_{first[0]}{number}",
        # 07700 900000 to 900999 are set aside for fiction.
        "sms": f"+447700900{number % 1000:03d}",
        "phone": f"+447700900{number % 1000:03d}",
        "webchat": f"visitor-{number:04d}",
    }
    return shapes.get(channel, f"{first}.{last}{number}@mail.example")


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower()
