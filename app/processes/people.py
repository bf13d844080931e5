"""The demo's people: passwords and keys made at the first start, kept in a private file."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.adapters.store.database import Database
from app.adapters.store.users import User, Users
from app.core.catalogue import Catalogue

_WORDS = (
    "amber birch cedar cloud coral crane delta ember fern flint grove harbor hazel heron iris"
    " juniper kestrel lark linen maple marble meadow mint moss north olive opal otter pebble pine"
    " plover quartz raven reed river robin sage shore silver slate spruce stone swift thistle"
    " tulip umber vale violet walnut willow wren"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    password: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    intake_key: str
    webhook_secret: str
    people: dict[str, Secret]


def load(path: Path, catalogue: Catalogue) -> Secrets:
    """Read the secrets, and make those that are missing."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    people = {
        name: Secret(**known.get("people", {}).get(name, {}) or _fresh()) for name in catalogue.reps
    }
    found = Secrets(
        intake_key=known.get("intake_key") or secrets.token_urlsafe(24),
        webhook_secret=known.get("webhook_secret") or _webhook_secret(),
        people=people,
    )
    write_private(
        path,
        {
            "intake_key": found.intake_key,
            "webhook_secret": found.webhook_secret,
            "people": {n: {"password": s.password, "key": s.key} for n, s in people.items()},
        },
    )
    return found


async def enter(database: Database, catalogue: Catalogue, found: Secrets) -> None:
    """Let these people sign in, and nobody else."""
    users = Users(database)
    await users.keep_only(list(catalogue.reps))
    for rep in catalogue.reps.values():
        secret = found.people[rep.name]
        known = await users.by_key(secret.key)
        user = User(name=rep.name, title=rep.title, role=rep.role)
        if known != user:  # hashing a password takes a tenth of a second: only when it must be
            await users.put(user, secret.password, secret.key)


def write_private(path: Path, content: object) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    draft.replace(path)


def _webhook_secret() -> str:
    """In the form of Standard Webhooks: whsec_ and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _fresh() -> dict[str, str]:
    words = "-".join(secrets.choice(_WORDS) for _ in range(3))
    return {"password": f"{words}-{secrets.randbelow(90) + 10}", "key": secrets.token_urlsafe(24)}
