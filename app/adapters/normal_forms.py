"""Normal forms: names in any script, addresses, numbers. And how alike two words are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import phonenumbers
from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

from app.core.particulars import ID, MAIL, PHONE, Particulars

similar: Final = JaroWinkler.similarity

LONGEST_NAME, LONGEST_KEY, MOST_NAMES = 200, 300, 8

# Providers for whom dots, and everything from a plus sign on, do not count.
_DOTLESS = ("gmail.com", "googlemail.com")
_TAGGED = (*_DOTLESS, "outlook.com", "hotmail.com", "icloud.com", "fastmail.com", "proton.me")

# A dot-atom of 64 signs at most, in any script, at a name of at least two labels.
_MAIL = re.compile(
    r"(?=[^@]{1,64}@)([^\s@.,;:<>()\[\]\\\"]+(?:\.[^\s@.,;:<>()\[\]\\\"]+)*)"
    r"@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_])"
)
_NO_WORD = re.compile(r"[^a-z0-9]+")
_NO_DIGIT = re.compile(r"\D+")
_CACHED = 65_536  # texts: the same senders write again and again


@lru_cache(_CACHED)
def name_tokens(text: str) -> tuple[str, ...]:
    """The words of a name in small Latin letters: `Мария О'Нил` gives `mariya`, `onil`."""
    plain = anyascii(unicodedata.normalize("NFKC", text[:LONGEST_NAME])).lower()
    plain = plain.replace("'", "").replace("`", "")
    return tuple(token for token in _NO_WORD.split(plain) if token)[:MOST_NAMES]


def written(text: str) -> str:
    """A name in its own script, as people see it."""
    return " ".join(unicodedata.normalize("NFKC", text[:LONGEST_NAME]).split())


def words(text: str) -> str:
    """A street or a place: Latin small letters and digits, one space between words."""
    return " ".join(name_tokens(text))


@lru_cache(_CACHED)
def mail(text: str) -> str:
    """An address as providers tell them apart, or nothing where it is none.

    Quoted local parts and addresses of machines are none: nobody writes to us from those.
    """
    found = _MAIL.fullmatch(unicodedata.normalize("NFC", text.strip()[:LONGEST_KEY]))
    if not found:
        return ""
    try:
        domain = found[2].encode("idna").decode().lower()
    except UnicodeError:
        return ""
    return _by_provider(found[1].casefold(), domain)


def _by_provider(local: str, domain: str) -> str:
    if domain in _TAGGED:
        local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


@lru_cache(_CACHED)
def phone(text: str, region: str = "") -> str:
    """A number in E.164, or nothing: without a country code only where `region` tells it."""
    try:
        number = phonenumbers.parse(text.strip()[:40], region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def key_of(kind: str, value: str) -> str:
    """`mail:...` or `phone:...` in its normal form; empty where the value is none."""
    found = mail(value) if kind == MAIL else phone(value)
    return f"{kind}:{found}" if found else ""


def id_key(issuer: str, value: str) -> str:
    """An id that an issuer attests: `id:loyalty:a17`; as with handles, capitals do not count."""
    name, id_ = "-".join(name_tokens(issuer)), value.strip().removeprefix("@").casefold()
    id_ = id_[:LONGEST_KEY]
    return f"{ID}:{name}:{id_}" if name and id_ else ""


def born(text: str) -> str:
    """A date of birth as YYYYMMDD, year first; nothing where it is no day."""
    digits = _NO_DIGIT.sub("", text)
    good = len(digits) == 8 and "0101" <= digits[4:] <= "1231" and digits[4:6] <= "12"
    return digits if good and digits[6:] <= "31" else ""


def particulars(
    given: Mapping[str, str], strong: Iterable[str] = (), claimed: Iterable[str] = ()
) -> Particulars:
    """Normal forms of name, born, house, street, postcode and place; keys as `key_of` makes them.

    Whatever has no normal form is left out: nothing is ever refused.
    """
    name, attested = given.get("name", ""), {key for key in strong if key}
    return Particulars(
        names=name_tokens(name),
        written=written(name),
        born=born(given.get("born", "")),
        house=words(given.get("house", "")),
        street=words(given.get("street", "")),
        postcode=words(given.get("postcode", "")).replace(" ", ""),
        place=words(given.get("place", "")),
        keys=tuple(sorted(attested | {key for key in claimed if key})),
        strong=tuple(sorted(attested)),
    )


PHONE_CHANNELS: Final = ("sms", "phone", "whatsapp", "voice")
MAIL_CHANNELS: Final = ("email",)


def contact_of(channel: str, handle: str) -> str:
    """The mail or phone that a handle is, on channels whose handles are such."""
    if channel in MAIL_CHANNELS:
        return key_of(MAIL, handle)
    return key_of(PHONE, handle) if channel in PHONE_CHANNELS else ""
