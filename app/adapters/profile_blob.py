"""A profile as it lies in the store and in the cache: JSON without what is not known."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import orjson

from app.core.profile import MISSING, Profile

_EMPTY = [(field.name, field.default) for field in fields(Profile)]


def packed(profile: Profile) -> bytes:
    """As small as it can be: the cache holds one for each handle."""
    return orjson.dumps(
        {name: value for name, empty in _EMPTY if (value := getattr(profile, name)) != empty}
    )


def unpacked(blob: bytes) -> Profile:
    """A blob that nobody can read any more is as good as a miss: `record` refreshes it."""
    try:
        return msgspec.json.decode(blob, type=Profile)
    except msgspec.DecodeError:
        return MISSING
