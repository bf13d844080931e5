"""Long reviews made of short ones: does reading by windows beat reading the first 64 tokens?

Sentences of the UCI set that no model was trained on. Every text has sentences of one source, none
twice.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from app.adapters.labelled_lines import Labelled
from app.core.evaluation import NEGATIVE, POLARITY, POSITIVE
from models.sentiment.training.sources import held_out

EACH = 150  # texts of one polarity in each set
_SEED = 20_261_128
_OTHER = {NEGATIVE: POSITIVE, POSITIVE: NEGATIVE}

Pools = list[dict[str, list[str]]]


def long_texts(sentences: Labelled) -> dict[str, Labelled]:
    """`one mood`: 8 to 20 sentences of one polarity.

    `turned`: 5 of the other, then "But" and 8 of what the text is labelled with.
    `aside`: 8 of what it is labelled with, then "But" and 2 of the other.
    """
    rng, pools = Random(_SEED), _pools(sentences)
    made: dict[str, list[tuple[str, str]]] = {"one mood": [], "turned": [], "aside": []}
    for number in range(EACH):
        pool = pools[number % len(pools)]
        for mood in POLARITY:
            mine, theirs = pool[mood], pool[_OTHER[mood]]
            whole = _said(rng, mine, rng.randint(8, 20))
            made["one mood"].append((whole, mood))
            made["turned"].append((f"{_said(rng, theirs, 5)} But {_said(rng, mine, 8)}", mood))
            made["aside"].append((f"{_said(rng, mine, 8)} But {_said(rng, theirs, 2)}", mood))
    return {
        name: Labelled(tuple(t for t, _ in rows), tuple(m for _, m in rows), POLARITY)
        for name, rows in made.items()
    }


def _said(rng: Random, pool: list[str], count: int) -> str:
    return " ".join(rng.sample(pool, count))


def _pools(sentences: Labelled) -> Pools:
    """Sentences by polarity, in thirds of the file: it holds three sources one after the other."""
    third = -(-len(sentences.texts) // 3)
    pools: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for at, (text, mood) in enumerate(zip(sentences.texts, sentences.labels, strict=True)):
        if held_out(text):
            pools[at // third][mood].append(_ended(text.strip()))
    return [pools[at] for at in sorted(pools)]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
