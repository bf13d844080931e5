"""Simulated colleagues: they use the public HTTP API as people use the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from app.demo.client import Patience, client, json_object, log
from app.demo.habits import Habits, reply_to

Card = dict[str, Any]
# Answers that concern us and not one task: somebody else is in charge, wait and try again.
ABOUT_US: Final = (401, 403, 408, 429)
CONFLICT: Final = 409  # the task went elsewhere, which is normal


async def run(base_url: str, keys: Mapping[str, str], speed: float, seed: int) -> None:
    """Let every colleague in `keys` (name: bearer key) work until cancelled."""
    async with asyncio.TaskGroup() as group:
        for name, key in keys.items():
            group.create_task(_work(base_url, key, Habits(Random(f"{seed}/{name}"), speed), name))


async def _work(base_url: str, key: str, habits: Habits, name: str) -> None:
    async with client(base_url, key) as http:
        colleague = Colleague(name=name, http=http, habits=habits)
        patience = Patience(name, habits.rng)
        while True:
            try:
                await colleague.look()
                patience.back()
                await asyncio.sleep(habits.glance_s())
            except httpx.HTTPError as error:
                await patience.wait(type(error).__name__)
            except Exception as error:  # a colleague shrugs off whatever an answer contains
                log.warning("%s: %s: %s", name, type(error).__name__, error)
                await asyncio.sleep(habits.glance_s())


@dataclass(slots=True)
class Colleague:
    """One simulated agent. Everything is done on a look at the desk, when its time has come."""

    name: str
    http: httpx.AsyncClient
    habits: Habits
    # When the next step is due, on the loop's clock, by what it is about.
    due: dict[str, float] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)

    async def look(self) -> None:
        """Read the desk, and do whatever is due."""
        response = await self.http.get("/api/v1/desk")
        response.raise_for_status()
        desk = json_object(response)
        self.habits.see(desk.get("queues") or [])
        offer, tasks = desk.get("offer"), desk.get("tasks") or []
        self._forget(offer, tasks)
        await self._be_available(desk)
        if offer:
            await self._consider(offer, int(desk.get("now_ms") or 0))
        for card in tasks:
            await self._handle(card)

    def _forget(self, offer: Card | None, tasks: list[Card]) -> None:
        present = {_offer_key(offer)} if offer else set()
        present |= {step for card in tasks for step in (_step(card, "reply"), _step(card, "done"))}
        self.due = {k: at for k, at in self.due.items() if k in present or k == "ready"}
        self.ignored &= present

    async def _be_available(self, desk: Mapping[str, Any]) -> None:
        state = (desk.get("me") or {}).get("state")
        if state == "available":
            self.due.pop("ready", None)
        elif state == "offline" or self._is_due("ready", self.habits.pause_s()):
            await self._post("/api/v1/me/state", {"state": "available"}, "")

    async def _consider(self, offer: Card, now_ms: int) -> None:
        key = _offer_key(offer)
        left_s = max(1.0, (int(offer.get("expires_ms") or now_ms) - now_ms) / 1000)
        # Half the time left at most, so that a short --offer does not look like absence.
        if key in self.ignored or not self._is_due(key, min(self.habits.read_s(), left_s / 2)):
            return
        choice = self.habits.choice(str(offer.get("queue") or ""))
        if choice == "ignore":
            self.ignored.add(key)
        elif choice == "reject":
            await self._act(offer, "reject", {"reason": self.habits.excuse()})
        else:
            await self._act(offer, "accept", {})

    async def _handle(self, card: Card) -> None:
        if card.get("reply") is None and self.habits.answers(card):
            if self._is_due(_step(card, "reply"), self.habits.write_s()):
                text = reply_to(card, self.name.capitalize(), self.habits.rng)
                await self._act(card, "reply", {"text": text})
        elif self._is_due(_step(card, "done"), self.habits.wrap_s()):
            await self._correct(card)
            code = "resolved" if self.habits.answers(card) else "no_answer_needed"
            await self._act(card, "complete", {"code": code, "note": ""})

    async def _correct(self, card: Card) -> None:
        """Say, now and then, that an unsure model was wrong."""
        if mood := self.habits.second_thought(card):
            path = f"/api/v1/mentions/{card['mention_id']}/labels"
            await self._post(path, {"sentiment": mood}, f"{self.name}-{card['task_id']}-label")

    def _is_due(self, key: str, after_s: float) -> bool:
        now = asyncio.get_running_loop().time()
        return now >= self.due.setdefault(key, now + after_s)

    async def _act(self, card: Card, action: str, body: dict[str, Any]) -> None:
        # The same step of the same version has the same key: sent twice it is done once.
        key = f"{self.name}-{card['task_id']}-{card.get('version', 0)}-{action}"
        await self._post(f"/api/v1/tasks/{card['task_id']}/{action}", body, key)

    async def _post(self, path: str, body: dict[str, Any], key: str) -> None:
        headers = {"Idempotency-Key": key} if key else {}
        response = await self.http.post(path, json=body, headers=headers)
        status = response.status_code
        if status in ABOUT_US or status >= 500:
            response.raise_for_status()
        if status >= 400 and status != CONFLICT:
            log.warning("%s: %s: %s %s", self.name, path, status, response.text[:300])


def _offer_key(offer: Card) -> str:
    return f"offer/{offer['task_id']}/{offer.get('offered_ms', 0)}"


def _step(card: Card, step: str) -> str:
    return f"{step}/{card['task_id']}"
