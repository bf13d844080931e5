"""The route table: every path, who may use it, and the sentence that documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from app.core.catalogue import READING
from app.web import (
    cases,
    chat,
    commands,
    context,
    handoffs,
    history,
    imports,
    mentions,
    notices,
    pages,
    privacy,
    proactive,
    rule_drafts,
    rule_overrides,
    rule_runs,
    rules,
    rules_try,
    scoring,
    signals,
    stream,
    tasks,
)
from app.web.auth import Handler, allowed
from app.web.flight_routes import FLIGHTS
from app.web.identity_routes import IDENTITY
from app.web.label_routes import LABELLING, SCORE_LABELS
from app.web.permission_routes import PERMISSION
from app.web.profile_routes import PROFILES, SEEING_IMPORTS
from app.web.signed import PARTNER

AGENT, SUPERVISOR, ANALYST, SRE, ADMIN = "agent", "supervisor", "analyst", "sre", "admin"
STAFF = (AGENT, SUPERVISOR, ANALYST, SRE, ADMIN)
OVERSIGHT = (SUPERVISOR, ANALYST, SRE, ADMIN)
DIRECTING = (SUPERVISOR, ADMIN)  # who may move other people's work
WRITING = (AGENT, SUPERVISOR, ADMIN)  # who speaks with them
OPERATING = (SUPERVISOR, SRE, ADMIN)  # who looks after what goes to others
INTAKE = ("intake", ADMIN)
PUBLIC: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method on one path. `roles` empty means that anybody may; pages redirect to login."""

    method: str
    path: str
    handler: Handler
    roles: tuple[str, ...]
    does: str
    page: bool = False
    command: bool = False
    edit: bool = False

    def route(self) -> Route:
        guarded = allowed(self.handler, self.roles, self.page) if self.roles else self.handler
        return Route(self.path, guarded, methods=[self.method])


def _get(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="GET", path=path, handler=handler, roles=roles, does=does)


def _page(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="GET", path=path, handler=handler, roles=roles, does=does, page=True)


def _post(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="POST", path=path, handler=handler, roles=roles, does=does)


def _command(name: str, handler: Handler, does: str, roles: tuple[str, ...] = (AGENT,)) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"/api/v1/tasks/{{task_id}}/{name}",
        handler=handler,
        roles=roles,
        does=does,
        command=True,
    )


_RULES = "/api/v1/rules"
_DRAFT = f"{_RULES}/drafts/{{draft_id}}"


def _edit(method: str, path: str, handler: Handler, does: str) -> Endpoint:
    """An edit of a draft: If-Match says which one was seen."""
    return Endpoint(
        method=method, path=path, handler=handler, roles=DIRECTING, does=does, edit=True
    )


