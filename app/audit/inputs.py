"""The files beside the ledger: what was accepted, what is dead, what clients were told."""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.audit.beside import Canaries, Push, Resources, Sample, Snapshot, Stay
from app.audit.fact import Unreadable
from app.audit.rows import number_of, rows_of, text_of

# What a client can be told: done, definitely refused, or nothing definite (a time-out).
OK, FAIL, INFO = "ok", "fail", "info"
_KINDS = ("invoke", OK, FAIL, INFO)
PUSH = "push"  # what a browser received; read by `read_pushes`


@dataclass(frozen=True, slots=True)
class Accepted:
    """One delivery that somebody was promised an outcome for: by `src`, or only by mention."""

    src: str
    mention_id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter; `size` is -1 where the file does not tell."""

    src: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a client's history. `op_id` is that of the ledger's fact."""

    line: int
    kind: str
    op_id: str
    command: str
    rep: str
    task_id: str
    status: int
    result: str


@dataclass(slots=True)
class Inputs:
    """None means that the file was not given, so what needs it is not checked."""

    mentions: list[Accepted] | None = None
    dead: list[Letter] | None = None
    client: list[Told] | None = None
    staff: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[Push] | None = None
    users: list[Stay] | None = None
    samples: list[Sample] | None = None
    snapshot: Snapshot | None = None
    canaries: Canaries | None = None
    resources: Resources | None = None
    head: tuple[int, str] | None = None  # seq and chain of a fact, kept where nobody can alter it


def read_mentions(path: Path) -> list[Accepted]:
    """Lines with `src`, `intake_id` or `mention_id`. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        src, intake = str(row.get("src") or ""), row.get("intake_id")
        accepted = Accepted(
            src or (f"intake:{intake}" if intake else ""), text_of(row, "mention_id")
        )
        if not accepted.src and not accepted.mention_id:
            raise Unreadable(f"{path} line {number}: expected src, intake_id or mention_id")
        found.append(accepted)
    return found


def read_dead(path: Path) -> list[Letter]:
    """Lines with `src` and `sha256`; `raw` (base64) is hashed and compared. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        src, sha256 = text_of(row, "src"), text_of(row, "sha256")
        size = int(row.get("size_bytes", row.get("size", -1)))
        if "raw" in row:
            raw = base64.b64decode(row["raw"] or "")
            right = hashlib.sha256(raw).hexdigest()
            # Bytes that do not fit their own sum fit no fact either.
            sha256 = right if sha256 in ("", right) else f"{sha256} (but the bytes give {right})"
            size = len(raw)
        if not src or not sha256:
            raise Unreadable(f"{path} line {number}: expected src and sha256")
        found.append(Letter(src, sha256, size))
    return found


def read_client(path: Path) -> list[Told]:
    """Lines with `type`, `op_id`, `command`, `rep`, `task`, `status`. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        kind = text_of(row, "type")
        if kind == PUSH:
            continue
        if kind not in _KINDS:
            expected = " or ".join((*_KINDS, PUSH))
            raise Unreadable(f"{path} line {number}: type: expected {expected}, got {kind!r}")
        op_id, rep, command = text_of(row, "op_id"), text_of(row, "rep"), text_of(row, "command")
        if not op_id and row.get("key"):
            op_id = f"{rep}:{command}:{row['key']}"
        if not op_id:
            raise Unreadable(f"{path} line {number}: expected op_id")
        result = json.dumps(row["result"], sort_keys=True) if "result" in row else ""
        status = int(row.get("status") or 0)
        found.append(Told(number, kind, op_id, command, rep, text_of(row, "task"), status, result))
    return found


def read_pushes(path: Path) -> list[Push] | None:
    """The pushes of a client log; None where it has no such line. Raises Unreadable."""
    found = []
    for number, row in rows_of(path):
        if text_of(row, "type") != PUSH:
            continue
        rep, seq = text_of(row, "rep"), number_of(path, number, row, "seq")
        if not rep:
            raise Unreadable(f"{path} line {number}: expected rep")
        conn, task, event = (text_of(row, name) for name in ("conn", "task", "event"))
        found.append(Push(number, rep, conn, seq, task, event))
    return found or None


def read_staff(path: Path) -> list[dict[str, Any]]:
    """The reps of a staff file (TOML). Raises Unreadable."""
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("rep", [])
        return [{k: v for k, v in row.items() if k in _STAFF} for row in rows if "name" in row]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable(f"{path}: expected a staff file: {error}") from None


_STAFF = ("name", "skills", "queues", "capacity", "channels")
