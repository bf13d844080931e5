"""SLA as a fold over facts: the clocks of a mention under a policy, at any time, again and again.

`clocks(history(facts), slas, share)` is all there is. Nothing is counted up or down anywhere:
a changed policy, calendar or window is a second look at the same facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.calendar import Calendar, Span, after, between
from app.core.policy import Policy, Slas
from app.core.queueing import order_ms, task_id_of
from app.core.sla import HALF, RESOLUTION, of_window
from app.core.sla_facts import CANCELLED, NEVER, History, history

# How a clock stands; the last three are final, but for a change of policy.
OK, HALFWAY, AT_RISK, PAUSED, MET, BREACHED, STOPPED = (
    *("ok", "halfway", "at_risk", "paused"),
    *("met", "breached", "stopped"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock. A threshold is 0 while a pause stands before it: nobody knows when it comes.

    `stopped_ms` is 0 while it runs; `why` is what stopped it.
    """

    name: str
    calendar: Calendar
    window_ms: int
    started_ms: int
    half_ms: int
    at_risk_ms: int
    due_ms: int
    stopped_ms: int = 0
    why: str = ""
    pauses: tuple[Span, ...] = ()

    @property
    def paused_ms(self) -> int:
        """How long it has stood still in all, on the wall; a pause that goes on is not in it."""
        return sum(end - begin for begin, end in self.pauses if end != NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """All clocks of a mention with a task, and the delays before we could do anything.

    `intake_ms` is from the customer's words to our detection, `pipeline_ms` from there to the
    queue: the first is the source's, the second ours; the clocks count from detection.
    """

    policy: Policy
    response: Clock
    resolution: Clock | None
    intake_ms: int
    pipeline_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A clock at one moment: where it stands, and how much of its window is used (1.0 is all)."""

    state: str
    used_ms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclock:
    """What the door needs to set the clocks of an open task again.

    `resolution_due_ms` is 0 where there is no such clock, where its breach has been told, and
    while it is paused; then `resolution_left_ms` is what will be left of it afterwards.
    """

    task: str
    half_ms: int
    at_risk_ms: int
    due_ms: int
    resolution_due_ms: int
    resolution_left_ms: int
    order_ms: float
    policy: str


def fold(facts: Iterable[Mapping[str, Any]], slas: Slas, share: float) -> Clocks | None:
    """The clocks that these facts make under these policies; None where there is no task."""
    return clocks(history(facts), slas, share)


def clocks(known: History, slas: Slas, share: float) -> Clocks | None:
    """The clocks of a history. `share` is where a task is at risk."""
    if not known.queued_ms:
        return None
    policy = slas.of(known.queue, known.tier, known.channel)
    return Clocks(
        policy=policy,
        response=_response(known, policy, _response_ms(known, policy, slas), share),
        resolution=_resolution(known, policy, share) if policy.resolution_s else None,
        intake_ms=max(0, known.detected_ms - known.posted_ms) if known.posted_ms else 0,
        pipeline_ms=max(0, known.queued_ms - known.detected_ms),
    )


def reading(clock: Clock, now_ms: int) -> Reading:
    """Where the clock stands now, or where it stood when it was stopped."""
    at_ms = clock.stopped_ms or now_ms
    used_ms = _used_ms(clock, at_ms)
    return Reading(
        state=_state(clock, at_ms), used_ms=used_ms, share=used_ms / max(1, clock.window_ms)
    )


def reclock(known: History, slas: Slas, share: float) -> Reclock | None:
    """New times for an open task under these policies; None where there is none."""
    found = clocks(known, slas, share)
    if found is None or known.ended_ms:
        return None
    response, resolution = found.response, found.resolution
    told = (RESOLUTION, "breached") in known.told
    times = of_window(response.started_ms, response.window_ms, share, response.calendar)
    paused = resolution and resolution.due_ms == 0 and not told
    return Reclock(
        task=task_id_of(known.mention_id),
        half_ms=response.half_ms,
        at_risk_ms=response.at_risk_ms,
        due_ms=response.due_ms,
        resolution_due_ms=0 if told or resolution is None else resolution.due_ms,
        resolution_left_ms=_left_ms(resolution) if resolution and paused else 0,
        order_ms=known.detected_ms if known.foremost else order_ms(times, known.priority),
        policy=slas.stamp(found.policy, share),
    )


def _response_ms(known: History, policy: Policy, slas: Slas) -> int:
    """Today's window of the rule and the queue; of those that are gone, as they were then."""
    rule_s = slas.rule_windows.get(known.rule, known.rule_window_s)
    queue_s = slas.queue_windows.get(known.queue, known.queue_window_s)
    return round(policy.response_s(known.clock, rule_s, queue_s) * 1000)


def _response(known: History, policy: Policy, window_ms: int, share: float) -> Clock:
    """The first or the next response: never paused, ended by the first reply."""
    times = of_window(known.detected_ms, window_ms, share, policy.calendar)
    return Clock(
        name=known.clock,
        calendar=policy.calendar,
        window_ms=window_ms,
        started_ms=known.detected_ms,
        half_ms=times.half_ms,
        at_risk_ms=times.at_risk_ms,
        due_ms=times.due_ms,
        stopped_ms=known.answered_ms,
        why=known.why_answered,
    )


def _resolution(known: History, policy: Policy, share: float) -> Clock:
    """The resolution: stands still while the customer is waited for, ended by the task's end."""
    window_ms = round(policy.resolution_s * 1000)

    def passes(part: float) -> int:
        return _moment_ms(policy.calendar, known, round(window_ms * part))

    return Clock(
        name=RESOLUTION,
        calendar=policy.calendar,
        window_ms=window_ms,
        started_ms=known.detected_ms,
        half_ms=passes(HALF),
        at_risk_ms=passes(share),
        due_ms=passes(1.0),
        stopped_ms=known.ended_ms,
        why=known.why_ended,
        pauses=known.waits,
    )


def _moment_ms(calendar: Calendar, known: History, working_ms: int) -> int:
    """When so much working time has gone by beside the pauses; 0 while one stands before it."""
    start_ms, left_ms = known.detected_ms, working_ms
    for begin_ms, end_ms in known.waits:
        worked_ms = between(calendar, start_ms, begin_ms)
        if worked_ms >= left_ms:
            break
        if end_ms == NEVER:
            return 0
        start_ms, left_ms = max(start_ms, end_ms), left_ms - worked_ms
    return after(calendar, start_ms, left_ms)


def _used_ms(clock: Clock, at_ms: int) -> int:
    used_ms, start_ms = 0, clock.started_ms
    for begin_ms, end_ms in clock.pauses:
        used_ms += between(clock.calendar, start_ms, min(begin_ms, at_ms))
        start_ms = max(start_ms, end_ms)
    return used_ms + between(clock.calendar, start_ms, at_ms)


def _left_ms(clock: Clock) -> int:
    """What a paused clock has left. Its pause is the last thing that happened to it."""
    return clock.window_ms - _used_ms(clock, clock.pauses[-1][0])


def _state(clock: Clock, at_ms: int) -> str:
    if 0 < clock.due_ms <= at_ms:
        return BREACHED
    if clock.stopped_ms:
        return STOPPED if clock.why == CANCELLED else MET
    if clock.due_ms == 0:
        return PAUSED
    if clock.at_risk_ms <= at_ms:
        return AT_RISK
    return HALFWAY if clock.half_ms <= at_ms else OK
