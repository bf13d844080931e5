"""The door against its model: any order of commands and timers, compared after every step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.adapters.door_model import CHANNELS, QUEUES, REPS
from tests.adapters.door_model_commands import AGENTS, ENGINES, SUPERVISORS
from tests.adapters.door_server import now
from tests.adapters.door_twin import Twin
from tests.builders import NOON, OFFER_MS, actor_of

GRACE_MS, GONE_MS = 15_000, 120_000

ids = st.integers(0, 9).map(str)
reps = st.sampled_from(sorted(REPS))
picks = st.integers(0, 100)
queues = st.sampled_from(sorted(QUEUES))
steps_ms = st.sampled_from(
    [1, 100, 2_000, OFFER_MS - 1, OFFER_MS, OFFER_MS, 30_000, 60_000, 120_000, 400_000, 1_800_000]
)
extras = st.fixed_dictionaries(
    {
        "queue": queues,
        "to_rep": st.sampled_from(["", "", *REPS, "nobody"]),
        "minutes": st.sampled_from([-1, 1, 5, 600]),
        "waits_for": st.sampled_from(["", "customer"]),
        "priority": st.integers(0, 100),
        "window_s": st.sampled_from([30, 600, 7200]),
        "stale": st.integers(0, 9).map(lambda n: n == 7),
    }
)


class DoorMachine(Twin, RuleBasedStateMachine):
    """Every rule does the same to the door and to the model, and compares the answers."""

    path: ClassVar[str] = ""
    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        Twin.__init__(self, self.path)
        type(self).examples += 1

    def teardown(self) -> None:
        self.behind.close()
        self.audit()

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        type(self).steps += 1
        self.check()

    @initialize(
        queues=st.lists(st.sampled_from(["service", "billing", "service", "urgent"]), max_size=6),
        channel=st.sampled_from(sorted(CHANNELS)),
        priority=st.integers(0, 90),
    )
    def some_is_in_hand_already(self, queues: list[str], channel: str, priority: int) -> None:
        for i, queue in enumerate(queues):
            self.new_task(
                str(i), queue=queue, skills=("en",), priority=priority + i, channel=channel
            )
        self.everybody_takes_what_there_is()

    @rule(
        id_=ids,
        queue=queues,
        skill=st.sampled_from(["", "", "en", "billing", "billing:2", "billing:3"]),
        channel=st.sampled_from(sorted(CHANNELS)),
        priority=st.integers(0, 100),
        window_s=st.sampled_from([60.0, 1800.0]),
        age_s=st.sampled_from([0, 0, 30, 5_000]),
        resolution_s=st.sampled_from([0, 300, 3600]),
        for_rep=st.sampled_from(["", *REPS]),
    )
    def admit(self, id_: str, queue: str, skill: str, **given: Any) -> None:
        skills = tuple(sorted({*QUEUES[queue].skills, skill} - {""}))
        detected = NOON - timedelta(seconds=given.pop("age_s"))
        self.new_task(id_, queue=queue, skills=skills, detected_at=detected, **given)

    @rule(by_ms=steps_ms)
    def time_passes(self, by_ms: int) -> None:
        self.move_on(by_ms)

    @rule(by_ms=steps_ms, backwards=st.booleans())
    def watch_does_its_round(self, by_ms: int, backwards: bool) -> None:
        self.move_on(by_ms)
        sweeps = [self.offers_run_out, self.thresholds_are_swept, self.timers_are_swept]
        for sweep in reversed(sweeps) if backwards else sweeps:
            sweep()
        self.make_urgent_offers()

    @rule()
    def make_offers(self) -> None:
        """Round by round, until a round offers nothing: what one rep takes may free another."""
        while facts := self.offers_made(now(self.door.offer(OFFER_MS))):
            idle = self.model.by_idleness()
            turns = [idle.index(fact["rep"]) for fact in facts]
            assert turns == sorted(turns)
            for fact in facts:
                self.model.offered(fact["task_id"], fact["rep"], "")
        self.model.nobody_is_left_waiting()

    @rule(id_=st.integers(10, 15).map(str), channel=st.sampled_from(sorted(CHANNELS)))
    def something_urgent_comes(self, id_: str, channel: str) -> None:
        self.new_task(id_, queue="urgent", skills=(), channel=channel, window_s=60.0)
        self.make_urgent_offers()

    @rule()
    def make_urgent_offers(self) -> None:
        self.make_offers()
        self.make_only_urgent_offers()

    @rule()
    def make_only_urgent_offers(self) -> None:
        while facts := self.offers_made(now(self.door.preempt(OFFER_MS))):
            for fact in facts:
                self.model.offered(fact["task_id"], fact["rep"], "preempts")
        self.model.nothing_urgent_is_left_waiting()

    @rule()
    def everybody_takes_what_there_is(self) -> None:
        """Get on quickly to where people are busy."""
        for _ in range(3):
            self.make_offers()
            for task in self.in_state("offered"):
                self.command("accept", task.id, {"rep": task.rep, "actor": actor_of(task.rep)})

    @rule()
    def offers_run_out(self) -> None:
        assert now(self.door.expire()) == self.model.expire()

    @precondition(lambda self: self.in_state("offered"))
    @rule(pick=picks, early_ms=st.sampled_from([0, 0, 1, -1]))
    def nobody_answers(self, pick: int, early_ms: int) -> None:
        task = self.pick_one(pick, "offered")
        self.move_on(max(0, task.expires - early_ms - self.model.now))
        self.offers_run_out()

    @precondition(lambda self: self.in_state("offered"))
    @rule(
        pick=picks, late_ms=st.sampled_from([-1, 0, 1]), name=st.sampled_from(["accept", "reject"])
    )
    def an_answer_comes_at_the_very_end(self, pick: int, late_ms: int, name: str) -> None:
        task = self.pick_one(pick, "offered")
        self.move_on(max(0, task.expires + late_ms - self.model.now))
        self.command(name, task.id, {"rep": task.rep, "actor": actor_of(task.rep)})

    @rule()
    def thresholds_are_swept(self) -> None:
        assert now(self.door.thresholds()) == self.model.thresholds()

    @rule()
    def timers_are_swept(self) -> None:
        assert now(self.door.timers()) == self.model.sweep_timers()

    @rule(there=st.sets(reps))
    def desks_are_open(self, there: set[str]) -> None:
        now(self.door.present(sorted(there)))
        self.model.note_desks(sorted(there))

    @rule(times=st.sampled_from([1, 4, 30]), there=st.sets(reps, max_size=2))
    def absence_is_swept(self, times: int, there: set[str]) -> None:
        for _ in range(times):
            self.move_on(4_500)
            self.desks_are_open(there)
            released = now(self.door.absent(GRACE_MS, GONE_MS))
            assert sorted(released) == sorted(self.model.absent(GRACE_MS, GONE_MS))

    @rule(rep=reps, state=st.sampled_from(["available", "available", "paused", "offline"]))
    def a_rep_comes_or_goes(self, rep: str, state: str) -> None:
        self.set_state(rep, state)

    @rule(rep=reps)
    def somebody_leaves_the_staff(self, rep: str) -> None:
        self.staff(sorted(self.model.states.keys() - {rep}))

    @rule()
    def everybody_comes_back(self) -> None:
        self.staff(list(REPS))
        for rep in REPS:
            self.set_state(rep, "available")

    @precondition(lambda self: self.in_state("offered"))
    @rule(name=st.sampled_from(["accept", "accept", "reject"]), pick=picks)
    def an_offer_is_answered(self, name: str, pick: int) -> None:
        task = self.pick_one(pick, "offered")
        given = {"rep": task.rep, "actor": actor_of(task.rep)}
        self.command(name, task.id, given | {"reservation_id": task.reservation})

    @precondition(lambda self: self.in_state("accepted", "wrapping"))
    @rule(
        name=st.sampled_from(["reply", "wrap", "complete", "transfer", "transfer", "park"]),
        pick=picks,
        extra=extras,
    )
    def an_owner_works(self, name: str, pick: int, extra: dict[str, Any]) -> None:
        task = self.pick_one(pick, "accepted", "wrapping")
        self.try_it(name, task.id, task.rep, extra)

    @rule(name=st.sampled_from(AGENTS), pick=picks, rep=reps, extra=extras)
    def anybody_tries_anything(self, name: str, pick: int, rep: str, extra: dict[str, Any]) -> None:
        self.try_it(name, self.any_task(pick), rep, extra)

    @rule(name=st.sampled_from(SUPERVISORS), pick=picks, extra=extras)
    def a_supervisor_steps_in(self, name: str, pick: int, extra: dict[str, Any]) -> None:
        self.try_it(name, self.any_task(pick), "sue", extra)

    @rule(name=st.sampled_from(ENGINES), pick=picks, extra=extras)
    def another_engine_answers(self, name: str, pick: int, extra: dict[str, Any]) -> None:
        self.try_it(name, self.any_task(pick), "crm", extra)

    @precondition(lambda self: self.done)
    @rule(pick=picks, other=st.booleans())
    def a_command_comes_again(self, pick: int, other: bool) -> None:
        name, task, op_id, given, code = self.done[pick % len(self.done)]
        before = self.behind.redis.xlen("hs:outbox")
        found = self.answer(name, task, op_id, given | ({"digest": "other"} if other else {}))
        assert found.get("code") == ("key_reused" if other else code)
        assert self.behind.redis.xlen("hs:outbox") == before
