"""STOP and START: does a whole message say nothing else than that we shall stop, or may go on?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.core.consent import START, STOP

LONGEST_WORDS = 60  # characters of a keyword: what is longer was meant as a sentence
_LOOKED_AT = 4 * LONGEST_WORDS  # room for what is stripped: quotes, dots, smileys


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWords:
    """Keywords as `plain` writes them. `stop_on`: more of them on single channels."""

    stop: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()
    stop_on: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def said(self, channel: str, text: str) -> str:
        """`stop`, `start` or nothing. A sentence in which a keyword occurs says nothing."""
        if len(text) > _LOOKED_AT:
            return ""
        words = plain(text)
        if words in self.stop or words in self.stop_on.get(channel, ()):
            return STOP
        return START if words in self.start else ""


def keywords(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(text) for text in texts)


def plain(text: str) -> str:
    """Letters and digits alone: no case, accents, full-width forms, signs or repeated blanks."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(_kept(sign) for sign in apart)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _kept(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in ("Mn", "Cf"):  # accents; signs without width, put there to hide a word
        return ""
    return sign if kind[0] in "LN" or kind == "Mc" else " "
