"""The route table: every path, who may use it, and the sentence that documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from app.web import mentions, pages, stream, tasks
from app.web.auth import Handler, allowed

AGENT, SUPERVISOR, ANALYST, SRE, ADMIN = "agent", "supervisor", "analyst", "sre", "admin"
STAFF = (AGENT, SUPERVISOR, ANALYST, SRE, ADMIN)
OVERSIGHT = (SUPERVISOR, ANALYST, SRE, ADMIN)
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

    def route(self) -> Route:
        guarded = allowed(self.handler, self.roles, self.page) if self.roles else self.handler
        return Route(self.path, guarded, methods=[self.method])


def _get(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="GET", path=path, handler=handler, roles=roles, does=does)


def _page(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="GET", path=path, handler=handler, roles=roles, does=does, page=True)


def _post(path: str, handler: Handler, roles: tuple[str, ...], does: str) -> Endpoint:
    return Endpoint(method="POST", path=path, handler=handler, roles=roles, does=does)


def _command(name: str, handler: Handler, does: str) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"/api/v1/tasks/{{task_id}}/{name}",
        handler=handler,
        roles=(AGENT,),
        does=does,
        command=True,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    _page("/", pages.home, PUBLIC, "Go to my first page"),
    _page("/login", pages.login, PUBLIC, "Sign in"),
    _post("/login", pages.sign_in, PUBLIC, "Check name and password, begin a session"),
    _post("/logout", pages.sign_out, STAFF, "End my session"),
    _page("/desk", pages.desk, (AGENT, SUPERVISOR, ADMIN), "My offer and my tasks"),
    _page("/floor", pages.floor, OVERSIGHT, "Queues and agents, live"),
    _page("/docs", pages.docs, STAFF, "This API"),
    _get("/api/v1/openapi.json", pages.openapi_json, PUBLIC, "This document"),
    _post("/api/v1/mentions", mentions.intake, INTAKE, "Accept one mention or a list"),
    _get(
        "/api/v1/mentions/{mention_id}/why",
        mentions.why,
        STAFF,
        "The whole trail of one mention",
    ),
    _get("/api/v1/history", mentions.history, STAFF, "What one handle and we said, newest first"),
    _get("/api/v1/facts", mentions.facts, OVERSIGHT, "The ledger as JSON lines"),
    _get("/api/v1/facts/last", mentions.last_fact, OVERSIGHT, "The newest sequence number"),
    _get("/api/v1/dead-letters", mentions.dead_letters, (SRE, ADMIN), "Input that failed"),
    _get("/api/v1/queues", tasks.queues, STAFF, "Every queue with its live figures"),
    _get("/api/v1/floor", tasks.floor, OVERSIGHT, "Queues, agents and totals"),
    _get("/api/v1/tasks", tasks.tasks, STAFF, "Open tasks by queue, state and rep"),
    _get("/api/v1/tasks/{task_id}", tasks.task, STAFF, "One task"),
    _get("/api/v1/desk", tasks.desk, (AGENT, SUPERVISOR, ADMIN), "My offer, tasks and state"),
    _get("/api/v1/stream", stream.stream, STAFF, "Server-sent events of my desk or the floor"),
    _post("/api/v1/me/state", tasks.my_state, (AGENT,), "Be available, paused or offline"),
    _command("accept", tasks.accept, "Take the task that is offered to me"),
    _command("reject", tasks.reject, "Decline the offer, with a reason"),
    _command("reply", tasks.reply, "Record my reply to the customer"),
    _command("complete", tasks.complete, "Close my task with a code"),
    _command("transfer", tasks.transfer, "Hand my task on to another queue, with a reason"),
)


def routes(endpoints: Sequence[Endpoint] = ENDPOINTS) -> list[Route]:
    return [endpoint.route() for endpoint in endpoints]
