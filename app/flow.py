"""The flow: its order is written here, executed from here, printed and documented from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from app.ports import Delivery
from app.steps.batch import Batch, Item, Ports
from app.steps.decide import decide
from app.steps.dedupe import dedupe
from app.steps.enqueue import enqueue
from app.steps.identify import identify
from app.steps.join import join
from app.steps.parse import parse
from app.steps.score import score

Step = Callable[[Batch, Ports], Awaitable[None]]
Timer = Callable[[str], AbstractContextManager[object]]

# Triage: one Faust agent runs these in order over a small batch, no Kafka hop between them.
TRIAGE: tuple[Step, ...] = (parse, dedupe, score, identify, join, decide, enqueue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One row of the flow: who runs it, what it reads and writes, what it does."""

    name: str
    process: str
    reads: str
    writes: str
    does: str


STAGES: tuple[Stage, ...] = (
    Stage(
        name="intake",
        process="web",
        reads="POST /api/v1/mentions, POST /api/v1/chat/messages",
        writes="journal, table stops_heard, topic mentions",
        does="check the fields, keep the bytes, hear a STOP, then send them on",
    ),
    Stage(
        name="parse",
        process="worker",
        reads="topic mentions",
        writes="topic dead",
        does="bytes to a mention; anything else is a dead letter with its bytes and reason",
    ),
    Stage(
        name="dedupe",
        process="worker",
        reads="hs:seen, facts",
        writes="",
        does="the same id again is a duplicate, in other words an edit",
    ),
    Stage(
        name="score",
        process="worker",
        reads="models/sentiment, table model_changes",
        writes="",
        does="sentiment by the model that the wait allows, off the event loop;"
        " intent, urgency and pillar",
    ),
    Stage(
        name="identify",
        process="worker",
        reads="",
        writes="",
        does="the exact handle on its channel",
    ),
    Stage(
        name="join",
        process="worker",
        reads="hs:profile, hs:past, hs:queue-state",
        writes="",
        does="profiles, what was said before and how the queues stand, in one round trip",
    ),
    Stage(
        name="decide",
        process="worker",
        reads="table rule_versions",
        writes="",
        does="event rules act, then the first row that holds decides; all is traced",
    ),
    Stage(
        name="enqueue",
        process="worker",
        reads="",
        writes="hs:task, hs:outbox",
        does="one atomic door: the task, or no task, and the facts with it",
    ),
    Stage(
        name="offer",
        process="watch",
        reads="hs:lane, hs:available",
        writes="hs:offers",
        does="the most pressing task to the agent who has been idle longest",
    ),
    Stage(
        name="push",
        process="web",
        reads="hs:feed",
        writes="GET /api/v1/stream",
        does="server-sent events to the desk and the floor, resumed after a cut",
    ),
    Stage(
        name="respond",
        process="web",
        reads="POST /api/v1/tasks/{id}/...",
        writes="hs:task, hs:outbox",
        does="accept, reject, reply, complete, transfer",
    ),
    Stage(
        name="watch",
        process="watch",
        reads="hs:offers, hs:sla",
        writes="hs:task, hs:outbox, hs:queue-state",
        does="offers that ran out, tasks at risk, breaches to the mediator; how the queues stand",
    ),
    Stage(
        name="relay",
        process="watch",
        reads="hs:outbox",
        writes="table facts, topic facts",
        does="each fact into the ledger first, then on the topic, then out of the outbox",
    ),
    Stage(
        name="record",
        process="record",
        reads="tables facts, profiles",
        writes="tables history, history_words, mentions; hs:profile, hs:past",
        does="fold the facts into the contact history and its search; the profile cache follows"
        " the store",
    ),
    Stage(
        name="identity",
        process="record",
        reads="table facts, profiles",
        writes="tables identity_events, identity_reviews; hs:profile",
        does="who is one person: attested ids, then weighed matching; doubts go to people",
    ),
    Stage(
        name="flights",
        process="record",
        reads="table facts",
        writes="tables flights, flight_members",
        does="who joins a flight by a label, and which flights have reached their goal",
    ),
    Stage(
        name="signals",
        process="record",
        reads="table facts",
        writes="tables signals, signal_subjects",
        does="what other systems told of people and products, to be joined to their mentions",
    ),
    Stage(
        name="labels",
        process="record",
        reads="table facts",
        writes="tables score_labels, label_samples",
        does="what people say in place of the model, and which mentions they are asked about",
    ),
    Stage(
        name="handoffs",
        process="handoffs",
        reads="table facts",
        writes="table handoffs, topic handoffs; hs:task, hs:outbox",
        does="signed events to partners, their answers obeyed, else the alternative route",
    ),
    Stage(
        name="events",
        process="events",
        reads="table facts",
        writes="tables rule_events, rule_acts, notices; hs:task, hs:outbox",
        does="event rules after the mention: what they do goes through the door, notices to people",
    ),
    Stage(
        name="send",
        process="send",
        reads="table facts",
        writes="tables consent_events, outbound, outbound_refusals; hs:outbox",
        does="STOP heard first, then each reply through the permission gate to its connector",
    ),
    Stage(
        name="reconcile",
        process="reconcile",
        reads="journal, table facts",
        writes="topic mentions",
        does="send again what has no outcome",
    ),
)


def _untimed(_step: str) -> AbstractContextManager[object]:
    return nullcontext()


async def triage(deliveries: Sequence[Delivery], ports: Ports, timer: Timer = _untimed) -> Batch:
    """Take a batch through every step. Raises Unavailable; running it again is harmless."""
    received_ms = ports.now_ms()
    batch = [Item(delivery=delivery, received_ms=received_ms) for delivery in deliveries]
    for step in TRIAGE:
        with timer(step.__name__):
            await step(batch, ports)
    return batch


def table() -> str:
    """The flow as a Markdown table, for `python -m app flow` and ARCHITECTURE.md."""
    head = "| stage | process | reads | writes | does |\n|---|---|---|---|---|"
    rows = (f"| {s.name} | {s.process} | {s.reads} | {s.writes} | {s.does} |" for s in STAGES)
    return "\n".join([head, *rows])
