"""A signal as it comes: checked whole, every mistake named at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.core.errors import Invalid
from app.core.mention import EARLIEST
from app.core.profile import handle_key
from app.core.signal import MOST_SUBJECTS, Place, Signal, SignalKind

FIELDS: Final = (
    *("source", "id", "kind", "at", "subject", "detail"),
    *("customers", "handles", "products", "place"),
)

_LONGEST = {"source": 300, "id": 200, "subject": 80, "detail": 300}  # characters
_LONGEST_NAME = 200  # of a customer's id, a handle or a product
_LONGEST_PLACE = 40
_AHEAD = timedelta(days=366)  # an outage or an invoice may be known a year before

_PEOPLE_OR_PRODUCTS: Final = "customers and handles, or products"


@dataclass(slots=True)
class _Reader:
    """Takes fields one by one; what is wrong is gathered, and stands in as empty."""

    given: Mapping[str, Any]
    problems: list[Invalid] = field(default_factory=list)

    def wrong(self, name: str, expected: str, got: Any) -> None:
        shown = "nothing" if got is None else repr(got)[:60]
        self.problems.append(Invalid("wrong_field", expected, shown, name))

    def text(self, name: str, *, needed: bool = True) -> str:
        value, longest = self.given.get(name), _LONGEST[name]
        if value is None and not needed:
            return ""
        if isinstance(value, str) and _is_name(value, longest):
            return _clean(value)
        self.wrong(name, f"a text of 1 to {longest} characters", value)
        return ""

    def names(self, name: str, read: Callable[[Any], str | None], each: str) -> tuple[str, ...]:
        value = self.given.get(name, [])
        if not isinstance(value, list):
            self.wrong(name, f"a list of {each}", value)
            return ()
        found = [read(one) for one in value[:MOST_SUBJECTS]]
        for at, one in enumerate(found):
            if one is None:
                self.wrong(f"{name}.{at}", each, value[at])
        return tuple(dict.fromkeys(one for one in found if one))


def read(
    given: Mapping[str, Any], kinds: Mapping[str, SignalKind], sender: str, now: datetime
) -> tuple[tuple[Signal, ...], tuple[Invalid, ...]]:
    """The signals of a decoded object, one for each person; or everything that is wrong with it.

    One customer with handles is one person; otherwise each customer and each handle is one.
    """
    reader = _Reader(given)
    for name in sorted(given.keys() - set(FIELDS)):
        shown = repr(given[name])[:60]
        expected = f"one of {', '.join(FIELDS)}"
        reader.problems.append(Invalid("unknown_field", expected, shown, name[:60]))
    kind = kinds.get(given["kind"]) if isinstance(given.get("kind"), str) else None
    if kind is None:
        known = " or ".join(kinds) or "a kind, but config/signals.toml lists none"
        reader.wrong("kind", known, given.get("kind"))
    at = _moment(reader, now)
    texts = {name: reader.text(name, needed=name != "detail") for name in _LONGEST}
    customers = reader.names("customers", _name, f"a text of 1 to {_LONGEST_NAME} characters")
    handles = reader.names("handles", _handle, "a channel and a handle, an object")
    products = reader.names("products", _name, f"a text of 1 to {_LONGEST_NAME} characters")
    _check_subjects(reader, len(customers) + len(handles), len(products))
    place = _place(reader)
    if reader.problems or kind is None:
        return (), tuple(reader.problems)
    at_ms = round(at.timestamp() * 1000)
    made = Signal(
        kind=kind,
        sender=sender,
        source=texts["source"],
        id=texts["id"],
        at_ms=at_ms,
        subject=texts["subject"],
        detail=texts["detail"],
        products=products,
        place=place,
    )
    return tuple(_each(made, customers, handles)), ()


def _each(made: Signal, customers: tuple[str, ...], handles: tuple[str, ...]) -> Iterator[Signal]:
    if made.products:
        yield made
    elif len(customers) == 1:
        yield replace(made, customer=customers[0], handles=handles)
    else:
        yield from (replace(made, customer=one) for one in customers)
        yield from (replace(made, handles=(one,)) for one in handles)


def _check_subjects(reader: _Reader, people: int, products: int) -> None:
    named = [n for n in ("customers", "handles", "products") if reader.given.get(n)]
    if not named:
        reader.wrong("customers", f"whom it concerns: {_PEOPLE_OR_PRODUCTS}", None)
    elif people and products:
        reader.wrong("products", f"either {_PEOPLE_OR_PRODUCTS}", "both")
    for name in named:
        value = reader.given[name]
        if isinstance(value, list) and len(value) > MOST_SUBJECTS:
            expected = f"at most {MOST_SUBJECTS}; whoever hurts more people names the product"
            reader.wrong(name, expected, len(value))


def _moment(reader: _Reader, now: datetime) -> datetime:
    value, expected = reader.given.get("at"), "an RFC 3339 time with a zone"
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reader.wrong("at", expected, value)
    elif not EARLIEST <= found <= now + _AHEAD:
        reader.wrong("at", f"a time from 2000 to {_AHEAD.days} days ahead", value)
    else:
        return found
    return datetime.fromtimestamp(0, UTC)


def _place(reader: _Reader) -> Place | None:
    value = reader.given.get("place")
    if value is None:
        return None
    problems = list(_place_problems(value))
    for name, expected, got in problems:
        reader.wrong(name, expected, got)
    if problems:
        return None
    lat, lon = float(value["lat"]), float(value["lon"])
    return Place(name=_clean(value["name"]), lat=lat, lon=lon)


def _place_problems(value: Any) -> Iterator[tuple[str, str, Any]]:
    if not isinstance(value, dict) or value.keys() - {"name", "lat", "lon"}:
        yield "place", "an object of name, lat and lon", value
        return
    if not _is_name(value.get("name"), _LONGEST_PLACE):
        yield "place.name", f"a text of 1 to {_LONGEST_PLACE} characters", value.get("name")
    for name, most in (("lat", 90), ("lon", 180)):
        got: Any = value.get(name)
        number = isinstance(got, int | float) and not isinstance(got, bool)
        if not number or not -most <= got <= most:  # not a number is within no bounds
            yield f"place.{name}", f"degrees from -{most} to {most}", got


def _name(value: Any) -> str | None:
    return _clean(value) if _is_name(value, _LONGEST_NAME) else None


def _handle(value: Any) -> str | None:
    if not isinstance(value, dict) or value.keys() != {"channel", "handle"}:
        return None
    channel, handle = value["channel"], value["handle"]
    if not _is_name(channel, 40) or not _is_name(handle, _LONGEST_NAME):
        return None
    return handle_key(_clean(channel), _clean(handle))


def _is_name(value: Any, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").strip()
