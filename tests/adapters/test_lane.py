"""A lane: what hangs on it holds up neither the loop nor the end of the process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.adapters.lane import Lane

ROOT = Path(__file__).parents[2]


async def test_work_is_done_beside_the_loop_in_the_order_of_asking() -> None:
    lane = Lane()
    threads = [await lane.do(threading.get_ident, None) for _ in range(2)]
    assert threads[0] == threads[1] != threading.get_ident()
    lane.leave()


async def test_what_the_work_raises_is_raised_and_the_lane_goes_on() -> None:
    lane = Lane()
    with pytest.raises(ZeroDivisionError):
        await lane.do(lambda: 1 // 0, None)
    assert await lane.do(lambda: 7, None) == 7
    lane.leave()


async def test_work_that_does_not_come_back_is_late_and_another_lane_works() -> None:
    lane, release = Lane(), threading.Event()
    with pytest.raises(TimeoutError):
        await lane.do(release.wait, 0.01)
    lane.leave()
    other = Lane()
    assert await other.do(lambda: 7, None) == 7
    other.leave()
    release.set()


async def test_where_all_stood_still_the_work_has_its_time_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stopped process is no hung model: its timer is over before the work had any time."""
    release, real, waits = threading.Event(), asyncio.wait, []

    async def wait(work: list[asyncio.Future[object]], timeout: float) -> None:
        waits.append(timeout)
        if len(waits) == 2:
            release.set()  # only now, after the first timer, the work goes on
            await real(work)

    monkeypatch.setattr("app.adapters.lane.asyncio.wait", wait)
    lane = Lane(clock=iter([0.0, 100.0]).__next__)
    assert await lane.do(release.wait, 1.0) is True
    assert waits == [1.0, 1.0]
    lane.leave()


def test_a_process_with_hung_work_ends_all_the_same() -> None:
    code = (
        "import asyncio, threading\n"
        "from app.adapters.lane import Lane\n"
        "async def main():\n"
        "    try: await Lane().do(threading.Event().wait, 0.01)\n"
        "    except TimeoutError: print('late')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "late\n"
