"""What the entries of all configuration files are made of: names, durations, no unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.core import duration

Seconds = Annotated[
    float,
    BeforeValidator(lambda text: duration.seconds(str(text))),
    WithJsonSchema({"type": "number", "format": "duration"}),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Sentence = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=300)]


class Entry(BaseModel):
    """One entry of a file; a key that nobody reads is refused, it would be a typo."""

    model_config = ConfigDict(extra="forbid")
