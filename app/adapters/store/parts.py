"""Long lists of ids, some at a time: databases bound the parameters of a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 500


def in_parts(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))
