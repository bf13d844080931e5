"""STOPs of people who were erased: nobody's name is kept, and they are still not written to.

Of each handle a keyed digest (HMAC-SHA256) stays. It answers whether this handle said STOP and
lists nobody. The key is the store's own, so whoever has the whole store can try handles one by one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.outbound_tables import kept_stop_key, kept_stops
from app.adapters.store.parts import in_parts
from app.core.consent import STOP, ConsentEvent

_KEY_BYTES: Final = 32
_ONE: Final = 1


def keep_stops(
    database: Database, connection: sa.Connection, keys: Sequence[str], at_ms: int
) -> None:
    """From now on these handles said STOP, whatever else is known. Again it changes nothing."""
    fresh = {"one": _ONE, "key": secrets.token_bytes(_KEY_BYTES)}
    connection.execute(database.insert_new(kept_stop_key), fresh)
    rows = [{"digest": digest, "at_ms": at_ms} for digest in _digests(connection, keys)]
    if rows:
        connection.execute(database.insert_new(kept_stops), rows)


def drop_stops(connection: sa.Connection, keys: Sequence[str]) -> None:
    """What these handles said was taken back since."""
    for some in in_parts(list(_digests(connection, keys))):
        connection.execute(sa.delete(kept_stops).where(kept_stops.c.digest.in_(some)))


def kept_stop(connection: sa.Connection, keys: Sequence[str]) -> list[ConsentEvent]:
    """The stop that was kept of one of these handles: it comes before all that is known now."""
    digests = _digests(connection, keys)
    for some in in_parts(list(digests)):
        query = sa.select(kept_stops).where(kept_stops.c.digest.in_(some))
        if row := connection.execute(query.order_by(kept_stops.c.at_ms)).first():
            return [
                ConsentEvent(
                    event_id=f"kept:{row.digest[:12]}",
                    handle_key=digests[row.digest],
                    kind=STOP,
                    at_ms=row.at_ms,
                    source="erasure",
                    evidence="said before the person was erased",
                )
            ]
    return []


def _digests(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """The handle behind each digest; empty as long as no stop was ever kept."""
    key = connection.scalar(sa.select(kept_stop_key.c.key).where(kept_stop_key.c.one == _ONE))
    if key is None:
        return {}
    return {hmac.new(key, one.encode(), hashlib.sha256).hexdigest(): one for one in keys}
