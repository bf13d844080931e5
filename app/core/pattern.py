"""How wide a pattern is: in how many of its places one character can stand at once.

A search costs, for each character of the text, what its live places cost. RE2 remembers which sets
of places it has met, but a hostile pattern has too many of them to remember, and then each place
is walked, for each character. After a character only places that accept it are live: so whatever
the text, a pattern is no slower than its width. Counted repeats such as `.{100}` make it wide.
"""

from __future__ import annotations

import re
from collections import Counter

_TOKEN = re.compile(
    r"""(?P<quoted>\\Q.*?(?:\\E|$))
    |(?P<klass>\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\])
    |(?P<named>\\[pP](?:\{[^}]*\}|.))
    |(?P<coded>\\x(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2}))
    |(?P<place>\\[AbBzZ]|[\^$])
    |(?P<escape>\\.)
    |(?P<open>\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:?))?)
    |(?P<flags>\(\?[a-zA-Z-]+\))
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<count>\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\}\??)
    |(?P<repeat>[*+?]\??)
    |(?P<letter>.)""",
    re.VERBOSE | re.DOTALL,
)
_ANY = ""  # counts for every character
_MOST_LISTED = 64  # characters of a class that are counted one by one; a larger one is for any
_RANGE = re.compile(r"(\\?.)-(\\?.)", re.DOTALL)

Places = Counter[str]


def width(pattern: str) -> int:
    """The most places that can be live after one character, at least 1. Ignores case."""
    inner: list[Places] = [Counter()]
    last: Places = Counter()
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup
        if kind == "open" and not match[0].endswith(")"):
            inner += [last, Counter()]
            last = Counter()
        elif kind == "close" and len(inner) > 2:
            inner[-1].update(last)
            last = inner.pop()
            inner[-2].update(inner.pop())
        elif match["count"]:
            times = _times(match)
            last = Counter({one: count * times for one, count in last.items()})
        elif kind in ("repeat", "place", "flags"):
            continue  # a loop comes back to the same places
        else:
            inner[-1].update(last)
            last = _of(kind or "", match[0])
    total: Places = Counter()
    for places in (*inner, last):
        total.update(places)
    anything = total.pop(_ANY, 0)
    return max(1, anything + max(total.values(), default=0))


def _times(match: re.Match[str]) -> int:
    """`{3}` and `{1,3}` are three places beside each other, `{3,}` three and a loop."""
    least = int(match["least"])
    most = int(match["most"]) if match["most"] else least
    return max(1, least, most)


def _of(kind: str, text: str) -> Places:
    if kind in ("letter", "coded", "escape") and (kind != "letter" or text != "."):
        plain = text[-1]
        wild = kind == "coded" or (kind == "escape" and plain.isalnum())
        return Counter({_ANY: 1} if wild else {plain.casefold(): 1})
    if kind == "quoted":
        return Counter(text[2:].removesuffix("\\E").casefold())
    if kind == "klass":
        return _of_class(text[1:-1])
    return Counter() if kind == "bar" else Counter({_ANY: 1})


def _of_class(body: str) -> Places:
    if body.startswith("^") or "[:" in body or re.search(r"\\[a-zA-Z]", body):
        return Counter({_ANY: 1})
    listed: set[str] = set()
    for match in _RANGE.finditer(body):
        first, last = ord(match[1][-1]), ord(match[2][-1])
        if last - first > _MOST_LISTED:
            return Counter({_ANY: 1})
        listed.update(chr(code).casefold() for code in range(first, last + 1))
    listed.update(one.casefold() for one in _RANGE.sub("", body))
    return Counter(listed) if len(listed) <= _MOST_LISTED else Counter({_ANY: 1})
