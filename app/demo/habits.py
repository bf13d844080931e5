"""How simulated colleagues behave: their pace, their choices and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from app.demo.texts import LANGS, phrases

# Seconds at speed 1: (least, most). Short enough that three people keep the demo's queues
# in motion, long enough that a viewer can follow a card.
GLANCE_S: Final = (0.7, 1.3)
READ_S: Final = (1.5, 6.0)
WRITE_S: Final = (6.0, 16.0)
WRAP_S: Final = (2.0, 5.0)
PAUSE_S: Final = (15.0, 40.0)
QUICKEST_GLANCE_S: Final = 0.2  # whatever the speed, the desk is not polled more often
# People hurry when much waits: at this many waiting tasks they are twice as quick.
BUSY_WAITING: Final = 12
MOST_HURRY: Final = 4.0

REJECTS: Final = 0.03
IGNORES: Final = 0.015
EXCUSES: Final = (
    "I am in the middle of a long call",
    "I know the customer personally",
    "A colleague already works on the same case",
    "I need a colleague with more background here",
)
# Where the model was less sure than this, a colleague now and then says otherwise.
UNSURE: Final = 0.55
CORRECTS: Final = 0.3
MOODS: Final = ("negative", "neutral", "positive")
# Queues in which nobody walks past: somebody may be in danger, or it came from us.
SERIOUS: Final = ("urgent", "escalation")


@dataclass(slots=True)
class Habits:
    """One colleague's pace and choices, from a random source of their own."""

    rng: Random
    speed: float
    hurry: float = 1.0

    def see(self, queues: Sequence[Mapping[str, Any]]) -> None:
        """Take in how much is waiting."""
        waiting = sum(int(queue.get("waiting") or 0) for queue in queues)
        self.hurry = min(MOST_HURRY, 1.0 + waiting / BUSY_WAITING)

    def glance_s(self) -> float:
        return max(QUICKEST_GLANCE_S, self.rng.uniform(*GLANCE_S) / max(1.0, self.speed))

    def read_s(self) -> float:
        return self._takes(READ_S)

    def write_s(self) -> float:
        return self._takes(WRITE_S)

    def wrap_s(self) -> float:
        return self._takes(WRAP_S)

    def pause_s(self) -> float:
        return self.rng.uniform(*PAUSE_S) / self.speed

    def choice(self, queue: str) -> str:
        """accept, reject or ignore."""
        roll = self.rng.random()
        if queue in SERIOUS or roll >= REJECTS + IGNORES:
            return "accept"
        return "reject" if roll < REJECTS else "ignore"

    def excuse(self) -> str:
        return self.rng.choice(EXCUSES)

    def answers(self, card: Mapping[str, Any]) -> bool:
        """Whether a card needs an answer: chatter that reached a desk by doubt does not."""
        score = card.get("score") or {}
        label = (score.get("sentiment") or {}).get("label")
        return not (score.get("intent") == "other" and label in ("neutral", "positive"))

    def second_thought(self, card: Mapping[str, Any]) -> str:
        """The mood that they find in place of the model's, where that was unsure; mostly none."""
        sentiment = (card.get("score") or {}).get("sentiment") or {}
        confidence = float(sentiment.get("confidence") or 1.0)
        if confidence >= UNSURE or self.rng.random() >= CORRECTS:
            return ""
        return sorted(MOODS, key=lambda mood: -float(sentiment.get(mood) or 0.0))[1]

    def _takes(self, span_s: tuple[float, float]) -> float:
        return self.rng.uniform(*span_s) / self.speed / self.hurry


def reply_to(card: Mapping[str, Any], rep: str, rng: Random) -> str:
    """A reply in the customer's language, or in English where we do not speak it."""
    score, mention = card.get("score") or {}, card.get("mention") or {}
    lang = str(score.get("lang") or mention.get("lang") or "en")
    templates = phrases("replies")[lang if lang in LANGS else "en"]
    name = (mention.get("author") or {}).get("name") or ""
    first = str(name).split(" ", maxsplit=1)[0] or "there"
    return str(rng.choice(templates[_tone(card, score)])).format(name=first, rep=rep)


def _tone(card: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    if card.get("queue") == "urgent":
        return "urgent"
    label = (score.get("sentiment") or {}).get("label")
    intent = str(score.get("intent") or "other")
    if label == "negative" or intent == "complaint":
        return "complaint"
    return intent if intent in ("question", "request", "praise") else "other"
