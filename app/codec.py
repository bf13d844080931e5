"""Bytes to mentions and back: every refusal says which field, what came, what was expected."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import orjson

from app.core.community import ANSWER
from app.core.errors import Invalid
from app.core.mention import Author, Community, Mention, Standing, clamp, mention_id_of

MAX_DEPTH = 32  # nesting beyond this is an attack or a mistake, never a mention
HTTP_BYTES = 262_144  # 256 KiB: no channel that we know carries more in one message
MAX_BYTES = HTTP_BYTES + 1_024  # with the id and the time that intake writes into a mention
_SHOWN_CHARS = 60
_EXPECTED_CHARS = 200  # more than any of the validator's own sentences
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Short = Annotated[str, msgspec.Meta(max_length=512)]
Required = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


# Case folding can triple a handle, and an index of PostgreSQL holds 2,704 bytes.
Handle = Annotated[str, msgspec.Meta(pattern=r"\S", max_length=200)]


class WireAuthor(msgspec.Struct, omit_defaults=True):
    handle: Handle
    name: Short | None = None
    followers: Count | None = None


class WireStanding(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Who the author of a post is in the community, by its own measures."""

    role: Annotated[str, msgspec.Meta(pattern=r"\A([a-z0-9][a-z0-9_.-]{0,39})?\Z")] | None = None
    posts: Count | None = None
    accepted: Count | None = None
    kudos: Count | None = None
    trust: Count | None = None


class WireCommunity(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Where a post stands: docs/communities.md."""

    thread: Annotated[str, msgspec.Meta(pattern=r"\S", max_length=200)]
    position: Annotated[str, msgspec.Meta(pattern=r"\A(opening|answer)\Z")]
    title: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    url: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    standing: WireStanding | None = None


class WireMention(msgspec.Struct, omit_defaults=True):
    """A mention as it travels: the run contract's JSON."""

    channel: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9_.-]{0,39}\Z")]
    text: Annotated[str, msgspec.Meta(pattern=r"\S")]
    author: WireAuthor
    id: Required | None = None
    posted_at: Aware | None = None
    detected_at: Aware | None = None
    url: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    in_reply_to: Short | None = None
    lang: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    meta: dict[str, Any] | None = None
    community: WireCommunity | None = None


def loads(raw: bytes | None, max_bytes: int = MAX_BYTES) -> Any:
    """Decode JSON of bounded size and depth.

    Raises Invalid with the code empty, too_large, too_deep or not_json.
    """
    value = decode(raw, max_bytes)
    refuse_depth(value)
    return value


def decode(raw: bytes | None, max_bytes: int) -> Any:
    """Decode JSON of bounded size. Raises Invalid: empty, too_large, too_deep, not_json."""
    if not raw:
        raise Invalid("empty", "a JSON object", "no bytes")
    if len(raw) > max_bytes:
        raise Invalid("too_large", f"at most {max_bytes} bytes", f"{len(raw)}")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        code = "too_deep" if "depth limit" in str(error) else "not_json"
        raise Invalid(code, "JSON in UTF-8 of bounded nesting", str(error)) from None


def refuse_depth(value: Any) -> None:
    """Raise Invalid (`too_deep`) where a value is nested beyond all reason."""
    if _deeper_than(value, MAX_DEPTH):
        raise Invalid("too_deep", f"at most {MAX_DEPTH} levels of nesting", "more")


def validate(value: Any) -> WireMention:
    """Check one decoded mention. Raises Invalid (`wrong_field`) with the field's path."""
    try:
        wire = msgspec.convert(value, WireMention, strict=True)
    except msgspec.ValidationError as error:
        raise _wrong_field(value, str(error)) from None
    if wire.community and wire.community.position == ANSWER:
        wire.community.title = None  # words of whoever asked, which would outlive their erasure
    return wire


