"""Rules: ordered rows; the first whose condition holds decides, and the trace says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from app.core.catalogue import Catalogue
from app.core.decision import ERROR, HIT, MISS, NOT_REACHED, Decision, Trace
from app.core.mention import Mention
from app.core.profile import Profile
from app.core.score import UNSUPPORTED, Score

# What a condition may speak of, and the type that it has there.
VARIABLES: dict[str, type] = {
    "mention.text": str,
    "mention.channel": str,
    "mention.lang": str,
    "mention.url": str,
    "mention.handle": str,
    "mention.followers": int,
    "mention.public": bool,
    "score.sentiment": str,
    "score.confidence": float,
    "score.negative": float,
    "score.positive": float,
    "score.intent": str,
    "score.urgency": float,
    "score.lang": str,
    "score.model": str,
    "profile.known": bool,
    "profile.tier": str,
    "profile.lang": str,
    "profile.value": float,
    "profile.open_cases": int,
}

DEFAULT_ROW = "no-rule"  # when no row holds: work for people, never silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a decision table. `queue` empty means: close without a task.

    `priority` and `window_s` of 0 mean the queue's own. `when` is a CEL expression.
    """

    id: str
    when: str
    why: str
    queue: str = ""
    priority: int = 0
    window_s: float = 0.0
    skills: tuple[str, ...] = ()
    source: str = ""


def variables(mention: Mention, score: Score, profile: Profile, public: bool) -> dict[str, object]:
    """Return the values for `VARIABLES`."""
    return {
        "mention.text": mention.text,
        "mention.channel": mention.channel,
        "mention.lang": mention.lang,
        "mention.url": mention.url,
        "mention.handle": mention.author.handle,
        "mention.followers": mention.author.followers,
        "mention.public": public,
        "score.sentiment": score.sentiment.label,
        "score.confidence": score.sentiment.confidence,
        "score.negative": score.sentiment.negative,
        "score.positive": score.sentiment.positive,
        "score.intent": score.intent,
        "score.urgency": score.urgency,
        "score.lang": score.lang,
        "score.model": score.model,
        "profile.known": profile.known,
        "profile.tier": profile.tier,
        "profile.lang": profile.lang,
        "profile.value": profile.value,
        "profile.open_cases": profile.open_cases,
    }


def trace(rows: Sequence[Row], results: Sequence[bool | str]) -> tuple[Trace, ...]:
    """Tell how every row fared.

    A result is a bool, or the text of an evaluation error; rows beyond the results
    were not reached.
    """
    traces: list[Trace] = []
    for row, result in zip_longest(rows, results):
        if result is None:
            traces.append(Trace(rule=row.id, result=NOT_REACHED))
        elif isinstance(result, str):
            traces.append(Trace(rule=row.id, result=ERROR, detail=result))
        else:
            traces.append(Trace(rule=row.id, result=HIT if result else MISS))
    return tuple(traces)


def decide(
    rows: Sequence[Row], traces: tuple[Trace, ...], catalogue: Catalogue, lang: str, version: str
) -> Decision:
    """Make the decision of the first row that holds; where none does, people must look."""
    hit = next((t.rule for t in traces if t.result == HIT), None)
    row = next((r for r in rows if r.id == hit), None) or _default(catalogue)
    queue = catalogue.queues.get(row.queue)
    return Decision(
        queue=row.queue,
        priority=row.priority or (queue.priority if queue else 0),
        window_s=row.window_s or (queue.window_s if queue else 0.0),
        skills=_skills(row, queue.skills if queue else (), lang, catalogue),
        rule=row.id,
        why=row.why,
        version=version,
        rule_window_s=row.window_s,
        trace=traces,
    )


def _default(catalogue: Catalogue) -> Row:
    first = next(name for name in catalogue.queues)
    return Row(id=DEFAULT_ROW, when="true", queue=first, why="No rule fitted; a person should look")


def _skills(
    row: Row, of_queue: tuple[str, ...], lang: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """The row's, the queue's and the language's, where anybody has that language at all."""
    if not row.queue:
        return ()
    spoken = {skill for rep in catalogue.reps.values() for skill in rep.skills}
    known_language = (lang,) if lang in spoken and lang != UNSUPPORTED else ()
    return tuple(sorted({*row.skills, *of_queue, *known_language}))
