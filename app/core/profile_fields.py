"""What can be said of a customer: the fields, and how a text or a JSON value becomes one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from app.core import community
from app.core.errors import Invalid
from app.core.known import ADVOCACY, FOLLOWERS, HANDLE, POSTS, Statement, Value
from app.core.profile import handle_key

# Beside the fields proper: whose row it is, since when it is so, how sure the source is.
CUSTOMER, AT, CONFIDENCE = "customer_id", "at", "confidence"
HANDLE_ON: Final = "handle."  # with the channel behind the dot, as followers. and posts.

ID_CHARS: Final = 80
_AHEAD_MS: Final = (
    5 * 60_000
)  # clocks differ; beyond it a time ahead would stay the newest for ever
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_LANG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_DAY: Final = re.compile(r"\d{4}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])")
_UNREADABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_HANDLE_CHARS: Final = 200  # as in a mention
_PRODUCTS, _PRODUCT_CHARS = 50, 120
_LARGEST: Final = 2**53


@dataclass(slots=True)  # millions are made: a frozen one costs thrice as much
class _Of:
    """A value with the name of its field, which problems tell."""

    field: str
    value: object

    def wrong(self, expected: str) -> Invalid:
        shown = readable(str(self.value))
        got = shown if len(shown) <= 60 else f"{shown[:60]}... ({len(shown)} long)"
        return Invalid("wrong_field", expected, got, self.field)


Check = Callable[[_Of], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of an import or of a webhook, checked. The customer id may be left to its handles."""

    line: int
    statement: Statement

    @property
    def handles(self) -> tuple[str, ...]:
        found = self.statement.says.get(HANDLE, ())
        return found if isinstance(found, tuple) else ()


def statement_of(
    given: Iterable[tuple[str, object]], source: str, at_ms: int, now_ms: int
) -> Statement:
    """A statement of these pairs of field and value; nothing is said by an empty value.

    Raises Invalid (`wrong_field`, `no_key`, `says_nothing`) with the field.
    """
    says: dict[str, Value] = {}
    handles: dict[str, None] = {}
    customer_id, confidence = "", 1.0
    for field, value in given:
        if value is None or value in ("", []):
            continue
        if field.startswith(HANDLE_ON):
            handles.update(dict.fromkeys(_handles(field, value)))
        elif field == CUSTOMER:
            customer_id = str(_text(ID_CHARS)(_Of(field, value)))
        elif field == AT:
            at_ms = _moment(field, value, now_ms)
        elif field == CONFIDENCE:
            confidence = _share(field, value)
        else:
            says[field] = _checked(field, value)
    if handles:
        says[HANDLE] = tuple(sorted(handles))
    if not customer_id and not handles:
        raise Invalid("no_key", "a customer id or a handle", "neither", CUSTOMER)
    if not says:
        raise Invalid("says_nothing", "at least one field beside the customer id", "none")
    return Statement(
        customer_id=customer_id,
        source=source,
        at_ms=at_ms,
        seen_ms=at_ms,
        says=says,
        confidence=confidence,
    )


def is_field(name: str) -> bool:
    """Can a column become this?"""
    if name in FIELDS or name in (CUSTOMER, AT, CONFIDENCE):
        return True
    kind, dot, channel = name.partition(".")
    return f"{kind}{dot}" in (HANDLE_ON, FOLLOWERS, POSTS) and is_name(channel)


def is_name(text: str) -> bool:
    """The form of the names of channels and sources."""
    return _NAME.fullmatch(text) is not None


def _checked(field: str, value: object) -> Value:
    check = FIELDS.get(field) or (_count if field.startswith((FOLLOWERS, POSTS)) else None)
    if check is None:
        raise Invalid("wrong_field", f"one of {', '.join(FIELDS)}", field, field)
    return check(_Of(field, value))


def readable(text: str) -> str:
    """Without what no store and no screen can hold; every script stays as it is."""
    return _UNREADABLE.sub(" ", text).strip()


