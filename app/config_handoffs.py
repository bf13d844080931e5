"""Partners: the other engines of config/handoffs.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from app.config_entry import Entry, Name, Seconds, Sentence, read
from app.config_rules import place as where
from app.core.addresses import url_problem
from app.core.catalogue import Catalogue
from app.core.condition_limits import meant
from app.core.handoff import Partner
from app.core.rules import Rule

HANDOFFS_FILE = "config/handoffs.toml"

_HIGHEST_PRIORITY = 100

Stage = Literal["queued", "accepted", "replied", "completed", "cancelled", "breached", "closed"]


class PartnerEntry(Entry):
    title: Sentence
    url: str = Field(min_length=1, max_length=2048)
    timeout: Annotated[Seconds, Field(le=60)] = 5.0
    within: Annotated[Seconds, Field(le=86_400)] = 60.0
    retries: int = Field(8, ge=0, le=50)
    stages: tuple[Stage, ...] = ()
    on_failure: str = ""
    call_out: bool = False
    routes: tuple[Name, ...] = ()
    highest_priority: int = Field(_HIGHEST_PRIORITY, ge=0, le=_HIGHEST_PRIORITY)
    hands_in: bool = False
    signals: bool = False
    inner: bool = False
    keep: Annotated[Seconds, Field(ge=86_400)] = 7_776_000.0


class HandoffFile(Entry):
    partner: dict[Name, PartnerEntry] = Field(default_factory=dict)


def partners(folder: Path, problems: list[str]) -> dict[str, Partner]:
    """The partners by name; none where the file is missing. What is wrong goes to `problems`."""
    path = folder / "handoffs.toml"
    found = read(path, HandoffFile, problems) if path.exists() else None
    return {name: _partner(name, entry) for name, entry in (found.partner if found else {}).items()}


def problems_of(
    partners: Mapping[str, Partner], catalogue: Catalogue, rules: Iterable[Rule]
) -> Iterator[str]:
    """What is wrong with the partners beside the other files, and rules that name nobody."""
    for partner in partners.values():
        place = f"{HANDOFFS_FILE}: partner.{partner.name}"
        if problem := url_problem(partner.url, partner.inner):
            yield f"{place}: url: {problem}"
        if partner.on_failure and partner.on_failure not in catalogue.queues:
            yield f"{place}: on_failure: no queue is named {partner.on_failure!r}"
        for queue in partner.routes:
            if queue not in catalogue.queues:
                yield f"{place}: routes: no queue is named {queue!r}"
        if partner.routes and not partner.call_out:
            yield f"{place}: routes: expected call_out = true, or the answer is not read"
    for rule in rules:
        for name in rule.does.handoffs:
            if name not in partners:
                near = meant(name, partners)
                yield f"{where(rule)}: do.hand_off: no partner is named {name!r}{near}"


def _partner(name: str, entry: PartnerEntry) -> Partner:
    times = ("timeout", "within", "keep")
    given = entry.model_dump(exclude=set(times))
    return Partner(name=name, **given, **{f"{time}_s": getattr(entry, time) for time in times})
