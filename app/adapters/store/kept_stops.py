"""STOPs of people who were erased: nobody's name is kept, and they are still not written to.

Of each handle a keyed digest (HMAC-SHA256) stays. It answers whether this handle said STOP and
lists nobody. The key is the store's own, so whoever has the whole store can try handles one by one.
Of the time only the day is kept: a moment would lead to the erasure, and from one handle to others.
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
from app.core.consent import DAY_MS, KeptStop

_KEY_BYTES: Final = 32
_ONE: Final = 1


def keep_stops(
    database: Database, connection: sa.Connection, keys: Sequence[str], at_ms: int
) -> None:
    """From now on these handles said STOP, whatever else is known; the newest day counts."""
    fresh = {"one": _ONE, "key": secrets.token_bytes(_KEY_BYTES)}
    connection.execute(database.insert_new(kept_stop_key), fresh)
    day_ms = at_ms - at_ms % DAY_MS
    for some in in_parts(list(_digests(connection, keys))):
        rows = [{"digest": digest, "day_ms": day_ms} for digest in some]
        connection.execute(database.insert_new(kept_stops), rows)
        older = kept_stops.c.digest.in_(some) & (kept_stops.c.day_ms < day_ms)
        connection.execute(sa.update(kept_stops).where(older).values(day_ms=day_ms))


def drop_stops(connection: sa.Connection, keys: Sequence[str]) -> None:
    """What these handles said was taken back since."""
    for some in in_parts(list(_digests(connection, keys))):
        connection.execute(sa.delete(kept_stops).where(kept_stops.c.digest.in_(some)))


def kept_stop(connection: sa.Connection, keys: Sequence[str]) -> KeptStop | None:
    """The stop that was kept of these handles: the newest, which goes over all others."""
    digests, days = _digests(connection, keys), dict[str, int]()
    for some in in_parts(list(digests)):
        query = sa.select(kept_stops).where(kept_stops.c.digest.in_(some))
        days |= {digests[row.digest]: int(row.day_ms) for row in connection.execute(query)}
    if not days:
        return None
    newest = max(days.values())
    return KeptStop(handle_keys={key for key, day in days.items() if day == newest}, day_ms=newest)


def _digests(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """The handle behind each digest; empty as long as no stop was ever kept."""
    key = connection.scalar(sa.select(kept_stop_key.c.key).where(kept_stop_key.c.one == _ONE))
    if key is None:
        return {}
    return {hmac.new(key, one.encode(), hashlib.sha256).hexdigest(): one for one in keys}
