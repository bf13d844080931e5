"""Blocking keys: two people are compared only where they share one of these.

A key says little enough to survive a typing mistake in the rest, and enough to be rare.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.particulars import Particulars

# A key that more people share than this tells nobody apart: it is left out, and that is said.
MOST_ALIKE = 50
# Compared with one newcomer at most, whoever shares most keys first: bounds the time.
MOST_COMPARED = 24

_NAMES = 4  # tokens of a name that make keys; nobody is found by their fifth name only
_WORD = 5  # letters of a street or a place


def blocks(of: Particulars) -> Iterator[str]:
    """The keys of these particulars, told apart by their first letters."""
    for key in of.keys:
        yield f"k|{key}"
    if of.born and of.postcode:
        yield f"bp|{of.born}|{of.postcode}"
    if of.house and of.street:
        yield f"st|{of.house}|{''.join(sorted(of.street.split()))[: 2 * _WORD]}"
    names = sorted(set(of.names), key=lambda name: (-len(name), name))[:_NAMES]
    for name in names:
        yield from _by_name(name, of)
    if len(names) > 1 and (of.born or of.street or of.postcode or of.place or of.keys):
        yield f"nn|{'|'.join(sorted(names))}"


def _by_name(name: str, of: Particulars) -> Iterator[str]:
    if of.born:
        yield f"bn|{of.born}|{name[0]}"
        yield f"ny|{name}|{of.born[:4]}"
    if of.postcode:
        yield f"np|{name[:4]}|{of.postcode}"
    if of.place:
        yield f"nl|{name}|{of.place[:_WORD]}"


def means(block: str) -> str:
    """A key in the words of people: what was too common to be told apart by."""
    kind, _, rest = block.partition("|")
    parts = rest.split("|")
    words = {
        "bn": "date of birth and initial",
        "bp": "date of birth and postcode",
        "st": "street and number",
        "np": "name and postcode",
        "ny": "name and year of birth",
        "nl": "name and place",
        "nn": "whole name",
        "k": "contact",
    }
    return f"{words[kind]}: {' '.join(parts)}"
