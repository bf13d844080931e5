"""Particulars: what of somebody is compared with others, in its normal form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

MAIL, PHONE, ID = "mail", "phone", "id"

CUSTOMER, HANDLE = "customer", "handle"
_SEPARATOR = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Of one customer id or one handle. Everything is in its normal form; empty is not known.

    `names`: Latin small-letter tokens of `written`, the name as it was written. `born`: YYYYMMDD.
    `keys`: every `mail:...`, `phone:...` and `id:issuer:...`; `strong` are those among them that
    somebody has attested (the channel, the issuer), the others are only claimed.
    """

    names: tuple[str, ...] = ()
    written: str = ""
    born: str = ""
    house: str = ""
    street: str = ""
    postcode: str = ""
    place: str = ""
    keys: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()


MOST_KEYS = 20  # of one node: who has more addresses is not told apart by them


def added(old: Particulars, new: Particulars) -> Particulars:
    """What is known with something newer: its fields count where it has them, keys are gathered."""
    strong = _few({*old.strong, *new.strong})
    fields = ("born", "house", "street", "postcode", "place")
    return replace(
        old,
        names=new.names or old.names,
        written=new.written or old.written,
        strong=strong,
        keys=_few({*old.keys, *new.keys} - set(strong), MOST_KEYS - len(strong), strong),
        **{name: getattr(new, name) or getattr(old, name) for name in fields},
    )


def _few(keys: set[str], most: int = MOST_KEYS, always: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(sorted({*sorted(keys)[:most], *always}))


def node_of_customer(customer_id: str) -> str:
    """How joins name a customer id."""
    return f"{CUSTOMER}{_SEPARATOR}{customer_id}"


def node_of_handle(handle_key: str) -> str:
    """How joins name a handle: by the exact key under which it is looked up."""
    return f"{HANDLE}{_SEPARATOR}{handle_key}"


def split_node(node: str) -> tuple[str, str]:
    """`customer` or `handle`, and its id. Raises ValueError for what names neither."""
    kind, _, id_ = node.partition(_SEPARATOR)
    if kind not in (CUSTOMER, HANDLE) or not id_:
        raise ValueError(node)
    return kind, id_


def kind_of(key: str) -> str:
    """What two keys must share to contradict each other: mail, phone, or an issuer of ids."""
    kind, _, rest = key.partition(_SEPARATOR)
    return f"{ID}{_SEPARATOR}{rest.partition(_SEPARATOR)[0]}" if kind == ID else kind


def contradictions(ours: Iterable[str], theirs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Strong keys of one kind of which the two sides share none: one of each, kind by kind."""
    left, right = _by_kind(ours), _by_kind(theirs)
    for kind in sorted(left.keys() & right.keys()):
        if left[kind].isdisjoint(right[kind]):
            yield min(left[kind]), min(right[kind])


def shared(ours: Particulars, theirs: Particulars) -> list[str]:
    """Keys that are strong on both sides: the same person by what others attest."""
    return sorted(set(ours.strong) & set(theirs.strong))


def _by_kind(keys: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key in keys:
        found.setdefault(kind_of(key), set()).add(key)
    return found