RULES: tuple[Endpoint, ...] = (
    _get(_RULES, rules.rules, OVERSIGHT, "The versions of the rules, and which is in effect where"),
    _get(f"{_RULES}/versions/{{number}}", rules.version, OVERSIGHT, "One version: texts and rows"),
    _get(
        f"{_RULES}/versions/{{number}}/diff",
        rules.diff,
        OVERSIGHT,
        "What changed from one version to another, by file and by row",
    ),
    _post(f"{_RULES}/check", rules.check, OVERSIGHT, "What is wrong with these rules, and where"),
    _get(f"{_RULES}/mentions", rules_try.mentions, OVERSIGHT, "The newest mentions, to try on"),
    _post(f"{_RULES}/try", rules_try.try_rules, OVERSIGHT, "What rules would make of a mention"),
    _post(f"{_RULES}/rollback", rules.roll_back, DIRECTING, "Make an older version live again"),
    _post(f"{_RULES}/drafts", rule_drafts.make, DIRECTING, "Begin a draft of rules"),
    _get(_DRAFT, rule_drafts.draft, OVERSIGHT, "One draft, with what is wrong with it"),
    _edit("PUT", _DRAFT, rule_drafts.change, "Keep other texts of a draft"),
    _edit("DELETE", _DRAFT, rule_drafts.drop, "Throw a draft away"),
    _edit("POST", f"{_DRAFT}/rows", rule_drafts.add_row, "Insert a row into a draft"),
    _edit("PUT", f"{_DRAFT}/rows/{{row_id}}", rule_drafts.change_row, "Change one row of a draft"),
    _edit("DELETE", f"{_DRAFT}/rows/{{row_id}}", rule_drafts.drop_row, "Take one row out"),
    _edit("POST", f"{_DRAFT}/rows/{{row_id}}/move", rule_drafts.move_row, "Move one row"),
    _post(f"{_DRAFT}/publish", rule_drafts.publish, DIRECTING, "Make a draft the live version"),
    _post(
        f"{_DRAFT}/backtest",
        rule_runs.begin_backtest,
        DIRECTING,
        "Run a draft over recorded mentions, beside the live version",
    ),
    Endpoint(
        method="DELETE",
        path=f"{_RULES}/backtests/{{backtest_id}}",
        handler=rule_runs.cancel_backtest,
        roles=DIRECTING,
        does="Cancel a back-test",
    ),
    _get(
        f"{_RULES}/backtests/{{backtest_id}}",
        rule_runs.backtest,
        OVERSIGHT,
        "How far a back-test is, and what it found",
    ),
    _post(
        f"{_RULES}/backtests/{{backtest_id}}/seen",
        rule_runs.seen,
        DIRECTING,
        "Say that I have seen what a back-test found",
    ),
    _get(
        f"{_RULES}/overrides",
        rule_overrides.overrides,
        OVERSIGHT,
        "What people did otherwise than the rules decided, rule by rule",
    ),
    _get(f"{_RULES}/shadow", rule_runs.shadow, OVERSIGHT, "How a draft does beside the live rules"),
    _post(f"{_RULES}/shadow", rule_runs.set_shadow, DIRECTING, "Ask a draft beside the live rules"),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    _page("/", pages.home, PUBLIC, "Go to my first page"),
    _page("/login", pages.login, PUBLIC, "Sign in"),
    _post("/login", pages.sign_in, PUBLIC, "Check name and password, begin a session"),
    _post("/logout", pages.sign_out, STAFF, "End my session"),
    _page("/desk", pages.desk, (AGENT, SUPERVISOR, ADMIN), "My offer and my tasks"),
    _page("/floor", pages.floor, OVERSIGHT, "Queues and agents, live"),
    _page("/history", pages.history, READING, "Everything said and done, of one person or found"),
    _page("/flights", pages.flights, STAFF, "Flights: goal, route and group of one situation"),
    _page("/people", pages.people, STAFF, "People: who is one person, and pairs to decide"),
    _page("/rules", pages.rules, OVERSIGHT, "Rules: see, try, edit, publish, roll back"),
    _page("/handoffs", pages.handoffs, OPERATING, "What partners were sent, and how it went"),
    _page("/labels", pages.labels, LABELLING, "Label what the model was unsure of, by keys"),
    _page("/imports", imports.page, SEEING_IMPORTS, "Customers from files: upload, try, take in"),
    _page("/docs", pages.docs, STAFF, "This API"),
    # The customers' own page: open to everybody by intent, where the settings say so.
    _page("/chat", chat.page, PUBLIC, "Write to us and read the answer, without signing in"),
    _get("/api/v1/chat", chat.conversation, PUBLIC, "My web chat, as the page shows it"),
    _post("/api/v1/chat/messages", chat.say, PUBLIC, "Say something in my web chat"),
    _get("/api/v1/chat/stream", chat.stream, PUBLIC, "My web chat again whenever it has changed"),
    _get("/api/v1/openapi.json", pages.openapi_json, PUBLIC, "This document"),
    _post("/api/v1/mentions", mentions.intake, INTAKE, "Accept one mention or a list"),
    _get(
        "/api/v1/mentions/{mention_id}/why",
        mentions.why,
        STAFF,
        "The whole trail of one mention",
    ),
    _post(cases.CLOSE, cases.close, WRITING, "Close a case that a rule has opened, with a reason"),
    _get(
        "/api/v1/history",
        history.history,
        READING,
        "What was said and done: of one person, or found",
    ),
    _post(
        "/api/v1/history", history.note, WRITING, "Write down a call, letter, visit, event or card"
    ),
    _get("/api/v1/facts", mentions.facts, OVERSIGHT, "The ledger as JSON lines"),
    _get("/api/v1/facts/last", mentions.last_fact, OVERSIGHT, "The newest sequence number"),
    _get("/api/v1/dead-letters", mentions.dead_letters, (SRE, ADMIN), "Input that failed"),
    _post("/api/v1/handoffs", handoffs.take, (PARTNER,), "Take an event of a partner, signed"),
    _get("/api/v1/handoffs", handoffs.log, OPERATING, "What partners were sent"),
    _post(
        "/api/v1/handoffs/{event_id}/replay",
        handoffs.replay,
        (SRE, ADMIN),
        "Send an event to its partner once more, with a reason",
    ),
    _post(
        "/api/v1/signals",
        signals.take,
        (*INTAKE, PARTNER),
        "Take what another system says of people or a product; of partners signed",
    ),
    _get(
        "/api/v1/proactive",
        proactive.waiting,
        DIRECTING,
        "Whom signals hurt who has not spoken: to be told before they ask",
    ),
    _post(
        "/api/v1/proactive/{event}/approve",
        proactive.approve,
        DIRECTING,
        "Let these people be told; each message still asks for permission",
    ),
    _get("/api/v1/queues", tasks.queues, STAFF, "Every queue with its live figures"),
    _get("/api/v1/floor", tasks.floor, OVERSIGHT, "Queues, agents and totals"),
    _get("/api/v1/scoring", scoring.scoring, OVERSIGHT, "The rung that scores, and the model"),
    _get("/api/v1/tasks", tasks.tasks, STAFF, "Open tasks by queue, state and rep"),
    _get("/api/v1/tasks/{task_id}", tasks.task, STAFF, "One task"),
    _get(
        "/api/v1/tasks/{task_id}/context",
        context.context,
        STAFF,
        "Who this is, why it came to you, why now, what to do; with what each clause stands on",
    ),
    _get("/api/v1/snapshot", tasks.snapshot, OVERSIGHT, "All open tasks at one moment"),
    _get("/api/v1/desk", tasks.desk, (AGENT, SUPERVISOR, ADMIN), "My offer, tasks and state"),
    _get("/api/v1/notices", notices.notices, STAFF, "What rules tell me and I have not read"),
    _post("/api/v1/notices/read", notices.read, STAFF, "Say that I have read notices of mine"),
    _get(
        "/api/v1/mentions/{mention_id}/rules",
        notices.rules_of_mention,
        STAFF,
        "What event rules did since a mention was decided, and which may still ask",
    ),
    _get("/api/v1/stream", stream.stream, STAFF, "Server-sent events of my desk or the floor"),
    _post("/api/v1/me/state", tasks.my_state, (AGENT,), "Be available, paused or offline"),
    _get("/api/v1/privacy/export", privacy.export, (ADMIN,), "All that is kept of one person"),
    _get(
        "/api/v1/privacy/erasures", privacy.erasures, (ADMIN,), "Erasures, and what they took out"
    ),
    _post("/api/v1/privacy/erasures", privacy.erase, (ADMIN,), "Forget one person"),
    _command("accept", commands.accept, "Take the task that is offered to me"),
    _command("reject", commands.reject, "Decline the offer, with a reason"),
    _command("reply", commands.reply, "Reply to the customer, through the permission gate"),
    _command("wrap", commands.wrap, "Begin the after-call work of my task"),
    _command("complete", commands.complete, "Close my task with a code"),
    _command("transfer", commands.transfer, "Hand my task on to a queue or a colleague"),
    _command("park", commands.park, "Let a task rest until a moment", (AGENT, *DIRECTING)),
    _command("resume", commands.resume, "Take a parked task up again", (AGENT, *DIRECTING)),
    _command("assign", commands.assign, "Offer a task to one agent", DIRECTING),
    _command("pull_back", commands.pull_back, "Take a task back into a queue", DIRECTING),
    _command("cancel", commands.cancel, "End a task that needs nobody", DIRECTING),
    _command("prioritise", commands.prioritise, "Change how pressing a task is", DIRECTING),
    *RULES,
    *(
        Endpoint(method=m, path=p, handler=h, roles=r, does=d)
        for m, p, h, r, d in (*PERMISSION, *FLIGHTS, *PROFILES, *IDENTITY, *SCORE_LABELS)
    ),
)


def routes(endpoints: Sequence[Endpoint] = ENDPOINTS) -> list[Route]:
    return [endpoint.route() for endpoint in endpoints]
