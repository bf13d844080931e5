"""After a simulation: the shipped auditor over the ledger, and what must be conserved."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store.seal import open_facts
from app.adapters.store.tables import dead_letters, facts, journal
from app.audit.auditor import Auditor
from app.audit.fact import Fact, fact_of
from app.audit.inputs import Accepted, Inputs, Letter, Told
from app.audit.invariant import Bounds
from app.audit.report import line_of
from tests.sim.people import Customers, Web
from tests.sim.world import World

FINAL = ("completed", "cancelled")


def bodies(world: World) -> list[bytes]:
    """Every fact of the ledger, in its order."""
    query = sa.select(facts.c.body).order_by(facts.c.seq)
    opened = world.on.database.run_now(lambda c: open_facts(c, c.scalars(query)), True)
    return [orjson.dumps(fact) for fact in opened]


def history_hash(found: list[bytes]) -> str:
    """sha256 over the facts in the order of the ledger; an epoch counts as first, second ..."""
    digest, epochs = hashlib.sha256(), dict[str, int]()
    for body in found:
        fact = orjson.loads(body)
        epoch = str(fact.get("epoch", ""))
        text = json.dumps(fact, sort_keys=True)
        if epoch:
            name = f"epoch-{epochs.setdefault(epoch, len(epochs))}"
            text = text.replace(epoch, name)
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def judged(world: World, web: Web, customers: Customers, found: list[bytes]) -> list[str]:
    """Every violation as a sentence; empty where all is well."""
    read = [fact_of(body, number) for number, body in enumerate(found, 1)]
    gone = world.lost - {fact.op_id for fact in read}  # some came again, or were there already
    auditor = Auditor(_inputs(world, web, customers, gone), _bounds(world))
    for fact in read:
        auditor.see(fact)
    auditor.end()
    return (
        [line_of(violation) for violation in auditor.violations]
        + [f"crash: {crash}" for crash in world.crashes]
        + _conserved(world, read)
    )


def _bounds(world: World) -> Bounds:
    return Bounds(
        at_risk_share=world.on.settings.sla.at_risk_share,
        drained=True,
        outages=tuple(_joined(world.outages)),
    )


def _joined(outages: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(outages):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _inputs(world: World, web: Web, customers: Customers, gone: set[str]) -> Inputs:
    """What was accepted: the journal, which is more than what anybody was told; and the topic."""

    def work(connection: sa.Connection) -> tuple[list[Any], list[Any]]:
        accepted = connection.execute(sa.select(journal.c.intake_id, journal.c.mention_id)).all()
        return list(accepted), list(connection.execute(sa.select(dead_letters)).all())

    accepted, letters = world.on.database.run_now(work, True)
    direct = [Accepted(src, "") for src in customers.direct if src not in gone]
    told = [
        Told(
            number,
            row["type"],
            row["op_id"],
            row["command"],
            row["rep"],
            row["task"],
            row["status"],
            json.dumps(row["result"], sort_keys=True) if "result" in row else "",
        )
        for number, row in enumerate(web.told, 1)
        if row["op_id"] not in world.lost
    ]
    return Inputs(
        mentions=[Accepted(f"intake:{id_}", mention) for id_, mention in accepted] + direct,
        dead=[
            Letter(row.src, row.sha256, len(row.raw or b""))
            for row in letters
            if row.src not in gone
        ],
        client=told,
    )


def _conserved(world: World, read: list[Fact]) -> list[str]:
    """The door's state is what the last fact of each task says, and nothing is left on the way."""
    server, problems = world.on.server, []
    last = {fact.task_id: fact for fact in read if fact.task_id}
    asked = [("HMGET", f"hs:task:{id_}", "state", "version", "queue") for id_ in last]
    found = server.run(asked) if asked else []
    for (id_, fact), values in zip(last.items(), found, strict=True):
        state, version, queue = ((value or b"").decode() for value in values)
        if not state and fact.to in FINAL:
            continue  # a rebuilt door does not bring back what is over
        if (state, version, queue) != (fact.to, str(fact.version), fact.queue):
            said = f"{fact.to} {fact.version} {fact.queue}"
            problems.append(f"state: task {id_} is {state} {version} {queue}, its fact: {said}")
    if left := server.one("XLEN", "hs:outbox"):
        problems.append(f"outbox: {left} facts never reached the ledger")
    unsettled = sa.select(sa.func.count()).where(journal.c.settled.is_(False))
    if count := world.on.database.run_now(lambda c: c.execute(unsettled).scalar(), True):
        problems.append(f"journal: {count} accepted mentions without an outcome")
    return problems
