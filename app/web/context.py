"""The context card over HTTP: clauses on a task, each with the entries that it stands on."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters.store.signals import Signals
from app.adapters.store.threads import Threads
from app.config import Config
from app.core.clause import Backing, Clause
from app.core.context import Task, Titles, Trail, moment_of, sentence, short
from app.core.context_clauses import clauses
from app.core.context_community import answer_clauses
from app.core.context_signals import detected_ms, signal_clauses, subjects_of
from app.web import flight_views
from app.web.problems import Problem
from app.web.state import Parts, parts, user

Json = dict[str, Any]


async def context(request: Request) -> Response:
    """Who this is, why it came to whoever has it, why now, what to do.

    `behind`: facts of this task are still on their way to the ledger; ask again.
    """
    at, me = parts(request), user(request)
    card = await at.floor.card(request.path_params["task_id"])
    if card is None:
        raise Problem(404, "unknown_task", "No task has this id")
    facts = await at.base.ledger.of_mention(card["mention_id"])
    moment = moment_of(facts, _task(card), _titles(at.base.config))
    signals = Signals(at.base.database)
    found = await signals.of(subjects_of(facts, moment), detected_ms(facts))
    answers = answer_clauses(Trail(facts, moment), await _answers(at, card["mention_id"]))
    elsewhere = (*signal_clauses(facts, moment, found), *answers)
    [card] = await flight_views.on_cards(at, me, [card])
    said = clauses(facts, moment, elsewhere, card["flights"] or ())
    told = max((int(fact.get("version", 0)) for fact in facts), default=0)
    return JSONResponse(
        {
            "task_id": card["task_id"],
            "mention_id": card["mention_id"],
            "version": card["version"],
            "behind": told < card["version"],
            "sentence": sentence(said),
            "short": [one.key for one in short(said)],
            "clauses": [_clause(one) for one in said],
        }
    )


async def _answers(at: Parts, mention_id: str) -> list[list[Json]]:
    """The trails of what others answered in the thread that this mention opens."""
    found = await Threads(at.base.database).answers_to(mention_id)
    return [await at.base.ledger.of_mention(answer) for answer in found]


def _task(card: Json) -> Task:
    return Task(
        rep=card["rep"],
        reservation_id=card["reservation_id"],
        sla=card["sla"],
        due_ms=card["due_ms"],
    )


def _titles(config: Config) -> Titles:
    catalogue = config.catalogue
    return Titles(
        queues={name: queue.title for name, queue in catalogue.queues.items()},
        channels={name: channel.title for name, channel in catalogue.channels.items()},
        people={name: rep.title for name, rep in catalogue.reps.items()},
    )


def _clause(one: Clause) -> Json:
    return {
        "part": one.part,
        "key": one.key,
        "text": one.text,
        "words": [{"text": word.text, "data": word.data} for word in one.words],
        "at_ms": one.at_ms,
        "because": one.because,
        "backing": [_backing(entry) for entry in one.backing],
    }


def _backing(entry: Backing) -> Json:
    return {
        "entry": entry.entry,
        "op": entry.op,
        "at_ms": entry.at_ms,
        "fields": [".".join(path) for path in entry.fields],
    }
