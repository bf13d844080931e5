"""Words of a text, for search: the same for every database, in any script.

A text becomes folded words: case, accents and compatibility forms do not count. Scripts that
put no space between words (Chinese, Japanese, Thai, ...) give a word for each sign, and are
found as a sequence of them. Whoever searches types words, and has no syntax to break but quotes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST_WORD: Final = 60  # signs; beyond that it is no word, and indexes bound their keys
MOST_TERMS: Final = 12
_EXCERPT, _BEFORE = 260, 80  # characters shown of a long text, and before the first hit

_ASCII = re.compile(r"[a-z0-9]+")
_TERM = re.compile(r'"([^"]*)"|(\S+)')
# Blocks of scripts that write without spaces.
_SPACELESS: Final = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_JOINERS: Final = "\u200c\u200d\u00ad"  # within words, and never seen

Part = tuple[str, bool]  # a piece of text, and whether it was searched for


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and where it stands in the text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow one another; the last one may be the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool


def words_of(text: str) -> Iterator[Word]:
    """The folded words of a text, in order."""
    if text.isascii():
        for found in _ASCII.finditer(text.lower()):
            yield Word(found[0][:LONGEST_WORD], *found.span())
        return
    start = -1
    for at, sign in enumerate(text):
        kind = _kind(sign)
        if start >= 0 and kind != "word":
            yield from _word(text, start, at)
            start = -1
        if kind == "sign":
            yield from _word(text, at, at + 1)
        elif kind == "word" and start < 0:
            start = at
    if start >= 0:
        yield from _word(text, start, len(text))


@lru_cache(maxsize=8192)
def _kind(sign: str) -> str:
    """word, sign (a word by itself) or empty (between words)."""
    code = ord(sign)
    if sign in _JOINERS or unicodedata.category(sign)[0] == "M":
        return "word"
    if unicodedata.category(sign)[0] not in "LN":
        return ""
    return "sign" if any(low <= code <= high for low, high in _SPACELESS) else "word"


def _word(text: str, start: int, end: int) -> Iterator[Word]:
    if folded := _folded(text[start:end])[:LONGEST_WORD]:
        yield Word(folded, start, end)


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in parts if unicodedata.category(sign)[0] in "LN")


def terms_of(query: str) -> tuple[Term, ...]:
    """What somebody searches for; all of it must be found. Quotes ask for exactly these words."""
    found: list[Term] = []
    for quoted, bare in _TERM.findall(query):
        words = tuple(word.text for word in words_of(quoted or bare))
        if words:
            found.append(Term(words, prefix=not quoted))
    return tuple(found[:MOST_TERMS])


def marked(text: str, terms: Sequence[Term]) -> list[Part]:
    """The text in pieces, those that were searched for among them."""
    words = list(words_of(text))
    spans = sorted(span for term in terms for span in _spans(words, term))
    parts: list[Part] = []
    at = 0
    for start, end in spans:
        if end <= at:
            continue
        if start > at:
            parts.append((text[at:start], False))
        parts.append((text[max(at, start) : end], True))
        at = end
    if at < len(text):
        parts.append((text[at:], False))
    return parts


def excerpt(text: str, terms: Sequence[Term]) -> list[Part]:
    """As `marked`, of a long text only what is around the first hit."""
    if len(text) <= _EXCERPT:
        return marked(text, terms)
    words = list(words_of(text))
    first = min((start for term in terms for start, _ in _spans(words, term)), default=0)
    begin = max(0, min(first - _BEFORE, len(text) - _EXCERPT))
    end = min(len(text), begin + _EXCERPT)
    parts = marked(text[begin:end], terms)
    return [
        *([("…", False)] if begin else []),
        *parts,
        *([("…", False)] if end < len(text) else []),
    ]


def matches(text: str, terms: Sequence[Term]) -> bool:
    """Is all of this in the text? What databases answer by their indexes."""
    words = list(words_of(text))
    return bool(terms) and all(next(_spans(words, term), None) for term in terms)


def _spans(words: Sequence[Word], term: Term) -> Iterator[tuple[int, int]]:
    size, *before = len(term.words), *term.words[:-1]
    last = term.words[-1]
    for at in range(len(words) - size + 1):
        end = words[at + size - 1]
        fits = end.text.startswith(last) if term.prefix else end.text == last
        if fits and all(words[at + i].text == word for i, word in enumerate(before)):
            yield words[at].start, end.end


def clipped(text: str, most: int) -> str:
    """A text short enough for a report, on one line: `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
