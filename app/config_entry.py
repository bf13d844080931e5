"""What the entries of all configuration files are made of: names, durations, no unknown keys."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
)

from app.core import duration, toml_text

_BREAKS = "\n\r\t"  # the control signs that are part of a text
YEAR_S = 366 * 86_400.0  # a longer time is a mistake in the unit


def _seconds(given: object) -> float:
    found = duration.seconds(str(given))
    if found > YEAR_S:
        raise ValueError("expected a duration of at most 366d")
    return found


Seconds = Annotated[
    float,
    Field(le=YEAR_S),
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "number", "format": "duration"}),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Skill = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}(:[1-9])?$")]
Sentence = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=300)]


class Entry(BaseModel):
    """One entry of a file; a key that nobody reads is refused, it would be a typo."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, given: Any) -> Any:
        """No text holds signs that nobody can read, and that not every store can keep."""
        for text in given if isinstance(given, list) else [given]:
            for sign in text if isinstance(text, str) else "":
                if unicodedata.category(sign) == "Cc" and sign not in _BREAKS:
                    raise ValueError(
                        "expected a text without control signs other than line break and tab, "
                        f"found U+{ord(sign):04X}"
                    )
        return given


_M = TypeVar("_M", bound=BaseModel)


def read(path: Path, model: type[_M], problems: list[str]) -> _M | None:
    """What a file says, or None and what is wrong with it, by its key, added to `problems`."""
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        problems.append(f"{name}: the file is missing")
        return None
    except UnicodeDecodeError as error:
        problems.append(f"{name}: {error}")
        return None
    return parse(name, text, model, problems)


def parse(name: str, text: str, model: type[_M], problems: list[str]) -> _M | None:
    """As `read`, of a text that is known as `name`."""
    try:
        return model.model_validate(toml_text.loads(text))
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{name}: {error}")
    except ValidationError as error:
        problems.extend(f"{name}: {_sentence(problem)}" for problem in error.errors())
    return None


def _sentence(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    return f"{key}: {told(problem)}"


def told(problem: Any) -> str:
    """What is wrong with one entry, in our words, and what was there instead."""
    context, kind = problem.get("ctx") or {}, problem["type"]
    said = str(problem["msg"]).removeprefix("Value error, ")
    if kind == "too_long" and "max_length" in context:
        said = f"expected at most {context['max_length']} entries"
        return f"{said}, got {len(problem['input'])}"
    if kind == "model_type":
        said = "expected a table with keys"
    whole = kind == "value_error" and isinstance(problem["input"], dict)
    if whole or ", got " in said:  # the sentence says it, shorter
        return said
    return f"{said}, got {str(problem['input'])[:80]!r}"
