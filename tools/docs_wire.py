"""docs/redis-keys.md and docs/topics.md: what stands in Redis and travels over Kafka."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.adapters.kafka import TOPICS

APP = Path(__file__).resolve().parent.parent / "app"

_KEY = re.compile(r"^(hs:.*?)\s+(string|hash|set|zset|stream|list)\s+(.+)$")
_BAR = "\\|"  # a bar within a cell of a table
_FUNCTION_HEAD = "adapters/lua/00_keys.lua"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a topic is for."""

    holds: str
    key: str
    writes: str
    reads: str


TOPIC_MEANINGS: Mapping[str, Topic] = {
    "mentions": Topic(
        holds="what a customer said, as it was accepted",
        key="the mention",
        writes="web and reconcile, once the intake journal has it; whoever produces by hand",
        reads="worker",
    ),
    "facts": Topic(
        holds="every fact of every task, once the ledger has it",
        key="the task, else the mention",
        writes="watch (the relay)",
        reads="systems beside Handshake; Handshake itself reads the ledger",
    ),
    "responses": Topic(
        holds="nothing yet: the name is kept for answers to customers",
        key="-",
        writes="nobody yet",
        reads="nobody yet",
    ),
    "handoffs": Topic(
        holds="every event that a partner is sent, as a CloudEvent; the header `partner` says whom",
        key="the mention",
        writes="handoffs, once its delivery log has it",
        reads="systems beside Handshake",
    ),
    "dead": Topic(
        holds="a message that can never be read, with the reason in its headers; the bytes up"
        " to 1 MB, above that the store alone has them",
        key="the delivery (`src`)",
        writes="worker, once the store has it",
        reads="systems beside Handshake; the screens read the store",
    ),
}


def topics(names: Mapping[str, str] = TOPICS) -> str:
    """Every topic; raises KeyError with the name of one that nobody explained."""
    rows = [
        f"| `{name}` | {told.holds} | {told.key} | {told.writes} | {told.reads} |"
        for name, told in ((name, TOPIC_MEANINGS[topic]) for topic, name in names.items())
    ]
    head = (
        "# Topics\n\nMade from `app/adapters/kafka.py` by `make docs`. Values are"
        " JSON, or bytes as they came; delivery is at least once.\n\n"
        "| topic | holds | message key | written by | read by |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def redis_keys(folder: Path = APP) -> str:
    """Every key family, from the head of the functions and the docstrings of modules."""
    head = (
        "# Redis keys\n\nMade from the comment at the top of `app/adapters/lua/00_keys.lua` and"
        " the docstrings of modules by `make docs`. Task state changes only through the"
        " functions of `app/adapters/lua/`, which run one at a time.\n\n"
        "| key | type | holds | explained in |\n|---|---|---|---|\n"
    )
    rows = [
        f"| `{key.replace('|', _BAR)}` | {kind} | {meaning} | `app/{file}` |"
        for file, lines in _texts(folder)
        for key, kind, meaning in _keys(lines)
    ]
    return head + "\n".join(rows) + "\n"


def _texts(folder: Path) -> Iterator[tuple[str, list[str]]]:
    functions = (folder / _FUNCTION_HEAD).read_text("utf-8")
    comments = functions[: functions.index("\nlocal")].splitlines()
    yield _FUNCTION_HEAD, [line[3:] for line in comments if line.startswith("-- ")]
    for path in sorted(folder.rglob("*.py")):
        told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        yield path.relative_to(folder).as_posix(), told.splitlines()


def _keys(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """A row for each key; an indented line goes on with the row above it."""
    row: tuple[str, str, str] | None = None
    for line in lines:
        if match := _KEY.match(line):
            if row:
                yield row
            row = (match[1], match[2], match[3])
        elif row and line.startswith(" " * 20):
            row = (row[0], row[1], f"{row[2]} {line.strip()}")
    if row:
        yield row
