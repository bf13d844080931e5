"""Long texts by windows: a model reads its first tokens only; the verdict often stands at the end.

A text is cut at the ends of sentences into windows that a model reads whole. Of a transcript, the
customer's side alone is read. A short text is one window: itself, unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Up to this length (characters) a text is one window, whatever it says: what a post may have, of
# which 99 of 100 fit into 64 tokens.
SHORT = 280
PIECES = 56  # of a window, as estimated: the models read 62 beside their two marks
MOST = 6  # windows of one text: the bound on what a long text costs
READ = 20_000  # characters of one text: of a longer one its first and its last half of this many
# Characters of a transcript in which turns are looked for, as above: what the formulas read twice.
TURNS = 65_536

# Names of sides, as contact centers write them before what was said.
_CUSTOMER = "customer|client|caller|user|visitor|guest|member|passenger|consumer"
_AGENT = (
    "agent|rep|representative|operator|advisor|adviser|support|assistant|bot|chatbot|virtual agent"
    "|system|supervisor|associate|csr|ivr"
)
_FIELDS = frozenset({"support", "system"})  # in a form, too: `System: iOS 17`
# `Customer: ...`, `[12:01] Agent (Maya): ...`, `2026-11-28 12:01:07 - CUSTOMER - ...`
_TURN = re.compile(
    r"^[ \t]*+(?:[\[(]?\d[\d:./T \t-]{0,30}+(?:[ap]m)?[\])]?[ \t-]{0,3})?"
    rf"(?:(?P<customer>{_CUSTOMER})|(?P<agent>{_AGENT}))"
    r"(?:[ \t]{0,2}\d{1,3}|[ \t]{0,2}\([^()\n]{1,40}\))?[ \t]{0,2}(?::|>|[ \t][-–—][ \t])[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n\s*")
_PIECE = re.compile(r"\w+|[^\w\s]")
_LINK = re.compile(r"https?://\S+|www\.\S+")
# What makes a window heavy: emphasis, turns of the argument, and words of a verdict. The words
# in any case, as turns are what sentences begin with; capitals alone are emphasis.
_HEAVY = re.compile(
    r"[!?]|\b(?i:but|however|although|though|yet|unfortunately|except|instead|never|worst|best|refund"
    r"|cancel|complain\w*|disappoint\w*|love|hate|terrible|horrible|awful|excellent|perfect"
    r"|recommend\w*)\b|\b[A-Z]{3,}\b|n't\b",
)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text, and its weight among the parts; the weights of a text sum to 1."""

    text: str
    weight: float


def windows(text: str, most: int = MOST) -> tuple[Window, ...]:
    """The parts of a text to score, in order, `most` at the most; a short one is its only part."""
    return cut(spoken(text), most)


def cut(said: str, most: int = MOST) -> tuple[Window, ...]:
    """`windows` of a text of which the customer's side is known: that is looked for once only.

    Of too many, the first is kept (what it is about), the last (what is wanted or concluded), and
    the heaviest between: those with the most emphasis, turns and words of a verdict.
    """
    if len(said) <= SHORT:
        return (Window(said, 1.0),)
    parts = _packed(_sentences(_bounded(said)))
    if len(parts) <= 1:
        return (Window(said, 1.0),)
    if len(parts) > most:
        parts = _kept(parts, most)
    weights = [min(PIECES, pieces(part)) for part in parts]  # a model reads no more of any
    total = sum(weights)
    return tuple(Window(part, w / total) for part, w in zip(parts, weights, strict=True))


def together(rows: Sequence[Sequence[float]], parts: Sequence[Window]) -> tuple[float, ...]:
    """The probabilities of the whole text, from one row for each of its windows."""
    return tuple(
        sum(part.weight * row[at] for part, row in zip(parts, rows, strict=True))
        for at in range(len(rows[0]))
    )


def packed(counts: Sequence[int], most: int) -> Iterator[range]:
    """Texts, in order, that may be read together: of so many windows each, `most` in all.

    A text with more than that is read by itself.
    """
    begin = total = 0
    for at, count in enumerate(counts):
        if at > begin and total + count > most:
            yield range(begin, at)
            begin, total = at, 0
        total += count
    if counts:
        yield range(begin, len(counts))


def spoken(text: str) -> str:
    """The customer's side of a transcript, empty if they said nothing; any other text as it is.

    What stands before the first turn is the customer's, as no agent said it (a mail may quote a
    chat below); a line without a name goes on with the turn before it. Of what is longer than TURNS
    characters the middle is left out, and of its end what stands before a turn there.
    """
    half = len(text) if len(text) <= TURNS else TURNS // 2
    turns = _turns(text, half) if "\n" in text else []
    if not _is_transcript([turn for turn, _ in turns]):
        return text
    said = [text[: min(turns[0][0].start(), half)]]
    for turn, end in turns:
        mine = turn["customer"]
        if mine:
            said.append(text[turn.end() : end])
    return "\n".join(part for one in said if (part := one.strip()))


def _is_transcript(turns: Sequence[re.Match[str]]) -> bool:
    """Has each side a turn, and does one of the names come twice?

    In a form or a mail's head each name comes once, and what follows it is the customer's own. To
    read an agent's words is a smaller harm than to lose the customer's.
    """
    customers = Counter(name.lower() for turn in turns if (name := turn["customer"]))
    agents = Counter(name.lower() for turn in turns if (name := turn["agent"]))
    both = customers and any(name not in _FIELDS or n > 1 for name, n in agents.items())
    return bool(both) and max((customers | agents).values()) > 1


def _turns(text: str, half: int) -> list[tuple[re.Match[str], int]]:
    """The turns in the first and the last `half` of a text, each with where it ends."""
    found: list[tuple[re.Match[str], int]] = []
    for begin, end in ((0, half), (max(half, len(text) - half), len(text))):
        turns = list(_TURN.finditer(text, begin, end))
        found += zip(turns, [*(turn.start() for turn in turns[1:]), end], strict=False)
    return found


def pieces(text: str) -> int:
    """About how many word pieces a text has: measured, seldom fewer than the tokenizer finds."""
    return sum(1 + (len(word) - 1) // 6 for word in _PIECE.findall(_LINK.sub("http", text)))


def _bounded(text: str) -> str:
    return text if len(text) <= READ else f"{text[: READ // 2]}\n{text[-READ // 2 :]}"


def _sentences(text: str) -> list[str]:
    """Sentences, and of one that is too long for a window its parts."""
    found = []
    for sentence in _SENTENCE_END.split(text):
        if pieces(sentence) <= PIECES:
            found.append(sentence)
        else:
            found += _packed(sentence.split())
    return [sentence for sentence in found if sentence.strip()]


def _packed(parts: Sequence[str]) -> list[str]:
    """Parts put together in order, as many as go into a window."""
    found: list[list[str]] = []
    room = 0
    for part in parts:
        needs = pieces(part)
        if needs > room or not found:
            found.append([])
            room = PIECES
        found[-1].append(part)
        room -= needs
    return [" ".join(group) for group in found]


def _kept(parts: Sequence[str], most: int) -> list[str]:
    last = len(parts) - 1
    between = sorted(range(1, last), key=lambda at: (-len(_HEAVY.findall(parts[at])), at))
    chosen = sorted({0, last, *between[: max(0, most - 2)]})
    return [parts[at] for at in chosen[-most:]]
