"""Agents at their desks, and who supervises them: they see, think, and click."""

from __future__ import annotations

import asyncio
from typing import Any

from app.core.catalogue import Rep
from tests.sim.people import Web, pick
from tests.sim.world import OFFER_S, World

Shown = tuple[str, str, list[tuple[str, str]]]  # my state, the task offered to me, what I hold

_KEPT_MS = 3000
_HELP_S = 3.0
_WORK = {"reply": 5.0, "complete": 5.0, "wrap": 2.0, "transfer": 1.5, "park": 1.0}
_OLD_TAB = ("accept", "reject", "reply", "complete", "wrap", "resume", "transfer")


class Desk:
    """One agent. Some are quick, some let offers run out, some come and go."""

    def __init__(self, world: World, web: Web, rep: Rep) -> None:
        self.world, self.web, self.rep = world, web, rep
        self.chance = world.chance(f"desk {rep.name}")
        self.who = {"type": "user", "id": rep.name, "role": rep.role}
        self.pace_s = self.chance.choice((0.3, 0.6, 1.2, 2.5))
        self.dawdles = self.chance.choice((0.0, 0.1, 0.4))
        self.ill = self.chance.random() < 0.3  # comes for the drain only: then all skills are there
        self.known: list[str] = []
        self.shown: Shown = ("", "", [])

    async def work(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, 3))
        if self.ill:
            await self.world.drain.wait()
        self.world.at_desk.add(self.rep.name)
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * min(self.pace_s, 1.0))
            if not self.world.draining and self.chance.random() < 0.01:
                await self._go_home()
            if self.world.network.up:
                await self._turn()

    async def _go_home(self) -> None:
        """Close the browser without a word, for a moment or for longer than anybody waits."""
        self.world.at_desk.discard(self.rep.name)
        self.world.say(f"{self.rep.name} closes the browser")
        left_s = self.chance.choice((1.0, 4.0, 12.0))
        while left_s > 0 and not self.world.draining:
            await asyncio.sleep(1.0)
            left_s -= 1.0
        self.world.at_desk.add(self.rep.name)

    async def _turn(self) -> None:
        state, offer, held = self._look()
        calm = self.world.draining
        if state != "available" and (calm or self.chance.random() < 0.5):
            await self._say("available")
        elif not calm and self.chance.random() < 0.02:
            await self._say(self.chance.choice(("paused", "offline")))
        if offer:
            await self._answer(offer, calm)
        for task, at in held:
            if at in ("accepted", "wrapping") and (calm or self.chance.random() < 0.6):
                await self._advance(task, at, calm)
        if not calm and self.known and self.chance.random() < 0.04:  # an old tab
            name = self.chance.choice(_OLD_TAB)
            await self.web.command(
                self.who, name, self.chance.choice(self.known), **self._said(name)
            )

    def _look(self) -> Shown:
        """What the screen shows at this moment; the click comes later."""
        news = self.world.network.news
        if self.rep.name in news or self.chance.random() < 0.05:
            news.discard(self.rep.name)
            self.shown = self._fetched()
        return self.shown

    def _fetched(self) -> Shown:
        name, server = self.rep.name, self.world.on.server
        state, offer, held = server.run(
            [
                ("HGET", f"hs:rep:{name}", "state"),
                ("HGET", f"hs:rep:{name}", "offer"),
                ("SMEMBERS", f"hs:rep:{name}:tasks"),
            ]
        )
        ids = sorted(task.decode() for task in held)
        states = server.run([("HGET", f"hs:task:{id_}", "state") for id_ in ids]) if ids else []
        tasks = [(id_, (at or b"").decode()) for id_, at in zip(ids, states, strict=True)]
        return (state or b"").decode(), (offer or b"").decode(), tasks

    async def _say(self, state: str) -> None:
        kind, _ = await self.web.ask(
            lambda: self.web.door.set_state(self.rep.name, state, "simulated", self.who)
        )
        self.world.say(f"{self.rep.name} is {state}: {kind}")

    async def _answer(self, task: str, calm: bool) -> None:
        if task not in self.known:
            self.known.append(task)
        await self._think(calm)
        if not calm and self.chance.random() < self.dawdles:
            await asyncio.sleep(self.chance.uniform(0.7, 1.4) * OFFER_S)  # around its end
        if not calm and self.chance.random() < 0.15:
            await self.web.command(self.who, "reject", task, reason="not mine")
        elif self.chance.random() < 0.15:
            await self.web.double(self.who, "accept", task)
        else:
            await self.web.command(self.who, "accept", task)

    async def _advance(self, task: str, at: str, calm: bool) -> None:
        await self._think(calm)
        action = "complete" if calm or at == "wrapping" else pick(self.chance, _WORK)
        send = self.web.double if self.chance.random() < 0.1 else self.web.command
        given = self._said(action)
        if not calm and self.chance.random() < 0.05:
            given["version"] = self.chance.randint(1, 9)  # of a screen that is perhaps old
        await send(self.who, action, task, **given)

    def _said(self, action: str) -> dict[str, Any]:
        """What the body of this command says, as app.web.commands passes it on."""
        if action == "transfer":
            return self._transfer()
        if action == "park":
            until_ms = self.world.redis_ms() + round(self.chance.uniform(0.5, 8.0) * 1000)
            waits_for = self.chance.choice(("", "customer"))
            return {"until_ms": until_ms, "reason": "later", "waits_for": waits_for}
        given: dict[str, dict[str, Any]] = {
            "reject": {"reason": "not mine"},
            "reply": {"text": "Hello"},
            "complete": {"code": "resolved", "note": ""},
            "resume": {"kept_ms": _KEPT_MS},
        }
        return given.get(action, {})

    def _transfer(self) -> dict[str, Any]:
        catalogue = self.world.on.config.catalogue
        if self.chance.random() < 0.3:
            others = [rep.name for rep in catalogue.reps.values() if rep.queues]
            to_rep = self.chance.choice(others)
            return {"to_rep": to_rep, "kept_ms": _KEPT_MS, "reason": "theirs"}
        queue = self.chance.choice(list(catalogue.queues.values()))
        return {"queue": queue.name, "skills": ",".join(queue.skills), "reason": "not mine"}

    async def _think(self, calm: bool) -> None:
        await asyncio.sleep(self.chance.uniform(0.02, 0.2 if calm else self.pace_s))


