"""The bodies of the API of the rules, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.core.rules import EVENTS
from app.web.openapi_parts import closed

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 1}
_MOMENT_MS = {"type": "integer", "minimum": 0, "description": "ms since the epoch; 0: no bound"}
_COUNT = {"type": "integer", "minimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}
_TEXTS = {
    "type": "object",
    "description": "rules as TOML, by file name",
    "additionalProperties": _TEXT,
}
_ROW = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": _TEXT},
    "description": "a row as its file would say it",
}
_ON = {"enum": list(EVENTS), "description": "the event of the rule; of a row: mention"}
_ROOT = "/api/v1/rules"
_DRAFT = f"{_ROOT}/drafts/{{draft_id}}"


RULE_BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", f"{_ROOT}/check"): {
        "oneOf": [closed("texts", texts=_TEXTS), closed("when", when=_TEXT, on=_ON)]
    },
    ("POST", f"{_ROOT}/try"): closed(
        draft_id=_TEXT,
        texts=_TEXTS,
        mention_id=_TEXT,
        mention=closed(
            "text",
            text=_TEXT,
            channel=_TEXT,
            lang=_TEXT,
            url=_TEXT,
            handle=_TEXT,
            followers=_COUNT,
            sentiment={"enum": ["negative", "neutral", "positive", "unsupported"]},
            intent={"enum": ["question", "complaint", "praise", "request", "other"]},
            urgency=_SHARE,
            complaint=_SHARE,
            emotion={"enum": ["", "anger", "joy", "sadness", "optimism", "none"]},
            irony=_SHARE,
            pillar={"enum": ["service", "sales", "marketing", "innovation", "none"]},
            known={"type": "boolean"},
            tier=_TEXT,
            value={"type": "number", "minimum": 0},
            open_cases=_COUNT,
            credit={"type": "number", "minimum": 0},
            rewards={"type": "number", "minimum": 0},
            household=_TEXT,
            influence=_PERCENT,
            adoption=_PERCENT,
            mentions_48h=_COUNT,
            open_tasks=_COUNT,
            unanswered=_COUNT,
        ),
    ),
    ("POST", f"{_ROOT}/rollback"): closed("to", "reason", to=_NUMBER, reason=_TEXT),
    ("POST", f"{_ROOT}/drafts"): closed("title", title=_TEXT, texts=_TEXTS, based_on=_NUMBER),
    ("PUT", _DRAFT): closed(title=_TEXT, texts=_TEXTS, based_on=_NUMBER),
    ("POST", f"{_DRAFT}/rows"): closed(
        "file",
        "row",
        file=_TEXT,
        row=_ROW,
        before=_TEXT,
        after=_TEXT,
        kind={"enum": ["row", "rule"]},
    ),
    ("POST", f"{_DRAFT}/rows/{{row_id}}/move"): closed(before=_TEXT, after=_TEXT),
    ("PUT", f"{_DRAFT}/rows/{{row_id}}"): closed("row", row=_ROW),
    ("POST", f"{_DRAFT}/publish"): closed(comment=_TEXT, backtest_id=_TEXT, skip_reason=_TEXT),
    ("POST", f"{_DRAFT}/backtest"): closed(since_ms=_MOMENT_MS, until_ms=_MOMENT_MS),
    ("POST", f"{_ROOT}/shadow"): closed(
        draft_id={"type": ["string", "null"], "description": "null: none"}, reason=_TEXT
    ),
}
