"""The chain over the ledger: each fact is signed with a sum over itself and all before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

FIRST = ""  # what stands for "all before it" at the first fact
_NOT_OF_THE_FACT = ("seq", "chain")  # given by the ledger, not by who wrote the fact


def link(previous: str, fact: dict[str, Any]) -> str:
    """sha256 over the previous link and the fact as it is stored, in the form of docs/audit.md."""
    body = {name: value for name, value in fact.items() if name not in _NOT_OF_THE_FACT}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous.encode() + canonical.encode()).hexdigest()
