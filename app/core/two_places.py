"""Two places at once: two sightings of one person that no traveller could connect."""

from __future__ import annotations

import math
from typing import Final

from app.core.signal import Place

EARTH_KM: Final = 6_371.0088  # mean radius, IUGG
# No airliner that carries passengers is faster over ground for long; checking in takes time too.
FASTEST_KM_H: Final = 1_000.0
# Below this a place may be a mistake of its source: a network's node, the middle of a town.
NEAR_KM: Final = 100.0
_HOUR_MS: Final = 3_600_000


def distance_km(one: Place, other: Place) -> float:
    """Over the great circle, by the haversine formula (R. W. Sinnott, Sky & Telescope 68, 1984).

    It takes the earth for a ball: at most about half a percent off.
    """
    lat, other_lat = math.radians(one.lat), math.radians(other.lat)
    half_lat = math.sin((other_lat - lat) / 2) ** 2
    half_lon = math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    chord = half_lat + math.cos(lat) * math.cos(other_lat) * half_lon
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def impossible(one: tuple[Place, int], other: tuple[Place, int]) -> bool:
    """Would it have needed more than the bound to be at both, each with its time in ms?"""
    far_km = distance_km(one[0], other[0])
    between_ms = abs(one[1] - other[1])
    return far_km > NEAR_KM and far_km * _HOUR_MS > FASTEST_KM_H * between_ms
