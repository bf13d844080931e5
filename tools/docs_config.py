"""docs/config.md: every key an operator can set, from the models that check them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app import (
    config,
    config_actions,
    config_channels,
    config_handoffs,
    config_permission,
    config_rules,
    config_signals,
    config_sla,
)
from app.settings import Settings

FOLDER = Path(__file__).resolve().parent.parent / "config"
UNEXPLAINED = "(not explained)"

# What settings.toml does not say: its plainest keys, and those that it leaves out.
MEANINGS = {
    "kafka.group": "the consumer group of the workers",
    "kafka.embedded_since_ms": "set by `up`: when its embedded broker began, ms; what was accepted"
    " before is sent again",
    "redis.socket_timeout_s": "how long an answer of Redis is waited for",
    "web.host": "the address that web listens on",
    "web.session_hours": "how long a browser stays signed in",
    "reconcile.every_s": "how often late mentions are looked for",
    "demo.on": "send the demo's traffic",
    "demo.speed": "pace of the demo's world",
    "demo.seed": "the same seed makes the same people and mentions",
    "data_dir": "where data live: SQLite, logs, the embedded Redis",
    "webhook_secret": "what callers of the webhook sign with",
    "channels": "the secret of each channel that sends by webhook, as"
    " `HANDSHAKE_CHANNELS__NAME_SECRET`, like those of partners",
    "handoffs": "the secret of each partner, as `HANDSHAKE_HANDOFFS__NAME_SECRET`: `whsec_...`;"
    " two with a blank between them while one is exchanged",
    "secret": "the key of intake, as a bearer token; `up` makes one",
}

# The other files: where they are, and the model of one entry.
FILES: Mapping[str, tuple[str, type[BaseModel]]] = {
    "queues.toml": ("[queue.NAME]", config._Queue),
    "channels.toml": ("[channel.NAME]", config_channels.ChannelEntry),
    "staff.toml": ("[[rep]]", config._Rep),
    "sla.toml": ("[[policy]]", config_sla.PolicyEntry),
    "calendars.toml": ("[calendar.NAME]", config_sla.CalendarEntry),
    "handoffs.toml": ("[partner.NAME]", config_handoffs.PartnerEntry),
    "permission.toml": ("before the first table", config_permission.PermissionFile),
    "permission.toml, purpose": ("[purpose.NAME]", config_permission.PurposeEntry),
    "permission.toml, caps": ("caps = [{ }]", config_permission.CapEntry),
    "signals.toml": ("[signal.NAME]", config_signals.SignalEntry),
    "rules/*.toml": ("[[row]]", config_rules.RowEntry),
    "rules/*.toml, then": ("then = { }", config_rules.Then),
    "rules/*.toml, rule": ("[[rule]]", config_rules.RuleEntry),
    "rules/*.toml, for": ("for = { }", config_rules.For),
    "rules/*.toml, do": ("do = [{ }]", config_actions.Action),
}
ENTRY_MEANINGS = {
    "title": "what people read",
    "public": "true: everybody can read what is written there",
    "name": "what the person signs in with",
    "id": "names the row in facts and decisions; no two rows share one",
    "when": "the condition, in CEL",
    "then": "what happens to a mention that fits",
    "why": "the sentence that the agent reads",
    "queue": "the queue that the task waits in; needed unless `close`",
    "close": "true: no task, the mention ends here",
    "window": "SLA window of the task; 0: the queue's",
    "priority": "the task's; 0: the queue's",
    "skills": "needed besides the queue's",
    "on": "when it is asked; what is possible at which event: `docs/rules.md`",
    "do": "what it does, a list of actions with one key each",
    "for": "whose mentions an individual rule is for; all that is named must fit",
    "level": "among rules as individual the higher one wins",
    "after": 'with `on = "waiting"`: how long; 1m at least',
    "customers": "ids or handles",
    "rep": "the customer's own agent",
    "tier": "the customer's",
    "label": "what later rules and the rows can ask for",
    "escalate": "true: to the mediator's queue, with that skill",
    "hand_off": "a partner engine's name",
    "notify": '`{ to = "supervisor", text = "..." }`: a role, the mediators or a person',
    "draft": "a reply proposed to the agent",
    "macro": "the name of a proposed macro",
    "case": "the title of a case to open",
    "reply": '`{ text = "...", purpose = "acknowledgement" }`: said by itself, if permitted',
    "basis": "what the law calls the reason",
    "consent": 'channels on which the customer must have allowed it; `"*"`: on all',
    "heeds_quiet": "false: it also goes out in quiet hours",
    "caps": "how often, to one person on one channel",
    "valid": "what has waited longer is not sent any more",
    "most": "so many messages",
    "within": "in a time that ends now",
    "purpose": "why we write to people; what has no purpose is not sent",
    **dict.fromkeys(("tuesday", "wednesday", "thursday", "friday", "saturday"), "as monday"),
    "sunday": "as monday",
}

_LINE = re.compile(r"^(\w+) = (.*?)(?:\s+# (.*))?$")
_HEAD = re.compile(r"^#   (\w+)\s{2,}(.+)$")
_FORMATS = {
    "duration": "duration: `90s`, `30m`, `4h`",
    "hours": "hours: `08:00-12:30`",
    "quiet": "hours: `21:00-08:00`",
}
_LIMITS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("minLength", "{} characters at least"),
    ("maxLength", "{} at most"),
    ("pattern", "`{}`"),
)


def page(settings: type[BaseModel] = Settings, folder: Path = FOLDER) -> str:
    """Every key with its environment name, default, limits and meaning."""
    head = (
        "# Configuration\n\nMade by `make docs` from `app/settings.py`, `app/config.py` and the"
        " files of `config/`. A flag wins over the environment, the environment over"
        " `config/settings.toml`.\n\n`HANDSHAKE_CONFIG` names another folder than `config/`,"
        " `HANDSHAKE_HOME` another place for `config/` and `var/`.\n"
    )
    table = "| key | environment | default | value | meaning |\n|---|---|---|---|---|\n"
    rows = _setting_rows(settings, folder / "settings.toml")
    parts = [head, "## settings.toml\n", table + "\n".join(rows) + "\n"]
    for name, (where, model) in FILES.items():
        parts += [f"## {name}: `{where}`\n", _entries(folder, name, model)]
    return "\n".join(parts)


def _setting_rows(settings: type[BaseModel], file: Path) -> Iterator[str]:
    written = tomllib.loads(file.read_text("utf-8"))
    comments = _comments(file)
    for name, field in settings.model_fields.items():
        model = field.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            default = "var" if name == "data_dir" else field.default
            kind = {"type": "string"}
            yield _setting_row(name, default, kind, comments)
            continue
        for key, schema in model.model_json_schema()["properties"].items():
            default = written.get(name, {}).get(key, schema.get("default"))
            yield _setting_row(f"{name}.{key}", default, schema, comments)


def _setting_row(key: str, default: Any, schema: Any, comments: Mapping[str, str]) -> str:
    env = "HANDSHAKE_" + key.upper().replace(".", "__")
    meaning = comments.get(key) or MEANINGS.get(key, UNEXPLAINED)
    return _row(f"`{key}`", f"`{env}`", _default(default), _value(schema), meaning)


def _comments(file: Path) -> dict[str, str]:
    found, section = {}, ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]") + "."
        elif (match := _LINE.match(line)) and match[3]:
            found[section + match[1]] = match[3]
    return found


def _entries(folder: Path, name: str, model: type[BaseModel]) -> str:
    told = {} if "," in name else _head(folder, name)
    schema = model.model_json_schema()
    required = schema.get("required", ())
    rows = [
        _row(
            f"`{key}`",
            "needed" if key in required else _default(given.get("default")),
            _value(given),
            told.get(key) or ENTRY_MEANINGS.get(key, UNEXPLAINED),
        )
        for key, given in schema["properties"].items()
    ]
    return "| key | default | value | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _head(folder: Path, name: str) -> dict[str, str]:
    """The glossary in the comment at the top of a file."""
    lines = next(iter(sorted(folder.glob(name)))).read_text("utf-8").splitlines()
    return {match[1]: match[2] for line in lines if (match := _HEAD.match(line))}


def _value(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:  # a key that may be left out
        return _value(next(one for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    kind = "table" if "$ref" in schema else str(schema.get("type", "any"))
    if kind == "array":
        return f"list: {_value(schema['items'])}"
    limits = [text.format(schema[name]) for name, text in _LIMITS if name in schema]
    kind = _FORMATS.get(schema.get("format", ""), kind)
    return " ".join([kind, ", ".join(limits)]).strip()


def _default(value: Any) -> str:
    if value in ("", None):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
