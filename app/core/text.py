"""Text as the models see it: serving and training must clean it the same way."""

from __future__ import annotations

import html
import re

from app.core.emoji import in_words

_USER = re.compile(r"(?<![\w@])@\w+")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_SPACE = re.compile(r"\s+")

# The models were trained on tweets; beyond this the first 64 tokens are long full.
MAX_CHARS = 2_000


def clean(text: str) -> str:
    """Unescape HTML twice, mask handles and links, fold white space."""
    text = html.unescape(html.unescape(text[:MAX_CHARS]))
    text = _LINK.sub(" http ", text)
    text = _USER.sub("@user", text)
    return _SPACE.sub(" ", text).strip()


def as_read(text: str) -> str:
    """What a model reads: the cleaned text, with emoji as words."""
    return _SPACE.sub(" ", in_words(clean(text))).strip()