class Supervisor:
    """Takes tasks back, assigns, parks, cancels and changes priorities, now and then."""

    def __init__(self, world: World, web: Web, rep: Rep) -> None:
        self.world, self.web = world, web
        self.chance = world.chance(f"supervisor {rep.name}")
        self.who = {"type": "user", "id": rep.name, "role": rep.role}
        self.every_s = self.chance.choice((1.0, 4.0, 1000.0))

    async def work(self) -> None:
        while True:
            await asyncio.sleep(self.every_s * self.chance.uniform(0.5, 1.5))
            if self.world.draining:
                return
            if self.world.network.up:
                await self._turn()

    async def help(self) -> None:
        """In the drain: give what is told as unroutable to somebody, as the floor asks for.

        Its response clock may have stopped long ago; then no breach brings it to the mediator.
        """
        await self.world.drain.wait()
        while True:
            await asyncio.sleep(_HELP_S)
            idle = self._idle()
            for task in self._unroutable()[: len(idle)]:
                given = self._said("assign") | {"to_rep": idle.pop()}
                await self.web.command(self.who, "assign", task, **given)

    def _unroutable(self) -> list[str]:
        server, queues = self.world.on.server, self.world.on.config.catalogue.queues
        opened = server.run([("SMEMBERS", f"hs:open:{name}") for name in queues])
        ids = sorted(task.decode() for found in opened for task in found)
        asked = [("HMGET", f"hs:task:{id_}", "state", "unroutable") for id_ in ids]
        told = server.run(asked) if ids else []
        return [id_ for id_, (at, why) in zip(ids, told, strict=True) if at == b"queued" and why]

    def _idle(self) -> list[str]:
        reps = [rep.name for rep in self.world.on.config.catalogue.reps.values() if rep.queues]
        told = self.world.on.server.run([("HMGET", f"hs:rep:{r}", "state", "offer") for r in reps])
        return [
            r for r, (at, offer) in zip(reps, told, strict=True) if at == b"available" and not offer
        ]

    async def _turn(self) -> None:
        name = self.chance.choice(list(self.world.on.config.catalogue.queues))
        found = sorted(self.world.on.server.one("SMEMBERS", f"hs:open:{name}"))
        if not found:
            return
        task = self.chance.choice(found).decode()
        command = self.chance.choice(list(_SUPERVISES))
        send = self.web.double if self.chance.random() < 0.1 else self.web.command
        await send(self.who, command, task, **self._said(command))

    def _said(self, command: str) -> dict[str, Any]:
        catalogue = self.world.on.config.catalogue
        given: dict[str, Any] = {"reason": "I say so"}
        if command == "assign":
            takers = [rep.name for rep in catalogue.reps.values() if rep.queues]
            expires_ms = round(OFFER_S * 1000)
            given |= {"to_rep": self.chance.choice(takers), "expires_ms": expires_ms}
        elif command == "park":
            until_ms = self.world.redis_ms() + round(self.chance.uniform(0.5, 8.0) * 1000)
            given |= {"until_ms": until_ms, "waits_for": ""}
        elif command == "resume":
            given = {"kept_ms": _KEPT_MS}
        elif command == "prioritise":
            given |= {"priority": self.chance.randrange(101)}
        elif command == "pull_back" and self.chance.random() < 0.5:
            queue = self.chance.choice(list(catalogue.queues.values()))
            given |= {"queue": queue.name, "skills": ",".join(queue.skills)}
        return given


_SUPERVISES = ("assign", "pull_back", "park", "resume", "cancel", "prioritise")
