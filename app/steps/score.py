"""score: what the model says of each mention, the whole batch at once."""

from __future__ import annotations

from app.failpoints import failpoint
from app.steps.batch import Batch, Ports, thoughtful


async def score(batch: Batch, ports: Ports) -> None:
    work = thoughtful(batch)
    scores = await ports.scorer.score([mention for _, mention in work])
    for (item, _), said in zip(work, scores, strict=True):
        item.score = said
    failpoint("after-score")
