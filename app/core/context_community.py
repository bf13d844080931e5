"""Communities on the context card: who somebody is there, in which thread, who answered already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.core.clause import WHO, WHY_NOW, Clause, Entry, Word, clause, ours, told
from app.core.community import OPENING, is_ally
from app.core.context import DECIDED, SAID, Fact, Trail

_MENTION: Final = ("data", "mention")
_POST: Final = (*_MENTION, "community")
_STANDING: Final = (*_POST, "standing")
_COUNTED: Final = (("posts", "post", "posts"), ("accepted", "accepted answer", "accepted answers"))


def community_clauses(trail: Trail) -> Iterator[Clause]:
    """What is told of the author by sources and by their community, and where they speak there."""
    for known in trail.each("identified"):
        word, source = (known.text("data", "advocacy", name) for name in ("word", "source"))
        if word and source:
            at_ms = round(known.number("data", "advocacy", "at_ms"))
            stated = (told(word), ours(", as "), told(source), ours(" says, since"))
            yield clause((WHO, "advocacy"), stated, known, at_ms=at_ms)
    decided = trail.one(DECIDED)
    if decided and decided.says(True, "data", "values", "community.ally"):
        accepted = round(decided.number("data", "values", "community.accepted"))
        if is_ally({"accepted": accepted}):
            solved = ours(f"ally: {accepted:,} answers accepted")
            yield clause((WHO, "ally"), (solved,), decided)
    said = trail.one(SAID)
    if said and (standing := _standing(said)):
        yield clause((WHO, "community"), standing, said)
    said = trail.one(SAID)
    if said and (title := said.text(*_POST, "title") or said.text(*_POST, "thread")):
        opens = said.says(OPENING, *_POST, "position")
        words = (ours("opens the thread " if opens else "answers in the thread "), told(title))
        yield clause((WHO, "thread"), words, said)


def answer_clauses(trail: Trail, answers: Sequence[Sequence[Fact]]) -> Iterator[Clause]:
    """Who else has answered in the thread that the mention opens; a trail for each answer.

    Both stand on the question's own entry, too: without it nobody answered anything.
    """
    for facts in answers:
        for fact in facts:
            if fact["op"] == "received" and (found := _answered(trail, fact)):
                yield found
                yield from _by_an_ally(found, fact, facts)


def _answered(trail: Trail, fact: Fact) -> Clause | None:
    asked, answer = trail.one(SAID), Entry(fact)
    threads = {one.text(*_POST, "thread") for one in (asked, answer) if one}
    name, at = _name(answer), answer.text(*_MENTION, "detected_at")
    if asked is None or len(threads) != 1 or "" in threads or not name or not at:
        return None
    words = (told(name), ours(" answered in the thread at"))
    at_ms = round(datetime.fromisoformat(at).timestamp() * 1000)
    return clause((WHY_NOW, "answered"), words, asked, answer, at_ms=at_ms)


def _by_an_ally(answered: Clause, fact: Fact, facts: Sequence[Fact]) -> Iterator[Clause]:
    for entry in (Entry(one) for one in facts if one["op"] == "decided"):
        if entry.says(True, "data", "values", "community.ally"):
            answer = Entry(fact)
            words = (told(_name(answer)), ours(" is an ally"))
            found = clause((WHY_NOW, "answered_by"), words, answer, entry)
            yield replace(found, backing=(*answered.backing[:1], *found.backing))


def _name(answer: Entry) -> str:
    name = answer.text(*_MENTION, "author", "name")
    return name or answer.text(*_MENTION, "author", "handle")


def _standing(said: Entry) -> tuple[Word, ...]:
    words: list[Word] = []
    if role := said.text(*_STANDING, "role"):
        words = [told(role), ours(" in the community")]
    for name, one, more in _COUNTED:
        if count := round(said.number(*_STANDING, name)):
            lead = ", " if words else ""
            words.append(ours(f"{lead}{count:,} {one if count == 1 else more}"))
    return tuple(words)
