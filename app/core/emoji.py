"""Emoji as words: the tokenizer of the models knows none of them, and customers say much with them.

Those that tell how somebody feels become plain words; things, flags and animals, which tell
what it is about and rarely how it was, become nothing. Signs that mean different things to
different people (🙃, 😅, 😏, 💀, 🔥) become nothing, too, but for a house that is on 🔥.
"""

from __future__ import annotations

import re
from typing import Final

# The words a customer would have written instead, in the order of the mood.
_WORDS: Final = {
    "angry": "😡 😠 👿 💢",
    "furious": "🤬",
    "so annoyed": "😤 😾",
    "eye roll": "🙄",
    "not amused": "😒 😑",
    "bad": "👎",
    "disgusting": "🤮 🤢",
    "sad": "😢 😞 😔 ☹ 🙁 😿 😥 😟",
    "crying": "😭",
    "heartbroken": "💔",
    "so tired of this": "😩 😫",
    "disappointed": "😕 😖 😣",
    "worried": "😰 😨 😧 😦",
    "shocked": "😱",
    "facepalm": "🤦",
    "good": "👍 👌",
    "love": "😍 🥰 ❤ ♥ 💕 💖 💗 💙 💚 💛 🧡 💜 😘 💘 💝 💞",
    "happy": "😀 😃 😄 😁 😊 🙂 ☺ 😺 😌",
    "great": "🤩 💯 🙌 👏",
    "celebrate": "🎉 🥳 🎊",
    "haha": "😂 🤣 😆 😹",
    "hug": "🤗",
    "thanks": "🙏",
    "delicious": "😋",
}  # fmt: skip
_WORD_OF: Final = {sign: word for word, signs in _WORDS.items() for sign in signs.split()}

# Pictographs, and what only changes the one before it: skin, form, gender, the joint of two.
_SIGN: Final = re.compile(
    "[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]"
    "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


_BURNS: Final = re.compile(r"\b(on|caught|catch(?:es|ing)?)\s*🔥", re.IGNORECASE)


def in_words(text: str) -> str:
    """The text with each emoji as the words it stands for, or as a space."""
    return _SIGN.sub(lambda sign: f" {_WORD_OF.get(sign[0][0], '')} ", with_fires(text))


def with_fires(text: str) -> str:
    """The text with what is on 🔥, or caught it, on fire: danger hangs on no way of typing."""
    return _BURNS.sub(r"\1 fire", text) if "🔥" in text else text
