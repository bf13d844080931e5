"""Signals: what other systems say of a person or of products, joined to what people say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.core.facts import Fact
from app.core.sealing import UNREADABLE

SIGNAL_TYPE: Final = "handshake.signal"  # of the CloudEvent that carries one
SIGNALLED: Final = "signalled"

# Whom a signal hurts: one person each, or whoever has a product. A product is never unfolded into
# its owners: they are joined when one of them is looked at.
CUSTOMER, HANDLE, PRODUCT = "customer", "handle", "product"

MOST_SUBJECTS: Final = 1_000  # of one call; whoever hurts more people names the product


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalKind:
    """A kind of config/signals.toml. `says` goes behind the signal's subject ("was delayed").

    It concerns mentions from `after_ms` before the event to `before_ms` behind it: so long before
    a mention the event may lie, or so long after it. `means` is the advice to the agent; with
    `proactive` people are told before they ask, with the text of `draft`.
    """

    name: str
    title: str
    says: str
    means: str = ""
    severity: str = "notice"
    before_ms: int = 0
    after_ms: int = 0
    proactive: bool = False
    draft: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Degrees north and east."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal. `sender` is the partner that signed it, empty for the intake key.

    It names one person, by their customer id or by handle keys, or products: never both. What is
    said of several people is several signals of one event, each sealed with its person's key.
    """

    kind: SignalKind
    sender: str
    source: str
    id: str
    at_ms: int
    subject: str
    detail: str = ""
    customer: str = ""
    handles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def event(self) -> str:
        """Names what the source said, of however many people."""
        return hashlib.sha256(f"{self.sender}\0{self.source}\0{self.id}".encode()).hexdigest()

    @property
    def key(self) -> str:
        """Names it for ever: the same source and id of the same person is the same signal."""
        return hashlib.sha256(f"{self.event}\0{self.person}".encode()).hexdigest()

    @property
    def person(self) -> str:
        """Whom it concerns, as they are looked up; empty for whoever has a product."""
        return next(iter(self.subjects), "") if not self.products else ""

    @property
    def owner(self) -> str:
        """The key under which it is sealed: the customer's where it names one, or the handle's.

        Empty where it names nobody.
        """
        return f":{self.customer}" if self.customer else next(iter(self.handles), "")

    @property
    def digest(self) -> str:
        """What it says, apart from how its kind is configured just now."""
        said = asdict(self) | {"kind": self.kind.name}
        return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()

    @property
    def from_ms(self) -> int:
        """The first mention that it concerns."""
        return self.at_ms - self.kind.after_ms

    @property
    def until_ms(self) -> int:
        """The last mention that it concerns."""
        return self.at_ms + self.kind.before_ms

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom it concerns, as they are looked up."""
        return (
            *(subject(CUSTOMER, one) for one in (self.customer,) if one),
            *(subject(HANDLE, one) for one in self.handles),
            *(subject(PRODUCT, one) for one in self.products),
        )

    def fact(self, now_ms: int, actor: Mapping[str, str]) -> Fact:
        """It as the ledger keeps it, with what its kind meant when it came."""
        return Fact(
            op=SIGNALLED,
            op_id=_op_id(self.key),
            now_ms=now_ms,
            reason=self.kind.title,
            data={"signal": asdict(self), "handle_key": self.owner},
            actor=actor,
        )


def _op_id(key: str) -> str:
    return f"signal:{key}"


def signal_matter(key: str) -> str:
    """What the fact of the signal with this key is sealed as."""
    return f"{_op_id(key)}/{SIGNALLED}"


def subject(kind: str, name: str) -> str:
    """The key under which a person or a product is found: of one length, whatever the name."""
    return hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()


def readable(fact: Mapping[str, Any]) -> bool:
    """Is it still there what the fact says? Who was erased is not spoken of."""
    return UNREADABLE not in fact


def signal_of(fact: Mapping[str, Any]) -> Signal:
    """The signal in a fact of the ledger."""
    said: Mapping[str, Any] = fact["data"]["signal"]
    lists = {name: tuple(said[name]) for name in ("handles", "products")}
    place = Place(**said["place"]) if said["place"] else None
    return Signal(**{**said, **lists, "kind": SignalKind(**said["kind"]), "place": place})
