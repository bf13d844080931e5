"""The door against its model: any order of commands and timers keeps every promise of a task.

`make model` looks through many more, on both cores.
"""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.adapters.door_machine import DoorMachine
from tests.adapters.door_server import own_redis

# A quick run tells the steps as they were found: shortening them takes minutes.
QUICK = settings(
    max_examples=60,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def test_any_order_of_commands_and_timers_keeps_every_promise() -> None:
    """A5.1, A5.4: one owner, one deadline, no gap, nothing lost, whatever happens when."""
    with own_redis() as path:
        machine = type("Machine", (DoorMachine,), {"path": path})
        run_state_machine_as_test(machine, settings=QUICK)
