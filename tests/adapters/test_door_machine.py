"""The door against its model: any order of commands and timers keeps every promise of a task.

`make model` looks through many more, on both cores.
"""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.adapters.door_machine import DoorMachine
from tests.adapters.door_server import now, own_redis
from tests.adapters.door_twin import Twin
from tests.builders import task_id

# A quick run tells the steps as they were found: shortening them takes minutes.
QUICK = settings(
    max_examples=60,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

REROUTED = {"queue": "billing", "stale": False}


def test_any_order_of_commands_and_timers_keeps_every_promise() -> None:
    """A5.1, A5.4: one owner, one deadline, no gap, nothing lost, whatever happens when."""
    with own_redis() as path:
        machine = type("Machine", (DoorMachine,), {"path": path})
        run_state_machine_as_test(machine, settings=QUICK)


def test_a_task_that_nobody_can_take_is_told_again_in_its_next_queue() -> None:
    """Found by `make model`: the auditor took it for the same news twice."""
    with own_redis() as path:
        twin = Twin(path)
        twin.new_task("1")
        twin.staff([])
        for queue in ("service", "billing"):
            if queue == "billing":
                twin.try_it("reroute", task_id("1"), "crm", REROUTED | {"queue": queue})
            twin.move_on(2_000)
            assert now(twin.door.timers()) == twin.model.sweep_timers()
            twin.check()
        told = [fact["queue"] for fact in twin.all_facts if fact["op"] == "unroutable"]
        assert told == ["service", "billing"]
        twin.audit()
