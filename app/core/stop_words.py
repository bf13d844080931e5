"""STOP and START: does a whole message say nothing else than that we shall stop, or may go on?

Of a mail what counts is what its writer wrote above the quote and the signature.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.core.consent import START, STOP

LONGEST_WORDS = 60  # characters of a keyword: what is longer was meant as a sentence
_LOOKED_AT = 4 * LONGEST_WORDS  # room for what is stripped: quotes, dots, smileys, polite words
_READ = 4 * _LOOKED_AT  # of a message: room for the line that begins the quote below

# Where what they wrote ends: a quote, a signature, or what a mail program adds.
_BELOW = re.compile(
    r"""^[ \t]*(?:
        >
      | --+[ \t]*$ | __+[ \t]*$ | -+[ \t]*(?:original|urspr|forwarded|weitergel|message[ ]d.orig)
      | (?:sent[ ]from|sent[ ]with|sent[ ]via|get[ ]outlook|gesendet[ ]von
        |von[ ]mein\w*[ ].{1,80}?gesendet|envoyé[ ]de|enviado[ ](?:desde|do|de)
        |inviato[ ]da|verzonden[ ]vanaf|wysłane[ ]z)\b
      | (?:on|am|le|el|il|em|op|dnia|w[ ]dniu)[ ][\s\S]{1,200}?
        \b(?:wrote|schrieb|a[ ]écrit|escribió|ha[ ]scritto|escreveu|schreef|napisał)\b
      | (?:from|von|de|da|van|od)[ \t]*:
    )""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")

# Said around a STOP, and no part of it. As `plain` writes them.
_POLITE = tuple(
    tuple(phrase.split())
    for phrase in (
        "please", "pls", "kindly", "thanks", "thank you", "thx", "hello", "hi", "hey",
        "bitte", "danke", "vielen dank", "hallo", "guten tag", "mfg", "s il vous plait", "svp",
        "merci", "bonjour", "por favor", "gracias", "hola", "per favore", "grazie", "ciao",
        "obrigado", "obrigada", "alsjeblieft", "alstublieft", "dank u", "prosze", "lutfen",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWords:
    """Keywords as `plain` writes them. `stop_on`: more of them on single channels."""

    stop: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()
    stop_on: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def said(self, channel: str, text: str) -> str:
        """`stop`, `start` or nothing. A sentence in which a keyword occurs says nothing."""
        above = _above(text)
        words = _request(_first(above))
        if words in self.stop or words in self.stop_on.get(channel, ()):
            return STOP
        # A stop is not lifted by the first line of something else: here all of it counts.
        return START if _request(above) in self.start else ""


def keywords(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(text) for text in texts)


def plain(text: str) -> str:
    """Letters and digits alone: no case, accents, full-width forms, signs or repeated blanks."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(_kept(sign) for sign in apart)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _above(text: str) -> str:
    """What they wrote themselves, before the first quote or signature."""
    head = text[:_READ].replace("\r\n", "\n").strip()
    below = _BELOW.search(head)
    return head[: below.start()] if below else head


def _first(text: str) -> str:
    """The first paragraph that says more than a greeting."""
    return next((part for part in _PARAGRAPHS.split(text) if _request(part)), "")


def _request(text: str) -> str:
    """What is asked for, once and without politeness; nothing where it is long."""
    if len(text) > _LOOKED_AT:
        return ""
    words = list(_spelt(plain(text).split()))
    while (polite := _polite(words)) is not None:
        words = words[polite]
    for size in range(1, len(words)):
        if len(words) % size == 0 and words == words[:size] * (len(words) // size):
            return " ".join(words[:size])
    return " ".join(words)


def _polite(words: Sequence[str]) -> slice | None:
    """What is left without a polite phrase at one end; None where there is none."""
    for phrase in _POLITE:
        size = len(phrase)
        if tuple(words[:size]) == phrase:
            return slice(size, None)
        if tuple(words[-size:]) == phrase:
            return slice(0, len(words) - size)
    return None


def _spelt(words: Sequence[str]) -> Iterator[str]:
    """Single letters in a row are one word: S.T.O.P."""
    letters = ""
    for word in words:
        if len(word) == 1:
            letters += word
            continue
        if letters:
            yield letters
        letters = ""
        yield word
    if letters:
        yield letters


def _kept(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in ("Mn", "Cf"):  # accents; signs without width, put there to hide a word
        return ""
    return sign if kind[0] in "LN" or kind == "Mc" else " "
