"""Keep a worker of a campaign on one core, and with it the Redis that it starts."""

from __future__ import annotations

import multiprocessing
import os


def stay_on_one_core() -> None:
    """Python and its Redis take turns, so that two cores only make them wait for each other."""
    if not hasattr(os, "sched_setaffinity"):
        return  # Linux alone can do this; elsewhere the campaign is a little slower
    cores = sorted(os.sched_getaffinity(0))
    numbers = multiprocessing.current_process()._identity or (1,)
    os.sched_setaffinity(0, {cores[(numbers[0] - 1) % len(cores)]})
