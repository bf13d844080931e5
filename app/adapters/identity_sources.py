"""Where particulars come from: a mention with what its source attests, a customer's sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from app.adapters.normal_forms import contact_of, id_key, key_of, particulars
from app.core.known import Value
from app.core.particulars import MAIL, PHONE, Particulars
from app.core.profile import handle_key

_FIELDS: Final = ("name", "born", "house", "street", "postcode", "place")
_MOST_IDS = 10  # of one mention


def of_mention(said: Mapping[str, Any]) -> Particulars:
    """What a recorded mention says of its author. Whatever has no sense is left out.

    Strong: the handle, where the channel's handles are addresses or numbers, and everything in
    `meta.identity` (`mail`, `phone`, `ids`), which the source attests. Claimed: `author.name` and
    `meta.claims`, which the author says of themselves.
    """
    meta = _object(said.get("meta"))
    attested, claims = _object(meta.get("identity")), _object(meta.get("claims"))
    author = _object(said.get("author"))
    given = {name: _text(claims.get(name)) for name in _FIELDS}
    given["name"] = _text(author.get("name")) or given["name"]
    own = contact_of(str(said.get("channel", "")), _text(author.get("handle")))
    ids = [(str(issuer), _text(value)) for issuer, value in _object(attested.get("ids")).items()]
    return particulars(
        given,
        strong=[own, *_contacts(attested), *(id_key(*each) for each in ids[:_MOST_IDS])],
        claimed=_contacts(claims),
    )


def of_customer(
    says: Mapping[str, Value], handle_keys: Iterable[str], channels: Collection[str] = ()
) -> Particulars:
    """What sources say of a customer, and the handles that lead to them.

    Strong are addresses and numbers among the handles, and ids of whatever is no channel: a
    loyalty scheme, another shop.
    """
    strong = []
    for key in handle_keys:
        channel, _, handle = key.partition(":")
        own = contact_of(channel, handle)
        strong.append(own or ("" if channel in channels else id_key(channel, handle)))
    return particulars({name: _text(says.get(name)) for name in _FIELDS}, strong=strong)


def handle_of(said: Mapping[str, Any]) -> str:
    """The exact handle key of a recorded mention."""
    return handle_key(said["channel"], said["author"]["handle"])


def says_more_than_its_handle(said: Mapping[str, Any]) -> bool:
    """Does the mention tell of somebody what their handle does not?"""
    meta = _object(said.get("meta"))
    return bool(_object(meta.get("identity")) or _object(meta.get("claims")))


def _contacts(given: Mapping[str, Any]) -> list[str]:
    kinds = (MAIL, PHONE)
    return [key_of(kind, text) for kind in kinds if (text := _text(given.get(kind)))]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
