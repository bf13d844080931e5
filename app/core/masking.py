"""Masks for what must not leave the record: card numbers, IBANs, telephone numbers, mail addresses.

For logs and error messages. It errs on the side of masking, save for what operators need to read:
times, addresses of machines, hashes and plain counts stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

CARD, IBAN, PHONE, MAIL = "[card]", "[iban]", "[phone]", "[mail]"

MOST_CHARS = 20_000  # of one text: a line of a log that is longer tells nobody more
CUT = " [cut]"
DEEPEST = 8  # of lists and objects in one another: what is deeper is shown as its type

# Each part has an upper bound, so that no text makes a search slow.
_MAIL = re.compile(r"[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,63}")
# ISO 13616: country, two check digits, up to 30 signs, often in groups of four. Words may follow.
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
# ISO/IEC 7812: 13 to 19 digits, often in groups. Other numbers may stand beside.
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,60}(?!\w)")
_CARD_DIGITS = range(13, 20)
_CARD_FIRST = range(2, 7)  # who issues cards to people; a time in ms since 1970 begins with 1
# With a country code, with a leading 0 and a gap, or 555-867-5309 and (555) 867-5309.
_PHONE = re.compile(
    r"(?<![\w+])(?:\+|00)[1-9](?:[ ./()-]{0,2}\d){6,14}(?!\w)"
    r"|(?<![\w.:+-])\(?0\d{1,5}\)?[ /-](?:[ ./-]?\d){5,10}(?!\w)"
    r"|(?<![\w.:+-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\w)"
)

Within = Callable[[str], tuple[int, int]]

_SHORTEST_IBAN = 15  # Norway's
_LETTERS = {letter: str(10 + n) for n, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


def masked(text: str) -> str:
    """Return the text with the name of what stood there in place of each such number or address."""
    shown = text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + CUT
    shown = _MAIL.sub(MAIL, shown)
    shown = _replaced(shown, _IBAN, _iban_in, IBAN)
    shown = _replaced(shown, _DIGITS, _card_in, CARD)
    return _PHONE.sub(PHONE, shown)


def masked_value(value: Any, depth: int = 0) -> Any:
    """Return a like value with every text in it masked; keys of objects, too. Never raises."""
    if isinstance(value, str):
        return masked(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == DEEPEST:
        return f"[{type(value).__name__}]"
    if isinstance(value, dict):
        return {masked(str(key)): masked_value(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_value(each, depth + 1) for each in value]
    return masked(repr(value))


def _replaced(text: str, pattern: re.Pattern[str], within: Within, name: str) -> str:
    """`name` in place of what `within` finds in each match; the search goes on right after it."""
    kept, done, at = [], 0, 0
    while found := pattern.search(text, at):
        start, end = within(found[0])
        if end:
            kept += [text[done : found.start() + start], name]
            done = at = found.start() + end
        else:
            at = found.end()
    return "".join(kept) + text[done:]


def _iban_in(text: str) -> tuple[int, int]:
    """Where the longest run of whole groups from the start is an IBAN; (0, 0) for none."""
    gaps = [gap.start() for gap in re.finditer("[ -]", text)]
    return next(((0, end) for end in [len(text), *reversed(gaps)] if _is_iban(text[:end])), (0, 0))


def _card_in(text: str) -> tuple[int, int]:
    """Where the first run of whole groups is a card's number; (0, 0) for none."""
    groups = [(group.start(), group.end()) for group in re.finditer(r"\d+", text)]
    runs = (
        (start, end)
        for start, _ in groups
        if int(text[start]) in _CARD_FIRST
        for _, end in reversed(groups)
        if min(_CARD_DIGITS) <= end - start < 2 * max(_CARD_DIGITS)
    )
    return next(((start, end) for start, end in runs if _is_card(text[start:end])), (0, 0))


def _is_card(text: str) -> bool:
    """Whether the length and the check digit fit: Luhn, ISO/IEC 7812-1 annex B."""
    numbers = [int(sign) for sign in text if sign.isdecimal()]
    if len(numbers) not in _CARD_DIGITS:
        return False
    doubled = (number * 2 - 9 * (number > 4) for number in numbers[-2::-2])
    return (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """Whether the check digits fit: ISO 7064 MOD 97-10 over the rearranged text."""
    plain = re.sub("[ -]", "", text).casefold()
    number = "".join(_LETTERS.get(sign, sign) for sign in plain[4:] + plain[:4])
    return len(plain) >= _SHORTEST_IBAN and number.isdecimal() and int(number) % 97 == 1
