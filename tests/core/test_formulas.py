"""What follows from a text without a model costs by what is read of it, and that is bounded."""

from __future__ import annotations

from app.core.formulas import completed
from app.core.phrases import MAX_CHARS
from app.core.score import Judgement
from tests.builders import NEUTRAL

JUDGED = Judgement(sentiment=NEUTRAL)


def test_of_a_text_the_first_part_is_read_by_all_that_judges_it() -> None:
    """A whole book may come in: each judge reads the same beginning, and none reads on."""
    filler = "so " * (MAX_CHARS // 3 + 1)
    late = completed(filler + "Please call me?", 0, JUDGED, "en", "m")
    assert late == completed(filler, 0, JUDGED, "en", "m")
    early = completed("Please call me? " + filler, 0, JUDGED, "en", "m")
    assert early.intent == "question"
    assert late.intent == "other"
