"""What one reading of a text finds: families of phrases, and whether somebody asks or thanks.

Urgency, intent and pillar are weighed from it, so that a text is cut into words once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.core import pillar_words as whose
from app.core import urgency_words as words
from app.core import urgency_words_around as around
from app.core.emoji import with_fires
from app.core.phrases import PhraseBook

_QUESTION = re.compile(
    r"\?\s*$|\?\s|^(how|what|when|where|why|who|which|can|could|do|does|did|is|are|will|would|should"
    r"|any ?(one|body) know)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(please|pls|could you|can you|i need|i want|i would like|i'd like|send me|call me|help me"
    r"|change my|cancel my|bitte|s'il vous pla[iî]t|por favor|per favore)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(thank(s| you)|thx|love|great job|well done|kudos)\b", re.IGNORECASE)

_PHRASES: Final = PhraseBook(
    {
        "safety": words.SAFETY,
        "money": words.MONEY,
        "need": words.NEED,
        "legal": words.LEGAL,
        "churn": words.CHURN,
        "fault": words.FAULT,
        "date": around.DATE,
        "deadline": around.DEADLINE,
        "time": around.TIME,
        "vulnerable": around.VULNERABLE,
        "repeat": around.REPEAT,
        "ask": around.ASK,
        "calm": around.CALM,
        "closed": around.CLOSED,
        "advert": around.ADVERT,
        "service": whose.SERVICE,
        "sales": whose.SALES,
        "marketing": whose.MARKETING,
        "innovation": whose.INNOVATION,
    },
    believed=("calm", "closed", "advert", "service", "sales", "marketing", "innovation"),
)


@dataclass(frozen=True)
class Evidence:
    """A text that was read; `families` says in how many places each family of phrases begins.

    The patterns are searched when somebody asks for them, and once.
    """

    text: str
    families: Mapping[str, int]

    @cached_property
    def question(self) -> bool:
        return bool(_QUESTION.search(self.text))

    @cached_property
    def request(self) -> bool:
        return bool(_REQUEST.search(self.text))

    @property
    def thanks(self) -> bool:
        return bool(_THANKS.search(self.text))

    @property
    def asks(self) -> bool:
        """Does somebody wait for an answer, whatever their mood?"""
        return "ask" in self.families or self.question or self.request


def evidence_in(text: str) -> Evidence:
    """Read a text, of which `app.core.phrases` reads the first MAX_CHARS."""
    text = with_fires(text)
    return Evidence(text, _PHRASES.families_in(text))
