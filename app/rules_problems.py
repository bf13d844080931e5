"""Problems of rules, placed: file, row, key, line and column, for whoever edits them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app import rules_actions
from app.core.errors import Invalid
from app.core.rule_diff import KINDS
from app.rules_blocks import Block, Cut, cut

_FILE = re.compile(r"(?:config/)?rules/([^:]*): (.*)", re.DOTALL)
_BY_NAME = re.compile(rf"({'|'.join(KINDS)}) ([^:]+): (?:([a-z_][\w.]*): )?(.*)", re.DOTALL)
_BY_NUMBER = re.compile(rf"({'|'.join(KINDS)})\.(\d+)(?:\.([\w.]+))?: (.*)", re.DOTALL)
_SPOT = re.compile(r"(\d+):(\d+): ")
_TOML_SPOT = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One problem. `line` and `column` count from 1 in the file; 0 where nobody can tell."""

    message: str
    file: str = ""
    row: str = ""
    key: str = ""
    line: int = 0
    column: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def placed(sentence: str, texts: Mapping[str, str]) -> Placed:
    """Where the problem of this sentence is, as far as it can be told."""
    found = _FILE.fullmatch(sentence)
    if not found:
        return Placed(message=sentence)
    file, rest = found.groups()
    if spot := _TOML_SPOT.search(rest):
        return Placed(message=rest, file=file, line=int(spot[1]), column=int(spot[2]))
    try:
        of = cut(texts.get(file, ""))
    except Invalid:
        return Placed(message=rest, file=file)
    block, key, message = _named(of, rest)
    if block is None:
        return Placed(message=message, file=file, key=key)
    line, column, message = _spot(of, block, key, message)
    return Placed(message=message, file=file, row=block.id, key=key, line=line, column=column)


def of_condition(sentence: str) -> Placed:
    """A problem of one condition on its own."""
    message = sentence.partition("when: ")[2] or sentence
    if spot := _SPOT.match(message):
        return Placed(
            message=message[spot.end() :], key="when", line=int(spot[1]), column=int(spot[2])
        )
    return Placed(message=message, key="when")


def _named(of: Cut, rest: str) -> tuple[Block | None, str, str]:
    if found := _BY_NAME.fullmatch(rest):
        kind, id_, key, message = found.groups()
        mine = [b for b in of.blocks if b.kind == kind and b.id == id_]
        # of two rows with one id it is the later that is wrong
        return (mine[-1] if mine else None), key or "", message
    if found := _BY_NUMBER.fullmatch(rest):
        kind, index, key, message = found.groups()
        mine = [b for b in of.blocks if b.kind == kind and b.index == int(index)]
        return (mine[0] if mine else None), key or "", message
    key, _, message = rest.rpartition(": ") if re.match(r"[\w.]+: ", rest) else ("", "", rest)
    return None, key, message or rest


def _spot(of: Cut, block: Block, key: str, message: str) -> tuple[int, int, str]:
    if key.split(".")[0] == "do":
        return *rules_actions.spot(of, block, key, message), message
    line = of.line_of(block, key.split(".")[0]) if key else None
    if line is None:
        return block.head + 1, 1, message
    value = of.lines[line].index("=") + 1
    value += len(of.lines[line][value:]) - len(of.lines[line][value:].lstrip())
    spot = _SPOT.match(message)
    if not spot:
        return line + 1, value + 1, message
    row, column = int(spot[1]), int(spot[2])
    said = of.lines[line][value:]
    quotes = 3 if said[:3] in ("'''", '"""') else 1
    if quotes > 1 and not said[quotes:].strip("\r\n"):
        return line + 1 + row, column, message[spot.end() :]
    first = value + quotes if row == 1 else 0
    return line + row, first + column, message[spot.end() :]
