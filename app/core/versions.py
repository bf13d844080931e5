"""Versions of the rules: bundles of texts that were published, one of them live."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# How the folder of rule files and the live version stand to each other.
SAME, CHANGED, APART = "same", "changed", "apart"

# What may be done to the rules; each is a fact.
PUBLISHED, ROLLED_BACK, SHADOW_BEGUN, SHADOW_ENDED = (
    "published",
    "rolled_back",
    "shadow_begun",
    "shadow_ended",
)


def digest_of(texts: Mapping[str, str]) -> str:
    """The same for the same texts under the same names, and for nothing else."""
    canonical = json.dumps(sorted(texts.items()), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something to the rules."""

    id: str
    role: str
    type: str = "user"


FILES: Final = Actor(id="files", role="service", type="system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published bundle. `texts` are rules by file name."""

    number: int
    digest: str
    texts: Mapping[str, str]
    made_ms: int
    made_by: str
    comment: str = ""
    based_on: int = 0
    backtest_id: str = ""
    skip_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Which version is live. `change` grows with everything that is done to the rules.

    `folder_digest` is of the texts that were last taken in from the folder; `shadow` is the run
    of the draft that is asked beside the live version, 0 for none.
    """

    number: int
    digest: str
    change: int
    changed_ms: int
    changed_by: str
    reason: str = ""
    folder_digest: str = ""
    shadow: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What shall become the next version. It must have been made from the version that is live.

    `backtest_id` or `skip_reason` say why it may. `draft_id` is empty for texts of the folder.
    """

    texts: Mapping[str, str]
    by: Actor
    now_ms: int
    based_on: int
    comment: str = ""
    draft_id: str = ""
    edit: int = 0
    backtest_id: str = ""
    skip_reason: str = ""
    from_folder: bool = False

    @property
    def digest(self) -> str:
        return digest_of(self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was done to the rules."""

    change: int
    kind: str
    at_ms: int
    number: int
    digest: str
    by: Actor
    reason: str


def standing(folder_digest: str, live: Live) -> str:
    """`changed`: the folder goes on from the live version, and is taken in at the next start.

    `apart`: both have been changed; somebody must say which one counts.
    """
    if folder_digest == live.digest:
        return SAME
    from_folder = live.digest == live.folder_digest
    return CHANGED if from_folder and folder_digest != live.folder_digest else APART


def sentence(state: str, number: int) -> str:
    """What to do about it, for people; empty where nothing is to be done."""
    if state == CHANGED:
        return (
            f"config/rules has changed since version {number} was taken in: the next start takes"
            " it in, or `python -m app rules publish` does so now"
        )
    if state == APART:
        return (
            f"config/rules and the live version {number} differ: the live version counts."
            " `python -m app rules export` writes it to the folder,"
            " `python -m app rules publish` makes the folder the next version"
        )
    return ""
