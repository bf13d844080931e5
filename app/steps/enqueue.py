"""enqueue: through the atomic door; each delivery gets its one outcome, or is kept as dead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app import codec
from app.core import cases
from app.core.community import stated
from app.core.decision import ADVICE, advice
from app.core.errors import Invalid
from app.core.facts import Fact
from app.core.mention import Mention, parent_of
from app.core.placing import Heard, place
from app.core.queueing import task_id_of
from app.core.recorded import kept
from app.failpoints import failpoint
from app.ports import Admission, DeadLetter, NewTask
from app.steps.batch import Batch, Item, Ports


async def enqueue(batch: Batch, ports: Ports) -> None:
    await _bury(batch, ports)
    living = [(item, item.mention) for item in batch if item.mention]
    failpoint("before-create")
    outcomes = await ports.door.admit([_admission(item, m, ports) for item, m in living])
    failpoint("after-create-before-reply")
    for (item, _), outcome in zip(living, outcomes, strict=True):
        item.outcome = outcome


async def _bury(batch: Batch, ports: Ports) -> None:
    dead = [(item, item.problem) for item in batch if item.problem]
    if not dead:
        return
    letters = [_letter(item, problem) for item, problem in dead]
    failpoint("before-dlq")
    await ports.dead_letters.bury(letters)
    failpoint("after-dlq")
    named = zip(dead, letters, strict=True)
    await ports.door.note([_dead_fact(item, letter) for (item, _), letter in named])
    for item, _ in dead:
        item.outcome = "dead"


def _letter(item: Item, problem: Invalid) -> DeadLetter:
    return DeadLetter(
        src=item.delivery.src,
        raw=item.delivery.raw,
        code=problem.code,
        detail=str(problem),
        at_ms=item.received_ms,
    )


def _dead_fact(item: Item, letter: DeadLetter) -> Fact:
    size = len(letter.raw or b"")
    return Fact(
        op="dead",
        op_id=letter.src,
        now_ms=letter.at_ms,
        source_id=item.source_id,
        reason=letter.code,
        data={"detail": letter.detail, "bytes": size, "sha256": letter.sha256} | _origin(item),
    )


def _admission(item: Item, mention: Mention, ports: Ports) -> Admission:
    def fact(op: str, data: dict[str, Any], reason: str = "") -> Fact:
        return Fact(
            op=op,
            op_id=item.delivery.src,
            now_ms=item.received_ms if op == "received" else ports.now_ms(),
            mention_id=mention.mention_id,
            source_id=mention.source_id,
            reason=reason,
            data=data,
        )

    wording: dict[str, Any] = {"mention": mention, "content_hash": mention.content_hash}
    task = _task(item, mention, ports)
    return Admission(
        src=item.delivery.src,
        mention=mention,
        facts=(
            fact("received", wording | _origin(item)),
            fact("scored", {"score": item.score}),
            fact("identified", _identity(item)),
            # Before the outcome: what has one is not sent again, and nothing would open the case.
            *_case(item, mention, ports.now_ms()),
            fact("decided", _decided(item) | _heard(item, mention), item.decision.why),
        )
        if item.decision
        else (),
        task=task,
        task_id=task_id_of(mention.mention_id),
        card=_card(item, mention),
        known=item.known,
        duplicate_fact=fact("duplicate", _origin(item)),
        edited_fact=fact("edited", wording | _thought(item)),
    )


def _case(item: Item, mention: Mention, now_ms: int) -> Iterator[Fact]:
    """The case that rules open; an edit opens none, as it moves no task."""
    person = {
        "handle_key": item.handle_key,
        "customer_id": item.profile.customer_id if item.profile else "",
    }
    if item.decision and (
        found := cases.opened(item.decision, mention.mention_id, mention.source_id, person, now_ms)
    ):
        yield found


def _task(item: Item, mention: Mention, ports: Ports) -> NewTask | None:
    decision, catalogue, share = item.decision, ports.catalogue, ports.at_risk_share
    if decision is None:
        return None
    heard = Heard(
        channel=mention.channel,
        tier=_tier(item),
        detected_at=mention.detected_at,
        clock=item.clock,
    )
    found = place(decision, heard, catalogue.slas, share)
    if found is None:
        return None
    times = found.times
    return NewTask(
        task_id=task_id_of(mention.mention_id),
        queue=decision.queue,
        skills=decision.skills,
        priority=decision.priority,
        order_ms=found.order_ms,
        detected_ms=times.detected_ms,
        due_ms=times.due_ms,
        half_ms=times.half_ms,
        at_risk_ms=times.at_risk_ms,
        clock=heard.clock,
        resolution_due_ms=found.resolution_due_ms,
        policy=found.policy,
        reason=decision.why,
        channel=mention.channel,
        weight=catalogue.weight(mention.channel),
        for_rep=ports.sticky.own_rep(item.profile, ports.now_ms()),
        sticky_ms=ports.sticky.wait_ms,
    )


def _card(item: Item, mention: Mention) -> bytes:
    """What an agent is shown of a task, beside its live state."""
    decision = item.decision
    said = {name: getattr(decision, name) for name in ADVICE} if decision else {}
    return codec.dumps(
        {
            "mention": mention,
            "score": item.score,
            "profile": item.profile,
            "reason": decision.why if decision else "",
            "rule": decision.rule if decision else "",
            "advice": advice(said),
        }
    )


def _thought(item: Item) -> dict[str, Any]:
    """What triage made of an edit: the card of its task shows it."""
    return {"score": item.score} | _decided(item) if item.decision else {}


def _decided(item: Item) -> dict[str, Any]:
    """The decision with what its conditions saw, so that it can be made again."""
    return {"decision": item.decision, "values": kept(item.values)}


def _heard(item: Item, mention: Mention) -> dict[str, Any]:
    """Its clock; and where it is feedback, to which response: of whom, when, to what."""
    told: dict[str, Any] = {"clock": item.clock}
    if item.response:
        goes_on_with = parent_of(mention) if item.follows_up else ""
        told["feedback"] = {
            "rep": item.response.rep,
            "at_ms": item.response.at_ms,
            "mention_id": goes_on_with,
        }
    return told


def _origin(item: Item) -> dict[str, Any]:
    delivery = item.delivery
    return {
        "src": {
            "topic": delivery.topic,
            "partition": delivery.partition,
            "offset": delivery.offset,
        }
    }


def _tier(item: Item) -> str:
    return item.profile.tier if item.profile else ""


def _identity(item: Item) -> dict[str, Any]:
    profile = item.profile
    found: dict[str, Any] = {
        "handle_key": item.handle_key,
        "customer_id": profile.customer_id if profile else "",
        "known": bool(profile and profile.known),
        "tier": _tier(item),
        "degraded": item.degraded,
    }
    if profile and (advocacy := stated(profile)):
        found["advocacy"] = advocacy
    return found
