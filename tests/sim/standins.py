"""Stand-ins for what is not simulated: the model and the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.catalogue import Catalogue
from app.core.decision import HIT, Decision, Explanation, Trace
from app.core.mention import Mention
from app.core.score import Score, Sentiment

_NEUTRAL = Sentiment(label="neutral", confidence=0.8, negative=0.1, neutral=0.8, positive=0.1)


class Scorer:
    model = "simulated@0123456789ab"

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        return [self._score(mention) for mention in mentions]

    def _score(self, mention: Mention) -> Score:
        return Score(
            sentiment=_NEUTRAL,
            lang=mention.lang or "en",
            intent="question",
            urgency=0.5,
            urgency_why=(),
            model=self.model,
        )


class Rules:
    """A text is "<queue> <priority> <words>"; the queue `close` needs no task."""

    version = "simulated"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def decide(self, values: Mapping[str, object]) -> Decision:
        name, priority, _ = str(values["mention.text"]).split(" ", 2)
        if name == "boom":
            raise RuntimeError("a bug that one mention meets")
        queue = self._catalogue.queues.get(name)
        lang = str(values["score.lang"])
        return Decision(
            queue=name if queue else "",
            priority=int(priority),
            window_s=queue.window_s if queue else 0.0,
            skills=tuple(sorted({*(queue.skills if queue else ()), lang})),
            rule="simulated",
            why="because the text says so",
            version=self.version,
            trace=(Trace(rule="simulated", result=HIT),),
        )

    def explain(self, values: Mapping[str, object]) -> tuple[Explanation, ...]:
        return (Explanation(rule="simulated", result=HIT, why=self.decide(values).why),)
