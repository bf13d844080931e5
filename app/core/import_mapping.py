"""What the columns of a file become: guessed from their names, checked before anything is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from app.core.known import FOLLOWERS, POSTS
from app.core.profile_fields import AT, CONFIDENCE, CUSTOMER, FIELDS, HANDLE_ON, is_field

MOST_COLUMNS: Final = 200
HEADER_CHARS: Final = 200

# How other systems call what we know; letters and digits only.
_CALLED: Final[Mapping[str, str]] = {
    "id": CUSTOMER, "customer": CUSTOMER, "customerid": CUSTOMER, "customernumber": CUSTOMER,
    "customerno": CUSTOMER, "accountid": CUSTOMER, "accountnumber": CUSTOMER,
    "contactid": CUSTOMER, "crmid": CUSTOMER, "kundennummer": CUSTOMER, "kundennr": CUSTOMER,
    "at": AT, "asof": AT, "date": AT, "updatedat": AT, "modifiedat": AT, "lastmodified": AT,
    "timestamp": AT, "since": AT, "stand": AT,
    "confidence": CONFIDENCE, "certainty": CONFIDENCE,
    "name": "name", "fullname": "name", "displayname": "name", "contactname": "name",
    "customername": "name",
    "tier": "tier", "level": "tier", "segment": "tier", "status": "tier", "loyaltytier": "tier",
    "value": "value", "customervalue": "value", "lifetimevalue": "value", "ltv": "value",
    "clv": "value", "annualvalue": "value", "revenue": "value",
    "credit": "credit", "creditscore": "credit", "creditrating": "credit",
    "rewards": "rewards", "points": "rewards", "rewardpoints": "rewards", "miles": "rewards",
    "loyaltypoints": "rewards",
    "opencases": "open_cases", "cases": "open_cases", "opentickets": "open_cases",
    "tickets": "open_cases",
    "products": "products", "product": "products", "services": "products",
    "household": "household", "householdid": "household", "family": "household",
    "preferredchannel": "preferred_channel", "channelpreference": "preferred_channel",
    "prefers": "preferred_channel",
    "lang": "lang", "language": "lang", "locale": "lang", "sprache": "lang",
    "zone": "zone", "timezone": "zone", "tz": "zone",
    "mail": "handle.email", "emailaddress": "handle.email", "mobile": "handle.sms",
    "mobilephone": "handle.sms", "telephone": "handle.phone", "phonenumber": "handle.phone",
    "telefon": "handle.phone", "twitter": "handle.x", "twitterhandle": "handle.x",
    "xhandle": "handle.x", "fediverse": "handle.mastodon",
}  # fmt: skip


def guess(headers: Sequence[str], channels: Collection[str]) -> dict[str, str]:
    """For each header the field that it most likely is; empty: nobody reads the column.

    A field that only one column can give goes to the first that looks like it.
    """
    found: dict[str, str] = {}
    for header in headers:
        field = _one(header, channels)
        single = not field.startswith(HANDLE_ON)
        found[header] = "" if single and field in found.values() else field
    return found


def _one(header: str, channels: Collection[str]) -> str:
    text = header.strip().casefold()
    if is_field(text):
        return text
    bare = re.sub(r"[\W_]+", "", text)
    if bare in _CALLED:
        return _CALLED[bare]
    if bare in channels:
        return HANDLE_ON + bare
    words = re.split(r"[\W_]+", text)
    for prefix in (HANDLE_ON, FOLLOWERS, POSTS):
        rest = [word for word in words if word != prefix.rstrip(".")]
        if len(rest) == len(words) - 1 and "".join(rest) in channels:
            return prefix + "".join(rest)
    return ""


def problems_of(mapping: Mapping[str, str], headers: Sequence[str]) -> list[str]:
    """What is wrong with it, all at once, in sentences."""
    found = [*_doubles(headers)]
    if len(headers) > MOST_COLUMNS:
        found.append(f"expected at most {MOST_COLUMNS} columns, got {len(headers)}")
    for header in mapping:
        if header not in headers:
            found.append(
                f"no column is called {header[:60]!r}; there are {', '.join(headers[:20])}"
            )
    given: dict[str, str] = {}
    for header, field in mapping.items():
        if not field:
            continue
        if not is_field(field):
            found.append(f"{header}: expected one of {_choices()}, got {field[:60]!r}")
        elif field in given and not field.startswith(HANDLE_ON):
            found.append(f"{field} is given by two columns: {given[field]} and {header}")
        given.setdefault(field, header)
    if not any(field == CUSTOMER or field.startswith(HANDLE_ON) for field in given):
        found.append("no column says whose row it is: expected customer_id or a handle")
    return found


def _doubles(headers: Sequence[str]) -> list[str]:
    places: dict[str, list[int]] = {}
    for place, header in enumerate(headers, start=1):
        places.setdefault(header, []).append(place)
    found = []
    for header, where in places.items():
        numbers = " and ".join(str(place) for place in where)
        if not header:
            found.append(f"column {numbers} has no name")
        elif len(where) > 1:
            found.append(f"the name {header[:60]!r} stands over columns {numbers}")
        if len(header) > HEADER_CHARS:
            found.append(f"the name of column {numbers} is longer than {HEADER_CHARS} characters")
    return found


def _choices() -> str:
    more = (f"{HANDLE_ON}CHANNEL", f"{FOLLOWERS}CHANNEL", f"{POSTS}CHANNEL")
    return ", ".join((CUSTOMER, AT, CONFIDENCE, *FIELDS, *more))
