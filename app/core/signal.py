"""Signals: what other systems say of people or of a product, joined to what those people say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.core.facts import Fact

SIGNAL_TYPE: Final = "handshake.signal"  # of the CloudEvent that carries one
SIGNALLED: Final = "signalled"

# Whom a signal hurts: one person each, or whoever has a product. A product is never unfolded into
# its owners: they are joined when one of them is looked at.
CUSTOMER, HANDLE, PRODUCT = "customer", "handle", "product"

MOST_SUBJECTS: Final = 1_000  # of one signal; whoever hurts more people names the product


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

    `handles` are handle keys. It names people, or products, never both: a clause stands on one.
    """

    kind: SignalKind
    sender: str
    source: str
    id: str
    at_ms: int
    subject: str
    detail: str = ""
    customers: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def key(self) -> str:
        """Names it for ever: the same source and id again is the same signal."""
        return hashlib.sha256(f"{self.sender}\0{self.source}\0{self.id}".encode()).hexdigest()

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
            *(subject(CUSTOMER, one) for one in self.customers),
            *(subject(HANDLE, one) for one in self.handles),
            *(subject(PRODUCT, one) for one in self.products),
        )

    def fact(self, now_ms: int, actor: Mapping[str, str]) -> Fact:
        """It as the ledger keeps it, with what its kind meant when it came."""
        return Fact(
            op="signalled",
            op_id=f"signal:{self.key}",
            now_ms=now_ms,
            reason=f"{self.kind.title}: {self.subject}",
            data={"signal": asdict(self), "digest": self.digest},
            actor=actor,
        )


def subject(kind: str, name: str) -> str:
    """The key under which a person or a product is found: of one length, whatever the name."""
    return hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()


def signal_of(fact: Mapping[str, Any]) -> Signal:
    """The signal in a fact of the ledger."""
    said: Mapping[str, Any] = fact["data"]["signal"]
    lists = {name: tuple(said[name]) for name in ("customers", "handles", "products")}
    place = Place(**said["place"]) if said["place"] else None
    return Signal(**{**said, **lists, "kind": SignalKind(**said["kind"]), "place": place})
