"""Rules: rows of a table, of which the first that holds decides, and event rules, which all act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.core.calendar import Calendar, is_open
from app.core.community import COMMUNITY_VARIABLES, community_values
from app.core.decision import Notice, Reply
from app.core.mention import Mention
from app.core.past import NEVER, NO_PAST_VALUES, PAST_VARIABLES
from app.core.profile import Profile
from app.core.profile_values import MISSING, NO_PROFILE_VALUES, PROFILE_VARIABLES, profile_values
from app.core.queue_state import NO_QUEUES, QUEUE_VARIABLES
from app.core.score import Score
from app.core.sla import to_ms

# What a condition may speak of, and the type that it has there: `list` holds texts, `dict` has
# what `MAPS` says by name. Each value survives JSON, because the fact `decided` keeps them.
PILLAR = "score.pillar"
UNSAID = -1.0  # where a probability would stand that the model does not give
VARIABLES: dict[str, type] = {
    "mention.text": str,
    "mention.channel": str,
    "mention.lang": str,
    "mention.url": str,
    "mention.handle": str,
    "mention.followers": int,
    "mention.public": bool,
    "mention.in_reply_to": str,
    "mention.words": int,
    "mention.age_s": float,
    "mention.flags": list,
    "score.sentiment": str,
    "score.confidence": float,
    "score.negative": float,
    "score.positive": float,
    "score.intent": str,
    "score.urgency": float,
    "score.urgency_why": list,
    PILLAR: str,
    "score.complaint": float,
    "score.emotion": str,
    "score.irony": float,
    "score.lang": str,
    "score.model": str,
    **PROFILE_VARIABLES,
    "history.days_since_reply": float,
    **PAST_VARIABLES,
    "time.hour": int,
    "time.minute_of_day": int,
    "time.weekday": str,
    "calendar.open": dict,
    **dict.fromkeys(QUEUE_VARIABLES, dict),
    **COMMUNITY_VARIABLES,
    "labels": list,
}
CALENDARS = "calendar.open"
MAPS: dict[str, type] = {CALENDARS: bool, **QUEUE_VARIABLES}
# Of the score, what has come to it since values are recorded.
NO_SCORE_VALUES: dict[str, object] = {
    PILLAR: "",
    "score.complaint": UNSAID,
    "score.emotion": "",
    "score.irony": UNSAID,
}
# Variables that older software did not record, each with what it is where nothing is known.
NOT_KNOWN: dict[str, object] = {
    **NO_PAST_VALUES,
    **NO_QUEUES,
    MISSING: False,
    **NO_PROFILE_VALUES,
    **NO_SCORE_VALUES,
}

TEXT_CHARS = 32_768  # rules read so much of a text: what is longer costs more than it tells
MOST_ITEMS = 64  # of a list that a condition goes through
MOST_NAMES = 256  # of a map: so many queues and calendars may be configured
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# What an event rule may be asked at.
EVENTS = ("mention", "waiting", "at_risk", "breached", "replied", "transferred", "completed")
MENTION, WAITING = "mention", "waiting"
SHORTEST_WAIT_S = 60.0

_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Everything that one rule does. `route` is a queue, empty to close, None to leave it.

    Whatever else is empty or 0 is left to others.
    """

    labels: tuple[str, ...] = ()
    route: str | None = None
    priority: int = 0
    window_s: float = 0.0
    skills: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    draft: str = ""
    macro: str = ""
    case: str = ""
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whose mentions an individual rule is for. All that is named must fit; empty fits all.

    `customers` are ids or handles, by `person`; `rep` is the customer's own agent.
    """

    customers: tuple[str, ...] = ()
    rep: str = ""
    tier: str = ""

    @property
    def rank(self) -> int:
        """How individual: one customer, then an agent or a tier, then everybody."""
        return 2 if self.customers else 1 if self.rep or self.tier else 0

    def fits(self, values: Mapping[str, object]) -> bool:
        if self.rep and values["profile.last_rep"] != self.rep:
            return False
        if self.tier and values["profile.tier"] != self.tier:
            return False
        if not self.customers:
            return True
        people = (person(str(values[key])) for key in ("profile.customer_id", "mention.handle"))
        return any(one in self.customers for one in people)


EVERYBODY = Whom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An event rule. `when` is a CEL expression; among rules as individual the higher level wins.

    `after_s` is how long a task must have waited with `on` = waiting.
    """

    id: str
    when: str
    why: str
    does: Effects
    on: str = MENTION
    whom: Whom = field(default=EVERYBODY)
    level: int = 0
    after_s: float = 0.0
    source: str = ""


def asked_in_order(rows: Sequence[Row], rules: Sequence[Rule]) -> tuple[Row | Rule, ...]:
    """Event rules come before the table."""
    every: list[Row | Rule] = [*rules]
    every += rows
    return tuple(every)


def person(name: str) -> str:
    """A customer's id or handle in the one form in which both are compared."""
    return name.strip().removeprefix("@").casefold()


def variables(
    mention: Mention,
    score: Score,
    profile: Profile,
    public: bool,
    calendars: Mapping[str, Calendar] | None = None,
) -> dict[str, object]:
    """Return the values for `VARIABLES`, before any rule has labelled anything.

    Whatever speaks of time is seen from the moment of detection, so that asking again later
    gives the same answer. Past and queues are `NOT_KNOWN`: whoever knows them adds them.
    """
    return {
        **NOT_KNOWN,
        **_of_mention(mention, public),
        **_of_score(score),
        **profile_values(profile, MOST_ITEMS),
        **_of_time(to_ms(mention.detected_at), profile, calendars or {}),
        **community_values(mention, profile),
        "labels": [],
    }


def _of_mention(mention: Mention, public: bool) -> dict[str, object]:
    return {
        "mention.text": mention.text,
        "mention.channel": mention.channel,
        "mention.lang": mention.lang,
        "mention.url": mention.url,
        "mention.handle": mention.author.handle,
        "mention.followers": mention.author.followers,
        "mention.public": public,
        "mention.in_reply_to": mention.in_reply_to,
        "mention.words": len(mention.text[:TEXT_CHARS].split()),
        "mention.age_s": mention.lost_before_us_s,
        "mention.flags": list(mention.flags),
    }


def _of_score(score: Score) -> dict[str, object]:
    return {
        "score.sentiment": score.sentiment.label,
        "score.confidence": score.sentiment.confidence,
        "score.negative": score.sentiment.negative,
        "score.positive": score.sentiment.positive,
        "score.intent": score.intent,
        "score.urgency": score.urgency,
        "score.urgency_why": list(score.urgency_why),
        PILLAR: score.pillar,
        "score.complaint": UNSAID if score.complaint is None else score.complaint,
        "score.emotion": score.emotion,
        "score.irony": UNSAID if score.irony is None else score.irony,
        "score.lang": score.lang,
        "score.model": score.model,
    }


def _of_time(at_ms: int, profile: Profile, calendars: Mapping[str, Calendar]) -> dict[str, object]:
    replied_ms = profile.last_reply_ms
    return {
        "history.days_since_reply": max(0, at_ms - replied_ms) / _DAY_MS if replied_ms else NEVER,
        **of_moment(at_ms, calendars),
    }


def of_moment(at_ms: int, calendars: Mapping[str, Calendar]) -> dict[str, object]:
    """What conditions may ask of a moment, in ms since the epoch."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return {
        "time.hour": moment.hour,
        "time.minute_of_day": moment.hour * 60 + moment.minute,
        "time.weekday": WEEKDAYS[moment.weekday()],
        CALENDARS: {name: is_open(one, at_ms) for name, one in calendars.items()},
    }
