"""Signals: the kinds of config/signals.toml, and what each means to an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.config_entry import Entry, Name, Seconds, read
from app.core.signal import SignalKind

_LONGEST_S = 90 * 86_400.0  # what lies further back is history, not context

Window = Annotated[Seconds, Field(le=_LONGEST_S)]
Phrase = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]


class SignalEntry(Entry):
    title: Phrase
    says: Phrase
    means: Annotated[str, Field(max_length=120)] = ""
    severity: Literal["notice", "warning", "critical"] = "notice"
    before: Window
    after: Window = 0.0
    proactive: bool = False
    draft: Annotated[str, Field(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _told_in_words(self) -> Self:
        if self.proactive and not self.draft.strip():
            raise ValueError("expected a draft: with proactive = true people are told something")
        return self


class SignalFile(Entry):
    signal: dict[Name, SignalEntry] = Field(default_factory=dict)


def kinds(folder: Path, problems: list[str]) -> dict[str, SignalKind]:
    """The kinds by name; none where the file is missing. What is wrong goes to `problems`."""
    path = folder / "signals.toml"
    found = read(path, SignalFile, problems) if path.exists() else None
    return {name: _kind(name, entry) for name, entry in (found.signal if found else {}).items()}


def _kind(name: str, entry: SignalEntry) -> SignalKind:
    given = entry.model_dump(exclude={"before", "after"})
    before_ms, after_ms = round(entry.before * 1000), round(entry.after * 1000)
    return SignalKind(name=name, before_ms=before_ms, after_ms=after_ms, **given)
