"""Bad lines between the processes and Redis: slow, thin, cut, half-open, lost replies."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos.files import say
from tests.chaos.proxy import Proxy
from tests.chaos.redis_server import RedisServer
from tests.chaos.run import Run, under_traffic

_FAULT_S = 8.0
WEATHERS: dict[str, dict[str, float | bool]] = {
    "latency 50 ms, jitter 50 ms": {"delay_s": 0.05, "jitter_s": 0.05},
    "latency 1 s": {"delay_s": 1.0},
    "20 kB/s": {"bytes_per_s": 20_000.0},
    "half-open": {"frozen": True},
    "nobody connects": {"refusing": True},
    "1 reply in 5 lost": {"lost_replies": 0.2},
}


def bad_lines(folder: Path, rounds: int) -> Run:
    with RedisServer(folder / "redis").running() as server:
        proxy = Proxy("127.0.0.1", server.port)
        with (
            proxy.running(),
            under_traffic(
                "net", folder, flags=("--redis", f"redis://127.0.0.1:{proxy.port}/0"), direct=True
            ) as run,
        ):
            for _ in range(rounds):
                for name, weather in WEATHERS.items():
                    with run.outage(3.0):
                        with proxy.bad(**weather):
                            time.sleep(_FAULT_S)
                        run.fault(name).happened(kill=False)  # service is counted from the end
                        run.serves_again()
                        run.all_ready()
                    say(f"net: {name} for {_FAULT_S:.0f} s")
                _cuts(run, proxy)
            say(f"net: {proxy.replies_lost} replies were lost after the server had acted")
    return run


def _cuts(run: Run, proxy: Proxy) -> None:
    with run.outage(3.0):
        for _ in range(5):
            many = proxy.cut()
            time.sleep(1.0)
        run.fault("every connection cut, 5 times").happened(kill=False)
        run.serves_again()
        run.all_ready()
    say(f"net: cut {many} connections 5 times")
