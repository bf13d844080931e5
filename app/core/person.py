"""A person: what the profiles of all their customer ids say together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.core.profile import STRANGER, Profile


def merged(profiles: Iterable[Profile]) -> Profile:
    """One profile of several: the same whatever order they come in; none of them is changed.

    The one of the highest value leads, and what it leaves empty the others fill in. What adds up
    (value, open cases) is summed, products are put together.
    """
    known = sorted((p for p in profiles if p.known), key=lambda p: (-p.value, p.customer_id))
    if not known:
        return STRANGER
    if len(known) == 1:
        return known[0]
    return replace(
        known[0],
        name=_first(p.name for p in known),
        tier=_first(p.tier for p in known),
        lang=_first(p.lang for p in known),
        preferred_channel=_first(p.preferred_channel for p in known),
        value=round(sum(p.value for p in known), 2),
        open_cases=sum(p.open_cases for p in known),
        products=tuple(sorted({product for p in known for product in p.products})),
    )


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
