"""Made-up people, for tests and measurements: nobody of them is anybody. Seeded, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from random import Random
from typing import Final

from app.adapters.normal_forms import particulars
from app.core.labelled import Record
from app.core.particulars import Particulars

_STARTS: Final = (
    "ba be bri ca co da de dor el fa fen ga gri ha hel i jo ka ki lan lu ma mi na".split()
)
_MIDDLES: Final = "la len lin mar mo na ner no ra ren ri ro sa sel si ta ten ti va vin".split()
_ENDS: Final = (
    "a ak an as by da dale el en er es ford i in is ley low man mark ne on or son ton".split()
)
_WAYS: Final = "road street lane court close way drive avenue".split()

_YEARS = (1935, 2010)
_PEOPLE_OF_A_POSTCODE = 4_000
_TWICE = 0.5  # of a labelled set, who has a second record


@cache
def _words() -> tuple[str, ...]:
    return tuple("".join(parts) for parts in product(_STARTS, _MIDDLES, _ENDS))


def person(number: int, seed: int, population: int) -> dict[str, str]:
    """The record of one of so many people; names are unevenly common, as real ones are."""
    rng = Random(f"{seed}/{number}")
    words, codes = _words(), max(1, population // _PEOPLE_OF_A_POSTCODE)
    code = rng.randrange(codes)
    day = f"{rng.randint(*_YEARS)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    return {
        "name": f"{_uneven(rng, words[:900])} {_uneven(rng, words)}",
        "born": day,
        "house": str(rng.randint(1, 180)),
        "street": f"{words[(code * 37 + rng.randrange(60)) % len(words)]} {rng.choice(_WAYS)}",
        "postcode": f"{10_000 + code}",
        "place": words[(code * 101) % len(words)],
    }


def people(count: int, seed: int) -> Iterator[Particulars]:
    """One after the other, so that a million need no memory."""
    for number in range(count):
        yield particulars(person(number, seed, count))


def again(given: dict[str, str], rng: Random, mistakes: int) -> dict[str, str]:
    """The same person as another source has them: mistakes in typing, and things left out."""
    made = dict(given)
    for field in rng.sample(list(made), mistakes):
        made[field] = "" if rng.random() < 0.2 else _mistyped(made[field], rng)
    return made


def labelled(count: int, seed: int) -> list[Record]:
    """So many people, half of them with a second record of one to three mistakes."""
    rng, found = Random(f"{seed}/again"), []
    for number in range(count):
        given = person(number, seed, count)
        found.append((str(number), particulars(given)))
        if rng.random() < _TWICE:
            other = again(given, rng, rng.randint(1, 3))
            found.append((str(number), particulars(other)))
    return found


def _uneven(rng: Random, words: tuple[str, ...]) -> str:
    """The first ones far more often."""
    return words[int(len(words) * rng.random() ** 2.5)]


def _mistyped(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    if rng.random() < 0.5 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    sign = rng.choice("0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz")
    return text[:at] + sign + text[at + 1 :]
