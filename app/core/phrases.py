"""Finding families of phrases in a text: by words, in one pass, with negation.

A phrase is words between spaces. `word*` is any word that begins so, `#` a number in digits or
words, `..` up to five words of any kind within the same sentence, with commas or without. A line
may end within a sentence, as mail programs break lines; a blank line ends it. Nothing is searched
with a regular expression but the words themselves, so hostile text costs no more than its length:
for each word two look-ups, and for each phrase that may begin there a look ahead over a bounded
number of words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MAX_CHARS: Final = 32_768  # of a longer text the rest is not read, as in rules
_WORDS: Final = re.compile(
    r"@\w+|https?://\S+|\d+(?::\d\d)?|[^\W\d][^\W\d'_]*(?:'[^\W\d_]+)?|[.!?;,]|\n(?=[^\S\n]*\n)"
)
_COMMA: Final = ","
_SENTENCE_ENDS: Final = frozenset(".!?;\n")  # the line feed: of a blank line
_CLAUSE_ENDS: Final = _SENTENCE_ENDS | {_COMMA}
_GAP, _NUMBER, _STEM = "..", "#", "*"
_GAP_WORDS: Final = 5  # what `..` may stand for at most
_STEM_KEY: Final = 3  # letters by which stems are found; no stem is shorter
_NEGATED_WITHIN: Final = 3  # words before a phrase in which a "not" turns it round
# Not "never": "never again" and "never arrived" are complaints, and so is "cannot".
_NEGATIONS: Final = frozenset(
    "no not isn't wasn't aren't don't didn't doesn't won't without nobody none nothing"
    " kein keine keinen keinem keiner nicht ohne niemand pas sans aucun aucune ni sin ningún"
    " ninguna non senza nessun nessuna não sem nenhum nenhuma".split()
)
_NUMBERS: Final = frozenset(
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty"
    " fifty sixty ninety zwei drei vier fünf sechs zehn zwanzig deux trois quatre cinq six dix"
    " dos tres cuatro cinco seis diez tre quattro cinque dieci dois três quatro dez".split()
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    family: str
    start: str  # its first word, of `word*` the stem
    rest: tuple[str, ...]
    next: str  # the second word where only one will do: most phrases are ruled out by it
    negatable: bool


class PhraseBook:
    """Families of phrases. Raises ValueError for a phrase that cannot be indexed by its start."""

    def __init__(self, families: Mapping[str, str], believed: Sequence[str] = ()) -> None:
        """`families` maps a name to phrases, one between commas or line ends.

        Phrases of the families in `believed` hold whatever stands before them.
        """
        self._starts: defaultdict[str, list[_Phrase]] = defaultdict(list)
        self._stems: defaultdict[str, list[_Phrase]] = defaultdict(list)
        for family, listed in families.items():
            phrases = (part.strip() for part in re.split(r"[,\n]", listed))
            for phrase in dict.fromkeys(filter(None, phrases)):  # languages share some
                words = tuple(phrase.split())
                if not _indexable(words[0]):
                    raise ValueError(f"{family}: a phrase may not begin like this: {phrase!r}")
                start, rest = words[0].removesuffix(_STEM), words[1:]
                plain = rest[0] if rest and _is_plain(rest[0]) else ""
                one = _Phrase(family, start, rest, plain, family not in believed)
                if words[0].endswith(_STEM):
                    self._stems[start[:_STEM_KEY]].append(one)
                else:
                    self._starts[start].append(one)

    def families_in(self, text: str) -> dict[str, int]:
        """In how many places each family begins in the text; families in none are left out."""
        words = words_of(text)
        found: defaultdict[str, int] = defaultdict(int)
        taken = 0  # the "no" of "no heating" is of that phrase, and denies nothing after it
        for at, phrases in enumerate(map(self._beginning, words, [*words[1:], ""])):
            here = set()
            for phrase in phrases:
                if (end := _end_of(words, at + 1, phrase.rest)) and not (
                    phrase.negatable and _negated(words[max(taken, at - _NEGATED_WITHIN) : at])
                ):
                    here.add(phrase.family)
                    taken = max(taken, end if phrase.negatable else 0)
            for family in here:
                found[family] += 1
        return dict(found)

    def _beginning(self, word: str, after: str) -> list[_Phrase]:
        """The phrases that may begin with these two words."""
        starts = self._starts.get(word, ())
        found = [one for one in starts if not one.next or one.next == after]
        if stems := self._stems.get(word[:_STEM_KEY]):
            found += [
                one
                for one in stems
                if word.startswith(one.start) and (not one.next or one.next == after)
            ]
        if _is_number(word):
            found += self._starts.get(_NUMBER, ())
        return found


def words_of(text: str) -> list[str]:
    """Words in lower case without `'s` and `l'`, and the marks that end a clause or a sentence."""
    plain = text[:MAX_CHARS].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    found = (word for word in _WORDS.findall(plain) if not word.startswith(("@", "http")))
    return [word.removeprefix("l'").removesuffix("'s") for word in found]


def _indexable(word: str) -> bool:
    if word.endswith(_STEM):
        return len(word) > _STEM_KEY
    return word != _GAP


def _is_plain(word: str) -> bool:
    return word not in (_GAP, _NUMBER) and not word.endswith(_STEM)


def _end_of(words: Sequence[str], at: int, rest: Sequence[str]) -> int:
    """Where a phrase ends that goes on like this from here; 0 where the words do not."""
    if not rest:
        return at
    if rest[0] == _GAP:
        return _end_after_gap(words, at, rest[1:])
    if at < len(words) and _fits(words[at], rest[0]):
        return _end_of(words, at + 1, rest[1:])
    return 0


def _end_after_gap(words: Sequence[str], at: int, rest: Sequence[str]) -> int:
    passed = 0  # words of the gap; a comma is none
    while passed <= _GAP_WORDS and at < len(words) and words[at] not in _SENTENCE_ENDS:
        if words[at] != _COMMA:
            if end := _end_of(words, at, rest):
                return end
            passed += 1
        at += 1
    return 0


def _fits(word: str, wanted: str) -> bool:
    if wanted == _NUMBER:
        return _is_number(word)
    if wanted.endswith(_STEM):
        return word.startswith(wanted[:-1])
    return word == wanted


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in _NUMBERS


def _negated(before: Sequence[str]) -> bool:
    """Does one of these words say no, within the clause of the last?"""
    for word in reversed(before):
        if word in _CLAUSE_ENDS:
            return False
        if word in _NEGATIONS:
            return True
    return False
