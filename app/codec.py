"""Bytes to mentions and back: every refusal says which field, what came, what was expected."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import orjson

from app.core.errors import Invalid
from app.core.mention import (
    DETECTED_IN_FUTURE,
    POSTED_IN_FUTURE,
    Author,
    Mention,
    clamp,
    mention_id_of,
)

MAX_DEPTH = 32  # nesting beyond this is an attack or a mistake, never a mention
MAX_BYTES = 262_144  # 256 KiB: the longest mail thread that we were shown is a tenth of it

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Short = Annotated[str, msgspec.Meta(max_length=512)]
Required = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class WireAuthor(msgspec.Struct, omit_defaults=True):
    handle: Required
    name: Short | None = None
    followers: Count | None = None


class WireMention(msgspec.Struct, omit_defaults=True):
    """A mention as it travels: the run contract's JSON."""

    channel: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
    text: Annotated[str, msgspec.Meta(min_length=1)]
    author: WireAuthor
    id: Required | None = None
    posted_at: Aware | None = None
    detected_at: Aware | None = None
    url: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    in_reply_to: Short | None = None
    lang: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    meta: dict[str, Any] | None = None


def loads(raw: bytes | None, max_bytes: int = MAX_BYTES) -> Any:
    """Decode JSON of bounded size and depth.

    Raises Invalid with the code empty, too_large, too_deep or not_json.
    """
    if not raw:
        raise Invalid("empty", "expected a JSON object, got no bytes")
    if len(raw) > max_bytes:
        raise Invalid("too_large", f"expected at most {max_bytes} bytes, got {len(raw)}")
    # Counting brackets is cheap and bounds the depth, so the exact walk is rarely needed.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth_of_bytes(raw) > MAX_DEPTH:
        raise Invalid("too_deep", f"expected at most {MAX_DEPTH} levels of nesting")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("not_json", f"expected JSON in UTF-8: {error}") from None


def validate(value: Any) -> WireMention:
    """Check one decoded mention. Raises Invalid (`wrong_field`) with the field's path."""
    try:
        return msgspec.convert(value, WireMention, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").lstrip(".")
        missing = re.search(r"missing required field `(\w+)`", message)
        if missing:
            field = f"{field}.{missing[1]}".lstrip(".")
            message = "Expected a value, got nothing"
        raise Invalid("wrong_field", f"{field or 'mention'}: {message}", field) from None


def source_id_of(value: Any) -> str:
    """The source's own id, where there is one to be read: it names even what is refused."""
    found = value.get("id") if isinstance(value, dict) else None
    return _clean(found)[:512] if isinstance(found, str) else ""


def to_mention(wire: WireMention, fallback_id: str, now: datetime) -> Mention:
    """Complete a checked mention: identity, times in UTC, flags.

    `fallback_id` stands in where the source gave no id. Times more than five minutes
    ahead of `now` are clamped to it and flagged.
    """
    source_id = _clean(wire.id or fallback_id)
    flags: list[str] = []
    detected_at, ahead = clamp((wire.detected_at or now).astimezone(UTC), now)
    if ahead:
        flags.append(DETECTED_IN_FUTURE)
    posted_at = wire.posted_at.astimezone(UTC) if wire.posted_at else None
    if posted_at:
        posted_at, ahead = clamp(posted_at, now)
        if ahead:
            flags.append(POSTED_IN_FUTURE)
    return Mention(
        mention_id=mention_id_of(wire.channel, source_id),
        source_id=source_id,
        channel=wire.channel,
        text=_clean(wire.text),
        author=Author(
            handle=_clean(wire.author.handle),
            name=_clean(wire.author.name or ""),
            followers=wire.author.followers or 0,
        ),
        detected_at=detected_at,
        posted_at=posted_at,
        url=_clean(wire.url or ""),
        in_reply_to=_clean(wire.in_reply_to or ""),
        lang=_clean(wire.lang or "").lower(),
        meta=wire.meta or {},
        flags=tuple(flags),
    )


def encode_wire(wire: WireMention) -> bytes:
    """The bytes of a checked mention, as they go to the topic."""
    return msgspec.json.encode(wire)


def dumps(value: Any) -> bytes:
    """Encode to JSON: dataclasses, aware datetimes and tuples included."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)


def _clean(text: str) -> str:
    """PostgreSQL cannot store NUL in text, and nobody can read it: show that it was there."""
    return text.replace("\x00", "\ufffd")


def _depth_of_bytes(raw: bytes) -> int:
    """The deepest nesting of brackets outside strings, without decoding."""
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', raw, re.DOTALL):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"]", b"}"):
            depth -= 1
    return deepest