def _wrong_field(value: Any, message: str) -> Invalid:
    # Names of fields are the sender's: one may be long, and look like the end of the sentence.
    sentence, at, path = message.rpartition(" - at ")
    if not at:
        sentence, path = path, ""
    field = path.strip("`").removeprefix("$").lstrip(".")
    if unknown := _UNKNOWN.fullmatch(sentence):
        field = f"{field}.{unknown[1][:_SHOWN_CHARS]}".lstrip(".")
        return Invalid("wrong_field", "a field that is known here", _shown(unknown[1]), field)
    if missing := _MISSING.fullmatch(sentence):
        field = f"{field}.{missing[1]}".lstrip(".")
        return Invalid("wrong_field", "a value", "nothing", field)
    expected = sentence.removeprefix("Expected ").partition(", got ")[0][:_EXPECTED_CHARS]
    for sign, words in _WORDS.items():
        if sign in expected:
            expected = words
            break
    return Invalid("wrong_field", expected, _shown(_at(value, field)), field)


# What the validator says, in the words of people who write no Python; the first sign counts.
_WORDS = {
    "RFC3339": "an RFC 3339 time with a zone",
    "timezone": "an RFC 3339 time with a zone",
    "datetime": "an RFC 3339 time with a zone",
    "(opening|answer)": "opening or answer",
    "matching regex '\\\\S'": "a text that is not blank",
    "matching regex": "a name of a-z, 0-9, '_', '.' and '-', at most 40 long",
}


def _at(value: Any, field: str) -> Any:
    for part in field.split("."):
        if not isinstance(value, dict) or part not in value:
            break
        value = value[part]
    return value


def _shown(value: Any) -> str:
    """What came, short enough for a sentence."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}... ({len(text)} long)"


def source_id_of(value: Any) -> str:
    """The source's own id, where there is one to be read: it names even what is refused."""
    found = value.get("id") if isinstance(value, dict) else None
    return clean(found)[:512] if isinstance(found, str) else ""


def to_mention(wire: WireMention, fallback_id: str, now: datetime) -> Mention:
    """Complete a checked mention: identity, times in UTC, flags.

    `fallback_id` stands in where the source gave no id. Times more than five minutes
    ahead of `now`, and those before the year 2000, become `now` and are flagged.
    """
    source_id = clean(wire.id or fallback_id)
    flags: list[str] = []

    def believed(moment: datetime, what: str) -> datetime:
        found, doubt = clamp(moment, now)
        if doubt:
            flags.append(f"{what}_{doubt}")
        # Only what is believed is moved to UTC: near the years 1 and 9999 that is impossible.
        return found.astimezone(UTC)

    detected_at = believed(wire.detected_at or now, "detected")
    posted_at = believed(wire.posted_at, "posted") if wire.posted_at else None
    return Mention(
        mention_id=mention_id_of(wire.channel, source_id),
        source_id=source_id,
        channel=wire.channel,
        text=clean(wire.text),
        author=Author(
            handle=clean(wire.author.handle),
            name=clean(wire.author.name or ""),
            followers=wire.author.followers or 0,
        ),
        detected_at=detected_at,
        posted_at=posted_at,
        url=clean(wire.url or ""),
        in_reply_to=clean(wire.in_reply_to or ""),
        lang=clean(wire.lang or "").lower(),
        meta=wire.meta or {},
        flags=tuple(flags),
        community=_community(wire.community) if wire.community else None,
    )


def _community(wire: WireCommunity) -> Community:
    standing = wire.standing or WireStanding()
    return Community(
        thread=clean(wire.thread),
        position=wire.position,
        title=clean(wire.title or ""),
        url=clean(wire.url or ""),
        standing=Standing(
            role=standing.role or "",
            posts=standing.posts or 0,
            accepted=standing.accepted or 0,
            kudos=standing.kudos or 0,
            trust=standing.trust or 0,
        ),
    )


def encode_wire(wire: WireMention) -> bytes:
    """The bytes of a checked mention, as they go to the topic."""
    return msgspec.json.encode(wire)


def dumps(value: Any) -> bytes:
    """Encode to JSON: dataclasses, aware datetimes and tuples included."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)


def clean(text: str) -> str:
    """PostgreSQL cannot store NUL in text, and nobody can read it: show that it was there."""
    return text.replace("\x00", "\ufffd")


def _deeper_than(value: Any, levels: int) -> bool:
    """Walked level by level, so that hostile nesting cannot exhaust the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
