"""`python -m app.demo`: the demo's traffic and colleagues, told by the environment what to do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app import log
from app.demo import colleagues, traffic

PREFIX: Final = "HANDSHAKE_DEMO__"
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the environment asks for."""

    url: str
    intake_key: str
    keys: dict[str, str]
    rate: float
    speed: float
    seed: int


def orders(environment: Mapping[str, str]) -> Orders:
    """Read the orders; exit with one sentence where something is missing or no number."""
    try:
        keys = json.loads(environment.get(f"{PREFIX}KEYS") or "{}")
        return Orders(
            url=environment[f"{PREFIX}URL"],
            intake_key=environment[f"{PREFIX}INTAKE_KEY"],
            keys={str(name): str(key) for name, key in keys.items()},
            rate=float(environment.get(f"{PREFIX}RATE") or 1.0),
            speed=float(environment.get(f"{PREFIX}SPEED") or 1.0),
            seed=int(environment.get(f"{PREFIX}SEED") or 7),
        )
    except KeyError as error:
        sys.exit(f"app.demo: {error.args[0]} is not set")
    except (ValueError, AttributeError) as error:
        sys.exit(f"app.demo: {PREFIX}*: {error}")


async def run(given: Orders) -> None:
    """Run traffic and colleagues until SIGTERM or SIGINT."""
    work = asyncio.gather(
        traffic.run(given.url, given.intake_key, given.rate, given.speed, given.seed),
        colleagues.run(given.url, given.keys, given.speed, given.seed),
    )
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return


def main() -> None:
    log.configure("demo")
    asyncio.run(run(orders(os.environ)))


if __name__ == "__main__":
    main()
