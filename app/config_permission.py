"""Permission: purposes, quiet hours, caps and keywords, read from permission.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from app.config_entry import Entry, Name, Seconds, Sentence, read
from app.config_rules import place
from app.config_sla import zone_of
from app.core.catalogue import Catalogue
from app.core.condition_limits import meant
from app.core.outbound_facts import purpose_of_rule
from app.core.permission import CONSENT, EVERY, Cap, Policy, Purpose
from app.core.quiet import Quiet
from app.core.rules import Rule
from app.core.stop_words import LONGEST_WORDS, StopWords, keywords, plain

PERMISSION_FILE = "config/permission.toml"

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _quiet(text: object) -> Quiet:
    found = _HOURS.fullmatch(str(text).replace(" ", ""))
    if not found:
        raise ValueError("expected quiet hours such as 21:00-08:00")
    start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    return Quiet(start=start, end=end)


def _maybe_quiet(text: object) -> Quiet | None:
    return _quiet(text) if text != "" else None


def _keyword(text: str) -> str:
    if not plain(text):
        raise ValueError("expected a keyword with letters or digits")
    return text


Hours = Annotated[
    Quiet, BeforeValidator(_quiet), WithJsonSchema({"type": "string", "format": "quiet"})
]
MaybeHours = Annotated[
    Quiet | None,
    BeforeValidator(_maybe_quiet),
    WithJsonSchema({"type": "string", "format": "quiet"}),
]
Zone = Annotated[ZoneInfo, BeforeValidator(zone_of), WithJsonSchema({"type": "string"})]
Keyword = Annotated[str, Field(max_length=LONGEST_WORDS), AfterValidator(_keyword)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
OnChannel = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9_-]{0,39})$")]


class CapEntry(Entry):
    most: int = Field(ge=1, le=1000)
    within: Seconds


class PurposeEntry(Entry):
    title: Sentence
    basis: Literal["contract", "legitimate_interest", "consent"]
    consent: tuple[OnChannel, ...] = ()
    heeds_quiet: bool = True
    caps: tuple[CapEntry, ...] = ()
    valid: Seconds = 172_800.0


class PermissionFile(Entry):
    model_config = Entry.model_config | {"arbitrary_types_allowed": True}

    zone: Zone
    zones: dict[Name, Zone] = Field(default_factory=dict)
    quiet: MaybeHours = None
    quiet_on: dict[Name, Hours] = Field(default_factory=dict)
    stop: dict[Language, tuple[Keyword, ...]] = Field(min_length=1)
    stop_on: dict[Name, tuple[Keyword, ...]] = Field(default_factory=dict)
    start: dict[Language, tuple[Keyword, ...]] = Field(min_length=1)
    purpose: dict[Name, PurposeEntry] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the file says. Where there is none nothing has a purpose, and nothing goes out."""

    policy: Policy = field(default_factory=lambda: Policy(purposes={}))
    words: StopWords = field(default_factory=StopWords)


def permission(folder: Path, problems: list[str]) -> Permission:
    """Read the file where there is one; what is wrong goes to `problems`."""
    path = folder / "permission.toml"
    found = read(path, PermissionFile, problems) if path.exists() else None
    if found is None:
        return Permission()
    problems.extend(f"{PERMISSION_FILE}: {problem}" for problem in _problems(found))
    policy = Policy(
        purposes={name: _purpose(name, entry) for name, entry in found.purpose.items()},
        quiet=found.quiet,
        quiet_on=found.quiet_on,
        zone=found.zone,
        zones=found.zones,
    )
    return Permission(policy=policy, words=_words(found))


def unknown_names(
    permission: Permission, catalogue: Catalogue, rules: Iterable[Rule]
) -> Iterator[str]:
    """Channels that the file names and nobody has, and purposes that only a rule knows."""
    policy, words = permission.policy, permission.words
    named = [(f"purpose.{p.name}.consent", c) for p in policy.purposes.values() for c in p.consent]
    for key, channels in (
        ("zones", policy.zones), ("quiet_on", policy.quiet_on), ("stop_on", words.stop_on),
    ):  # fmt: skip
        named += [(key, channel) for channel in channels]
    for key, channel in named:
        if channel not in (EVERY, *catalogue.channels):
            yield f"{PERMISSION_FILE}: {key}: no channel is named {channel!r}"
    for rule in rules:
        reply = rule.does.reply
        purpose = purpose_of_rule(reply.purpose) if reply else ""
        if reply and purpose not in policy.purposes:
            problem = f"no purpose is named {purpose!r}{meant(purpose, policy.purposes)}"
            if reply.purpose != purpose:
                problem = (
                    f"{reply.purpose!r}, also where none is written, goes out as {purpose!r}, as"
                    f" rules have no conversations: expected a [purpose.{purpose}] in"
                    f" {PERMISSION_FILE}"
                )
            yield f"{place(rule)}: do.reply.purpose: {problem}"


def _problems(found: PermissionFile) -> Iterator[str]:
    for name, purpose in found.purpose.items():
        if purpose.basis == CONSENT and purpose.consent != (EVERY,):
            yield (
                f"purpose.{name}.consent: expected [{EVERY!r}]: where consent is the basis it is"
                " needed on every channel"
            )
    words = _words(found)
    stopping = words.stop.union(*words.stop_on.values())
    for word in sorted(stopping & words.start):
        yield f"start: {word!r}: expected a word that does not also mean stop"


def _words(found: PermissionFile) -> StopWords:
    return StopWords(
        stop=keywords(chain.from_iterable(found.stop.values())),
        start=keywords(chain.from_iterable(found.start.values())),
        stop_on={channel: keywords(words) for channel, words in found.stop_on.items()},
    )


def _purpose(name: str, entry: PurposeEntry) -> Purpose:
    return Purpose(
        name=name,
        title=entry.title,
        basis=entry.basis,
        consent=entry.consent,
        quiet=entry.heeds_quiet,
        caps=tuple(Cap(most=cap.most, within_s=cap.within) for cap in entry.caps),
        valid_s=entry.valid,
    )
