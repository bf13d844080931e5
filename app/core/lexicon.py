"""The lexicon: the mood of a text by word lists, where there is no time or no model for more.

What it says is a guess and signs as one: no confidence of it is above 0.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from app.core import lexicon_words as words
from app.core.score import LABELS, Sentiment
from app.core.text import clean

NAME: Final = "lexicon"  # signs its scores, as a model signs by its name and hash
LANGUAGES: Final = tuple(words.GOOD)

_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[:;]-?[()D/]|<3|!|[^\w\s]")
_SHORTEST_STEM, _LONGEST_STEM = 3, 14
_NEAR = 3  # so many words before it turn or strengthen a word
_TURNED_GOOD, _TURNED_BAD, _STRONGER, _SHOUTED = -1.0, -0.5, 1.5, 1.25

# Probabilities (negative, neutral, positive) by the sum of the words, up to each edge: the shares
# in 47,304 training tweets with each label weighed alike; 0.45 of their distance from a third each
# is kept, because other people's texts are not those tweets.
_UP_TO: Final = (-1.6, -0.1, 0.1, 1.6)
_SAYS: Final = (
    (0.56, 0.23, 0.21),
    (0.50, 0.27, 0.23),
    (0.31, 0.38, 0.31),
    (0.27, 0.28, 0.45),
    (0.21, 0.22, 0.57),
)


@dataclass(frozen=True, slots=True)
class _Words:
    whole: dict[str, float]
    stems: dict[str, float]
    turns: frozenset[str]
    strengthens: frozenset[str]

    def weight(self, token: str) -> float:
        if token in self.whole:
            return self.whole[token]
        ends = range(_SHORTEST_STEM, min(len(token), _LONGEST_STEM) + 1)
        return next((self.stems[token[:n]] for n in ends if token[:n] in self.stems), 0.0)


def _of(lang: str) -> _Words:
    weights: dict[str, float] = {}
    for listed, weight in (
        (f"{words.GOOD[lang]} {words.GOOD_SIGNS}", 1.0),
        (f"{words.BAD[lang]} {words.BAD_SIGNS}", -1.0),
    ):
        weights |= {word.lower(): weight for word in listed.split()}
    return _Words(
        whole={word: weight for word, weight in weights.items() if not word.endswith("*")},
        stems={word[:-1]: weight for word, weight in weights.items() if word.endswith("*")},
        turns=frozenset(words.NOT[lang].split()),
        strengthens=frozenset(words.VERY[lang].split()),
    )


_LISTS: Final = {lang: _of(lang) for lang in LANGUAGES}


def mood(text: str, lang: str) -> float:
    """The sum of the words: above zero for good ones, in about -5..5 for a short text.

    Raises KeyError for a foreign language.
    """
    known = _LISTS[lang]
    tokens = _TOKEN.findall(clean(text).replace("\u2019", "'").lower())
    total = 0.0
    for place, token in enumerate(tokens):
        weight = known.weight(token)
        if not weight:
            continue
        near = tokens[max(0, place - _NEAR) : place]
        if not known.strengthens.isdisjoint(near):
            weight *= _STRONGER
        if token not in known.turns and not known.turns.isdisjoint(near):
            weight *= _TURNED_GOOD if weight > 0 else _TURNED_BAD
        total += weight
    return total * _SHOUTED if "!" in tokens else total


def band(total: float) -> int:
    """Which row of probabilities a sum stands for."""
    return sum(total > edge for edge in _UP_TO)


def sentiment(text: str, lang: str) -> Sentiment:
    """The probabilities that such words have had. Raises KeyError for a foreign language."""
    share = dict(zip(LABELS, _SAYS[band(mood(text, lang))], strict=True))
    label = max(share, key=lambda name: share[name])
    return Sentiment(label=label, confidence=share[label], **share)
