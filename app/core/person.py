"""The keys under which a person's history is kept: one for each handle, one for the customer."""

from __future__ import annotations

import re
from typing import Final

from app.core.profile import handle_key

_HANDLE: Final = re.compile(r"([a-z0-9][a-z0-9_.-]{0,39}):(.*\S.*)", re.DOTALL)


def customer_key(customer_id: str) -> str:
    """The key of lines that are a customer's without a handle. No channel has an empty name."""
    return f":{customer_id}"


def customer_of(key: str) -> str:
    """The customer id of such a key; empty for a handle's."""
    return key[1:] if key.startswith(":") else ""


def person_key(text: str) -> str:
    """What somebody typed or a link names as a key: `x:@kim` is a handle, anything else a customer.

    Empty for nothing.
    """
    text = text.strip()
    if not text or text.startswith(":"):
        return text if len(text) > 1 else ""
    found = _HANDLE.fullmatch(text)
    return handle_key(found[1], found[2]) if found else customer_key(text)
