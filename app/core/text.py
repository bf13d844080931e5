"""Text as the models see it: serving and training must clean it the same way."""

from __future__ import annotations

import html
import re

from app.core.emoji import in_words

_USER = re.compile(r"(?<![\w@])@\w+")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_MASKED = re.compile(r"@user|\bhttp\b")  # what names and links become
_SPACE = re.compile(r"\s+")

# The models were trained on tweets; beyond this the first 64 tokens are long full.
MAX_CHARS = 2_000


def clean(text: str) -> str:
    """Unescape HTML twice, mask handles and links, fold white space."""
    text = html.unescape(html.unescape(text[:MAX_CHARS]))
    text = _LINK.sub(" http ", text)
    return _folded(_USER.sub("@user", text))


def as_read(text: str) -> str:
    """What a model reads: the cleaned text, with emoji as words."""
    cleaned = clean(text)
    # Most texts are ASCII and so have none: a tenth of the fast tier's time went into looking.
    return cleaned if cleaned.isascii() else _folded(in_words(cleaned))


def says_something(text: str) -> bool:
    """Is there a word left for a model, beside names and links? A photograph alone has none."""
    return any(map(str.isalnum, _MASKED.sub("", as_read(text))))


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
