"""What is said on the context card: one maker for each part, each clause from its own entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.core.clause import (
    WHAT_TO_DO,
    WHO,
    WHY_NOW,
    WHY_YOU,
    Clause,
    Entry,
    Word,
    by_rule,
    clause,
    ours,
    told,
)
from app.core.context import (
    DECIDED,
    DUE,
    MOVED,
    OFFERED,
    SAID,
    SCORED,
    WAITS,
    Fact,
    Moment,
    Trail,
)
from app.core.context_cases import case_clauses, known_cases
from app.core.context_community import community_clauses
from app.core.heads import CLEARLY
from app.core.skills import level_of
from app.core.sla import NEXT_RESPONSE, RESOLUTION

MANY_FOLLOWERS: Final = 10_000  # below, what somebody writes in public stays among few

# The evidence of urgency that is said, in words; bad mood and reach are shown elsewhere.
_URGENT: Final = {
    "safety": "danger",
    "money": "money",
    "legal": "legal steps",
    "churn": "leaving",
    "time": "haste",
    "need": "what cannot be missed",
    "deadline": "a time that is near",
    "vulnerable": "somebody who needs care",
}
_EMOTIONS: Final = {"anger": "angry", "joy": "glad", "sadness": "sad", "optimism": "hopeful"}
_LANGUAGES: Final = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
}


def clauses(
    facts: Sequence[Fact],
    moment: Moment,
    elsewhere: Sequence[Clause] = (),
    flights: Sequence[Mapping[str, Any]] = (),
) -> tuple[Clause, ...]:
    """Everything that the trail says to whoever has the task, part by part.

    `elsewhere` are clauses on signals of other systems and on what others answered; `flights` are
    as a card has them.
    """
    trail = Trail(facts, moment)
    now = [one for one in elsewhere if one.part == WHY_NOW]
    todo = [one for one in elsewhere if one.part == WHAT_TO_DO]
    return (
        *_who(trail),
        *_why_you(trail),
        *_clock(trail),
        *now,
        *_why_now(trail),
        *_advice(trail),
        *case_clauses(trail),
        *todo,
        *_steps(flights),
    )


def _who(trail: Trail) -> Iterator[Clause]:
    if said := trail.one(SAID):
        name = said.text("data", "mention", "author", "name")
        name = name or said.text("data", "mention", "author", "handle")
        channel = said.text("data", "mention", "channel")
        if name and channel:
            title = trail.moment.titles.channels.get(channel, channel)
            yield clause((WHO, "person"), (told(name), ours(" on "), told(title)), said)
    for known in trail.each("identified"):
        if words := _standing(known):
            yield clause((WHO, "standing"), words, known)
    yield from known_cases(trail)
    decided = trail.one(DECIDED)
    if decided and (products := decided.texts("data", "values", "profile.products")):
        yield clause((WHO, "products"), (ours("has "), told(", ".join(products))), decided)
    yield from community_clauses(trail)


def _standing(known: Entry) -> tuple[Word, ...]:
    if known.says(True, "data", "known"):
        tier = known.text("data", "tier")
        return (told(tier), ours(" customer")) if tier else (ours("known customer"),)
    if "profile" in known.texts("data", "degraded"):
        return (ours("our records could not be read"),)
    if known.says(False, "data", "known"):
        return (ours("not in our records"),)
    return ()


def _why_you(trail: Trail) -> Iterator[Clause]:
    if offered := trail.one(OFFERED):
        yield from _offered(trail, offered)
    if moved := trail.one(MOVED):
        yield from _moved(trail, moved)
    if (waits := trail.one(WAITS)) and (skills := _skills(waits)):
        yield clause((WHY_YOU, "skills"), (ours("it asks for "), told(skills)), waits)
    if decided := trail.one(DECIDED):
        rule = decided.text("data", "decision", "rule")
        queue = decided.text("data", "decision", "queue")
        if rule and queue:
            title = trail.moment.titles.queues.get(queue, queue)
            words = (ours("the rule "), told(rule), ours(" chose "), told(title))
            yield clause((WHY_YOU, "rule"), words, decided)


def _offered(trail: Trail, offered: Entry) -> Iterator[Clause]:
    override = offered.text("data", "override")
    if override == "assigned":
        by, reason = _person(trail, offered), offered.text("reason")
        words = (told(by), ours(" assigned it to you: "), told(reason))
        yield clause((WHY_YOU, "assigned"), words, offered)
    elif override == "preempts":
        preempts = ours("it may interrupt your other work")
        yield clause((WHY_YOU, "preempts"), (preempts,), offered)
    elif offered.text("reservation_id"):
        pressing = ours("it was the most pressing that fits you")
        yield clause((WHY_YOU, "pressing"), (pressing,), offered)
    again = Entry(offered.fact)
    if again.text("data", "overflow") and (queue := again.text("queue")):
        title = trail.moment.titles.queues.get(queue, queue)
        yield clause((WHY_YOU, "overflow"), (ours("you help out in "), told(title)), again)
    again = Entry(offered.fact)
    if skills := _skills(again):
        asks = ours("it waited long and now asks only for ")
        yield clause((WHY_YOU, "relaxed"), (asks, told(skills)), again)


def _moved(trail: Trail, moved: Entry) -> Iterator[Clause]:
    """For whom it is kept, and who handed it on."""
    mine = moved.text("data", "for_rep") == trail.moment.task.rep != ""
    if moved.op == "queued" and mine:
        back = moved.says("parked", "from")
        words = ours("it was parked with you" if back else "you answered them last")
        yield clause((WHY_YOU, "kept"), (words,), moved)
    elif moved.op == "transferred" and (reason := moved.text("reason")):
        by, reason = _person(trail, moved), reason.replace("_", " ")
        named = (told(by), ours(" handed it on: "), told(reason))
        yield clause((WHY_YOU, "handed_on"), named, moved)


def _clock(trail: Trail) -> Iterator[Clause]:
    sla = trail.moment.task.sla
    if sla == "met":
        return
    if due := trail.one(DUE):
        at_ms = round(due.number("deadline_ms"))
        if at_ms > 0:
            yield clause((WHY_NOW, "due"), (ours("an answer is due at"),), due, at_ms=at_ms)
    for fact in trail.each("at_risk", "breached"):
        resolution = fact.text("data", "clock") == RESOLUTION
        at_ms = round(fact.number("now_ms"))
        if resolution and fact.op == "breached":
            words = ours("it should have been resolved by now, late since")
            yield clause((WHY_NOW, "unresolved"), (words,), fact, at_ms=at_ms)
        elif not resolution and sla == fact.op:
            words = ours("at risk since" if sla == "at_risk" else "late since")
            yield clause((WHY_NOW, fact.op), (words,), fact, at_ms=at_ms)


def _why_now(trail: Trail) -> Iterator[Clause]:
    for escalated in trail.each("escalated"):
        if reason := escalated.text("reason"):
            yield clause((WHY_NOW, "escalated"), (ours("escalated: "), told(reason)), escalated)
    if scored := trail.one(SCORED):
        found = [why.split(" ")[0] for why in scored.texts("data", "score", "urgency_why")]
        if spoken := [_URGENT[name] for name in found if name in _URGENT]:
            yield clause((WHY_NOW, "urgency"), (ours("it speaks of "), told(_and(spoken))), scored)
    if (scored := trail.one(SCORED)) and (sounds := _sounds(scored)):
        yield clause((WHY_NOW, "tone"), (ours("it sounds "), told(_and(sounds))), scored)
    yield from _said_again(trail)
    if said := trail.one(SAID):
        followers = round(said.number("data", "mention", "author", "followers"))
        if followers >= MANY_FOLLOWERS:
            words = ours(f"{followers:,} people follow them")
            yield clause((WHY_NOW, "followers"), (words,), said)


def _sounds(scored: Entry) -> list[str]:
    """What the model hears beside the sentiment; older facts and plain models say nothing of it."""
    emotion = _EMOTIONS.get(scored.text("data", "score", "emotion"), "")
    complaint = scored.number("data", "score", "complaint") >= CLEARLY
    ironic = scored.number("data", "score", "irony") >= CLEARLY
    return [
        *(["like a complaint"] if complaint else []),
        *([emotion] if emotion else []),
        *(["ironic"] if ironic else []),
    ]


def _said_again(trail: Trail) -> Iterator[Clause]:
    for queued in trail.each("queued"):
        if queued.says(NEXT_RESPONSE, "data", "clock"):
            yield clause((WHY_NOW, "again"), (ours("they have written again"),), queued)
    for edited in trail.each("edited"):
        if at_ms := round(edited.number("now_ms")):
            words = ours("they changed what they wrote at")
            yield clause((WHY_NOW, "edited"), (words,), edited, at_ms=at_ms)


def _advice(trail: Trail) -> Iterator[Clause]:
    decided = trail.one(DECIDED)
    if decided and (why := decided.text("data", "decision", "why")):
        because = by_rule(decided, "queue", "decided where it goes")
        yield clause((WHAT_TO_DO, "why"), (told(why),), decided, because=because)
    for key, lead in (("draft", ""), ("macro", "use the macro ")):
        decided = trail.one(DECIDED)
        if not decided or not (given := decided.text("data", "decision", key)):
            continue
        words = (ours(lead), told(given)) if lead else (ours("a reply is ready to be used"),)
        because = by_rule(decided, key, "proposed it")
        yield clause((WHAT_TO_DO, key), words, decided, because=because)


def _steps(flights: Sequence[Mapping[str, Any]]) -> Iterator[Clause]:
    """The step at which each flight of the mention is; a flight is backed by its own events."""
    for flight in flights:
        named = {"fact_id": f"flight:{flight.get('id')}", "op": "flight", "now_ms": 0}
        entry = Entry(named | {"flight": flight})
        if what := entry.text("flight", "step", "what"):
            because = f"It is the current step of the flight {entry.text('flight', 'name')}"
            words = (ours("next on the flight: "), told(what))
            yield clause((WHAT_TO_DO, "step"), words, entry, because=because)


def _person(trail: Trail, entry: Entry) -> str:
    if entry.text("actor", "type") == "system":
        return "Handshake"
    name = entry.text("actor", "id")
    return trail.moment.titles.people.get(name, name)


def _skills(entry: Entry) -> str:
    """`billing:2,de` as people say it."""
    found = [one for one in entry.text("data", "skills").split(",") if one]
    return _and([_skill(one) for one in found])


def _skill(skill: str) -> str:
    name, level = level_of(skill)
    title = _LANGUAGES.get(name, name.replace("_", " "))
    return f"{title} level {level}" if level > 1 else title


def _and(words: Sequence[str]) -> str:
    *most, last = words or ("",)
    return f"{', '.join(most)} and {last}" if most else last
