"""What the people of the demo world say: texts composed from phrases and slots."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

PHRASES: Final = Path(__file__).parent / "phrases"

LANGS: Final = ("en", "de", "fr", "es", "it")
BRANDS: Final = {
    "airline": "Northwind Air",
    "telecom": "Talio Mobile",
    "bank": "Harbor & Pine Bank",
}
TAGS: Final = {"airline": "@northwindair", "telecom": "@taliomobile", "bank": "@harborpine"}
PLANS: Final = {
    "airline": ("Flex", "Light"),
    "telecom": ("Talio S", "Talio M", "Talio Max", "Talio Duo"),
    "bank": ("Pine", "Harbor Gold", "Harbor Basic"),
}
# Kinds whose phrases do not depend on the company.
SHARED: Final = ("threat", "followup", "noise")

EMOJI: Final = {
    "question": ("🤔", "🙏", "🙋"),
    "complaint": ("😡", "🤬", "👎", "😤", "🙄"),
    "praise": ("😍", "🎉", "👏", "❤️", "🙌"),
    "request": ("🙏", "🙂"),
    "emergency": ("🚨", "😱", "🆘"),
    "noise": ("😂", "🐱", "🌧️", "🎵", "⚽", "🔥"),
}
FORMAL: Final = ("email", "phone", "survey")  # no emoji
TAGGED: Final = ("x", "mastodon", "facebook")  # the company is addressed by its handle
HASTY: Final = ("sms", "webchat", "x")  # some write all in small letters
# How often people do it: enough that thousands of texts differ.
INTRO_SHARE: Final = 0.6
TAIL_SHARE: Final = 0.65
TAG_SHARE: Final = 0.7
LOWER_SHARE: Final = 0.15
EMOJI_SHARE: Final = 0.3
# Letters and digits that nobody mixes up when reading a reference aloud.
CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ23456789"

GREETING: Final = {
    "en": ("Dear {brand},", "Kind regards,"),
    "de": ("Guten Tag {brand},", "Mit freundlichen Grüßen"),
    "fr": ("Bonjour {brand},", "Cordialement,"),
    "es": ("Estimados señores de {brand}:", "Un saludo,"),
    "it": ("Gentile {brand},", "Cordiali saluti,"),
}
CALLER: Final = {
    "en": "Caller: {text}. Yes, I can hold.",
    "de": "Anrufer: {text}. Ja, ich warte.",
    "fr": "Appelant : {text}. Oui, je patiente.",
    "es": "Llamada: {text}. Sí, espero.",
    "it": "Chiamata: {text}. Sì, resto in linea.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What is to be said: in which language, about whom, of what kind."""

    lang: str
    company: str
    kind: str


@cache
def phrases(lang: str) -> dict[str, dict[str, Any]]:
    """The phrase file of a language; also `names` and `replies`."""
    return tomllib.loads((PHRASES / f"{lang}.toml").read_text(encoding="utf-8"))


def compose(rng: Random, saying: Saying) -> str:
    """A plain sentence or three, before the channel gives it its shape."""
    book = phrases(saying.lang)
    slots = Slots(rng, saying)
    shared = saying.kind in SHARED
    core = rng.choice(book["any" if shared else saying.company][saying.kind])
    text = str(core).format_map(slots)
    if (intros := book["intro"].get(saying.kind)) and rng.random() < INTRO_SHARE:
        intro = str(rng.choice(intros)).format_map(slots)
        text = f"{intro} {text if intro[-1] in ',:' else _capital(text)}"
    if (tails := book["tail"].get(saying.kind)) and rng.random() < TAIL_SHARE:
        text = f"{text}{_stop(text)} {rng.choice(tails).format_map(slots)}"
    return _capital(text)


def addition(rng: Random, saying: Saying) -> str:
    """What somebody adds who edits a text later."""
    return str(rng.choice(phrases(saying.lang)["any"]["edit"])).format_map(Slots(rng, saying))


def dress(rng: Random, saying: Saying, channel: str, text: str, name: str) -> str:
    """The text in the shape that people give it on this channel."""
    if channel == "email":
        hello, bye = GREETING[saying.lang]
        brand = BRANDS[saying.company]
        return f"{hello.format(brand=brand)}\n\n{text}{_stop(text)}\n\n{bye}\n{name}"
    if channel == "phone":
        return CALLER[saying.lang].format(text=text.rstrip(".")).replace("?.", "?")
    tagged = channel in TAGGED and saying.kind != "noise"
    if tagged and rng.random() < TAG_SHARE:
        text = f"{TAGS[saying.company]} {text}"
    if channel in HASTY and rng.random() < LOWER_SHARE:
        text = text.lower()
    if channel not in FORMAL and rng.random() < EMOJI_SHARE:
        text = f"{text} {rng.choice(EMOJI.get(saying.kind, EMOJI['complaint']))}"
    return text


class Slots(dict[str, str]):
    """Fills a slot when a template asks for it, and keeps it for the rest of the text."""

    def __init__(self, rng: Random, saying: Saying) -> None:
        super().__init__(brand=BRANDS[saying.company])
        self._rng = rng
        self._saying = saying

    def __missing__(self, key: str) -> str:
        value = self._fill(key)
        self[key] = value
        return value

    def _fill(self, key: str) -> str:
        rng, words = self._rng, phrases(self._saying.lang)["slots"]
        if key == "city2":
            return str(rng.choice([city for city in words["city"] if city != self.get("city")]))
        if key in words:
            return str(rng.choice(words[key]))
        if key == "amount":
            return self._amount()
        if key == "plan":
            return rng.choice(PLANS[self._saying.company])
        return _number(rng, key)

    def _amount(self) -> str:
        cents = self._rng.randint(900, 90_000)
        if self._saying.lang == "en":
            return f"${cents / 100:.2f}"
        return f"{cents // 100},{cents % 100:02d} €"


def _number(rng: Random, key: str) -> str:
    if key == "code":
        return "".join(rng.choice(CODE_LETTERS) for _ in range(6))
    if key == "flight":
        return f"NW {rng.randint(100, 989)}"
    if key == "seat":
        return f"{rng.randint(1, 38)}{rng.choice('ABCDEF')}"
    if key == "hour":
        return f"{rng.randint(5, 22)}:{rng.choice(('05', '15', '20', '30', '40', '55'))}"
    low, high = {
        "minutes": (3, 95), "hours": (2, 30), "days": (2, 21), "months": (2, 36), "count": (2, 9),
    }[key]  # fmt: skip
    return str(rng.randint(low, high))


def _capital(text: str) -> str:
    # "¿qué" and "¡hola" begin with a sign: the letter behind it is the one to raise.
    at = 1 if text[0] in "¿¡" else 0
    return text[:at] + text[at].upper() + text[at + 1 :]


def _stop(text: str) -> str:
    return "" if text[-1] in ".!?" else "."
