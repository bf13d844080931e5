"""What the bodies of the OpenAPI document are made of."""

from __future__ import annotations

from typing import Any


def closed(*required: str, **properties: Any) -> dict[str, Any]:
    """An object of these fields and no others."""
    named = {"required": list(required)} if required else {}
    return {"type": "object", **named, "properties": properties, "additionalProperties": False}
