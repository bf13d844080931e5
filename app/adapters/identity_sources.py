"""Where particulars come from: the handle of a mention and what its source attests; a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.adapters.normal_forms import contact_of, id_key, key_of, particulars
from app.core.particulars import MAIL, PHONE, Particulars
from app.core.profile import Profile, handle_key

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


def of_profile(profile: Profile, handle_keys: Iterable[str]) -> Particulars:
    """What a customer's record says: the name, and the addresses and numbers among the handles."""
    contacts = [contact_of(*key.split(":", 1)) for key in handle_keys]
    return particulars({"name": profile.name}, strong=contacts)


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
