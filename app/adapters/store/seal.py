"""Sealing facts on their way into the ledger, and opening them on the way out.

Each person has a key of their own (AES-256-GCM). Who erases the key erases what they said from
every fact, while each byte of the ledger stays as it was, and so does the chain.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.adapters.store.database import Database
from app.adapters.store.parts import in_parts
from app.adapters.store.seal_tables import mention_keys, person_keys
from app.core.sealing import (
    ALTERED,
    ERASED,
    SOURCES,
    UNREADABLE,
    Fact,
    Secret,
    emptied,
    filled,
    matter_of,
    owner_of,
    personal,
)

_NONCE: Final = 12  # bytes, as NIST SP 800-38D wants them for GCM
_KEY_BITS: Final = 256


@dataclass(frozen=True, slots=True)
class _Lock:
    """What a mention's facts are sealed with. `cipher` is None once the key is gone."""

    source_id: str
    cipher: AESGCM | None


_GONE: Final = _Lock("", None)


def seal(database: Database, connection: sa.Connection, facts: Sequence[Fact]) -> list[Fact]:
    """The facts with everything personal sealed; makes the keys of those who are new.

    A fact of a mention whose key is gone is stored without what was personal in it; one of a
    mention that never had a key, because it is older than the seal, as it is.
    """
    _make_keys(database, connection, facts)
    locks = _locks(connection, map(matter_of, facts))
    return [_sealed(fact, locks.get(matter_of(fact))) for fact in facts]


def open_facts(
    connection: sa.Connection, bodies: Iterable[bytes], whole: bool = False
) -> list[Fact]:
    """The facts as they were told, in order.

    `unreadable` says why one could not be opened: its key is gone, or it was altered from outside.
    `whole` keeps the sealed text beside it, with which the chain can be checked.
    """
    facts: list[Fact] = [orjson.loads(body) for body in bodies]
    locks = _locks(connection, (_sealed_as(fact) for fact in facts if "sealed" in fact))
    return [
        _opened(fact, locks.get(_sealed_as(fact), _GONE), whole) if "sealed" in fact else fact
        for fact in facts
    ]


def gone(connection: sa.Connection, matters: Iterable[str]) -> set[str]:
    """Those of these whose key is gone: nothing of them may be kept any more."""
    return {id_ for id_, lock in _locks(connection, matters).items() if lock.cipher is None}


def _sealed_as(fact: Fact) -> str:
    """`matter_of`, once what it goes by is sealed itself."""
    return str(fact.get("mention_id") or fact["fact_id"])


def _sealed(fact: Fact, lock: _Lock | None) -> Fact:
    if lock is None:
        return fact
    found = personal(fact)
    of = [path for path, _ in found]
    # The mention's own source id is kept once, beside its key, and not in each of its facts.
    secrets = [
        (path, held) for path, held in found if path not in SOURCES or held != lock.source_id
    ]
    sealed: dict[str, Any] = {"of": of}
    if secrets and lock.cipher:
        nonce = os.urandom(_NONCE)
        text = lock.cipher.encrypt(nonce, orjson.dumps(secrets), _bound_to(fact))
        sealed["text"] = base64.b64encode(nonce + text).decode()
    return emptied(fact, of) | {"sealed": sealed}


def _opened(fact: Fact, lock: _Lock, whole: bool) -> Fact:
    secrets, why = _secrets(fact, lock)
    opened = fact | {UNREADABLE: why} if why else filled(fact, secrets)
    if not whole:
        opened.pop("sealed")
    return opened


def _secrets(fact: Fact, lock: _Lock) -> tuple[list[Secret], str]:
    """What was sealed, and nothing; or nothing, and why."""
    if lock.cipher is None:
        return [], ERASED
    sealed = fact["sealed"]
    source = [(path, lock.source_id) for path in SOURCES if [*path] in sealed["of"]]
    if "text" not in sealed:
        return source, ""
    try:
        packed = base64.b64decode(sealed["text"])
        text = lock.cipher.decrypt(packed[:_NONCE], packed[_NONCE:], _bound_to(fact))
    except (InvalidTag, ValueError):
        return [], ALTERED
    return source + orjson.loads(text), ""


def _bound_to(fact: Fact) -> bytes:
    """A sealed text fits its own fact and no other."""
    return str(fact["fact_id"]).encode()


def _make_keys(database: Database, connection: sa.Connection, facts: Sequence[Fact]) -> None:
    """The first fact of a mention, or one without a mention, tells whose it is."""
    first = {matter_of(fact): (owner, fact) for fact in facts if (owner := owner_of(fact))}
    if not first:
        return
    # In one order, so that two writers never wait for each other.
    owners = sorted({owner for owner, _ in first.values()})
    fresh = [
        {"handle_key": owner, "key_id": os.urandom(16).hex(), "key": AESGCM.generate_key(_KEY_BITS)}
        for owner in owners
    ]
    connection.execute(database.insert_new(person_keys), fresh)
    found: dict[str, str] = {}
    for some in in_parts(owners):
        query = sa.select(person_keys.c.handle_key, person_keys.c.key_id)
        query = query.where(person_keys.c.handle_key.in_(some))
        found |= {row.handle_key: row.key_id for row in connection.execute(query)}
    rows = [
        {"matter": id_, "key_id": found[owner], "source_id": str(fact.get("source_id") or "")}
        for id_, (owner, fact) in first.items()
    ]
    connection.execute(database.insert_new(mention_keys), rows)


def _locks(connection: sa.Connection, matters: Iterable[str]) -> Mapping[str, _Lock]:
    """The locks of those of these that have one."""
    found: dict[str, _Lock] = {}
    ciphers: dict[bytes, AESGCM] = {}
    for some in in_parts(sorted({*matters} - {""})):
        for id_, source_id, key in connection.execute(_LOCKS.where(_IDS.in_(some))):
            secret = bytes(key) if key is not None else b""
            if secret and secret not in ciphers:
                ciphers[secret] = AESGCM(secret)
            found[id_] = _Lock(source_id, ciphers.get(secret))
    return found


_IDS = mention_keys.c.matter
_LOCKS = sa.select(_IDS, mention_keys.c.source_id, person_keys.c.key).outerjoin(
    person_keys, person_keys.c.key_id == mention_keys.c.key_id
)
