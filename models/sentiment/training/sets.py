"""The sets of texts, each with its file, sha256, licence and reader.

Only sets whose terms allow weights to be shipped stand here. The airline, brand and complaint sets
are for evaluation and are never opened.
"""

from __future__ import annotations

from typing import Final

from models.sentiment.training.sources import (
    Source,
    banking,
    many,
    messages,
    reviews,
    sentiments,
    tweeteval,
    unlabelled,
)
from models.sentiment.training.tasks import EMOTION, HEADS, IRONY

_UMSAB: Final = "Apache-2.0, Twitter terms"
_UMSAB_TRAIN: Final = "45a8dc0238d53c426f35aed024075826216eddfcff6eba40dfcab48189bbd725"
_EMOTIONS: Final = ("anger", "joy", "optimism", "sadness")  # in the order of TweetEval's numbers
_TWEETS: Final = "SemEval and Twitter terms: weights may be shipped, texts may not"


PUBLIC: Final = (
    Source(
        "tweeteval_sentiment_train.jsonl",
        "9c0fc27c9d510c87d1d3c899fcd2647c11dd47181991ee36de52c805c630af73",
        _TWEETS,
        sentiments,
    ),
    Source(
        "banking77_train.jsonl",
        "0ab0549d42996788cdb10e11fb975d0ad2527497c8594b776a030198e10274a9",
        "CC BY 4.0",
        banking,
    ),
    Source(
        "uci_review_sentences.jsonl",
        "4f57b3fc54615d0007899c2b77362d48dea9a06652beb6be6521d33e75040efd",
        "CC BY 4.0",
        reviews,
    ),
    Source(
        "tweeteval/emotion/train_text.txt",
        "e77e86c613a24896c9e853a09475f69adc1967b3a5e0d6c8b5d1ccdbafade77b",
        _TWEETS,
        tweeteval(EMOTION, _EMOTIONS),
    ),
    Source(
        "tweeteval/irony/train_text.txt",
        "015d42e2231750f2f8abe401288045dbd2c6d3206d175e788a22e1eb7d9c9d9a",
        _TWEETS,
        tweeteval(IRONY, HEADS[IRONY]),
    ),
)

# Tweets without a label of the sentiment, so that a student hears more than its teacher did.
UNLABELLED: Final = (
    Source(
        "tweeteval/offensive/train_text.txt",
        "064b999a13591a5aa4273c1f5174dc69d85cc6cb12e5d2a6329d1efe7e609335",
        _TWEETS,
        unlabelled(256),
    ),
    Source(
        "tweeteval/emoji/train_text.txt",
        "afcbe92131d8f1b41697ef16c0249ab1488b1139fa50e7493cc01efc87357d2a",
        _TWEETS,
        unlabelled(60),  # of 45,000, all of one kind: about as many as the other set has
    ),
)

TWEETS: Final = PUBLIC[:1]  # of the kind that the models are judged by

# What the temperatures are fitted on, with the messages below; nothing is trained on these.
VALIDATION: Final = (
    Source(
        "tweeteval_sentiment_val.jsonl",
        "318b5fe7e91387f6a3eb389b1f0b42247bb955876f88b63c4809d9805fae6764",
        _TWEETS,
        sentiments,
    ),
    Source(
        "tweeteval/emotion/val_text.txt",
        "748f0334c482f095353983662101c67aac69445c5a7f6fc64ccdbd3b01240cfb",
        _TWEETS,
        tweeteval(EMOTION, _EMOTIONS),
    ),
    Source(
        "tweeteval/irony/val_text.txt",
        "fca39666546246cef2c91336e46d342a03d8aea108550922f6f76eb272bee06b",
        _TWEETS,
        tweeteval(IRONY, HEADS[IRONY]),
    ),
)

# For intent and pillar, below models/: those of the project that may be looked at.
MESSAGES: Final = (
    Source(
        "urgency/dev.jsonl",
        "507489c4181aca684c3fd1c98eeca6cac745aec9b09ef19539aabca11703e009",
        "Apache-2.0, of this project",
        messages,
    ),
)

# Tweets in other languages: what their model is trained on, and what it is calibrated on.
MANY: Final = (Source("umsab_train_8lang.jsonl", _UMSAB_TRAIN, _UMSAB, many),)
MANY_VALIDATION: Final = (
    Source(
        "umsab_val_8lang.jsonl",
        "a168e3fbe2c5161ff70f63f93572fb8195d78578050e745c78108f580307ddf2",
        _UMSAB,
        many,
    ),
)