def _text(longest: int) -> Check:
    expected = f"a text of 1 to {longest} characters"

    def check(given: _Of) -> str:
        value = given.value
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise given.wrong(expected)
        text = readable(str(value))
        if not 1 <= len(text) <= longest:
            raise given.wrong(expected)
        return text

    return check


def _name(given: _Of) -> str:
    text = str(given.value).strip().casefold()
    if not is_name(text):
        raise given.wrong("a name of a-z, 0-9, '_', '.' and '-', at most 40 long")
    return text


def _advocacy(given: _Of) -> str:
    text = str(given.value).strip().casefold()
    if text not in community.ADVOCACY:
        raise given.wrong(", ".join(community.ADVOCACY))
    return text


def _lang(given: _Of) -> str:
    text = str(given.value).strip().lower().replace("_", "-")
    if not _LANG.fullmatch(text):
        raise given.wrong("a language code such as en or pt-br")
    return text


def _born(given: _Of) -> str:
    value = given.value
    text = value.isoformat()[:10] if isinstance(value, date) else str(value).strip()
    if not _DAY.fullmatch(text):
        raise given.wrong("a day such as 1984-03-07")
    return text


def _number(given: _Of) -> float:
    value = given.value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise given.wrong("a number such as 1234.5")
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise given.wrong("a number such as 1234.5")
    return float(value)


def _count(given: _Of) -> int:
    expected = "a whole number from 0"
    value = given.value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value) if len(value) <= 16 else _LARGEST + 1
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise given.wrong(expected)
    return value


def _products(given: _Of) -> tuple[str, ...]:
    """A list; in a text, parted by ; or |."""
    value = given.value
    parts = re.split("[;|]", value) if isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) > _PRODUCTS:
        raise given.wrong(f"a list of at most {_PRODUCTS} texts")
    one = _text(_PRODUCT_CHARS)
    return tuple(str(one(_Of(given.field, part))) for part in parts if part != "" or len(parts) > 1)


def _handles(field: str, value: object) -> list[str]:
    channel = field.removeprefix(HANDLE_ON)
    one = _text(_HANDLE_CHARS)
    values = value if isinstance(value, list) else [value]
    if not is_name(channel) or len(values) > _PRODUCTS:
        raise _Of(field, value).wrong("a channel, and at most 50 handles")
    keys = [handle_key(channel, str(one(_Of(field, each)))) for each in values]
    if any(key.endswith(":") for key in keys):
        raise _Of(field, value).wrong("a handle that is not blank")
    return keys


def _share(field: str, value: object) -> float:
    number = _number(_Of(field, value))
    if not 0 <= number <= 1:
        raise _Of(field, value).wrong("a share from 0 to 1")
    return number


def _moment(field: str, value: object, now_ms: int) -> int:
    """Milliseconds. A day is its beginning in UTC. Raises Invalid."""
    wrong = _Of(field, value).wrong("an RFC 3339 time with a zone, or a day such as 2026-05-31")
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        text = value.strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise wrong from None
        if len(text) == len("2026-05-31"):
            moment = moment.replace(tzinfo=UTC)
    else:
        raise wrong
    if moment.tzinfo is None or moment.year < 1970:
        raise wrong
    at_ms = round(moment.timestamp() * 1000)
    if at_ms > now_ms + _AHEAD_MS:
        raise _Of(field, value).wrong("a time that is not ahead of now")
    return at_ms


FIELDS: Final[Mapping[str, Check]] = {
    "name": _text(200),
    "tier": _name,
    "value": _number,
    "credit": _number,
    "rewards": _number,
    "open_cases": _count,
    "products": _products,
    "household": _text(ID_CHARS),
    "preferred_channel": _name,
    "lang": _lang,
    "zone": _text(64),
    ADVOCACY: _advocacy,
    # What people are told apart by; no rule sees it.
    "born": _born,
    "house": _text(20),
    "street": _text(200),
    "postcode": _text(20),
    "place": _text(200),
}
