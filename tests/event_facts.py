"""The facts of one task, as the door writes them: what the tests of event rules are told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.profile import STRANGER
from app.core.queueing import task_id_of
from app.core.recorded import kept
from app.core.rules import variables
from tests.builders import NOON_MS, decision, mention, score

MINUTE_MS = 60_000
SERVICE = {"type": "system", "id": "door", "role": "service"}
AMIRA = {"type": "user", "id": "amira", "role": "agent"}


class Story:
    """One mention and its task, told fact by fact. `minute` is the time since noon."""

    def __init__(self, id_: str = "1", **said: Any) -> None:
        self.said = mention(id_, **said)
        self.task_id = task_id_of(self.said.mention_id)
        self.facts: list[dict[str, Any]] = []
        self.version, self.state, self.queue = 0, "", "service"
        self.priority, self.rep = 50, ""

    @property
    def mention_id(self) -> str:
        return self.said.mention_id

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The facts as they come to the ledger, which numbers them itself."""
        return [{k: v for k, v in fact.items() if k != "seq"} for fact in self.facts]

    def decided(self, **given: Any) -> Story:
        """Received and decided: what is known of the mention itself."""
        values = variables(self.said, score(), STRANGER, public=True)
        wording = {"mention": self.said_json(), "content_hash": self.said.content_hash}
        made = asdict(decision(self.queue, **given))
        self._fact("received", 0, wording)
        self._fact("decided", 0, {"decision": made, "values": kept(values)})
        return self

    def said_json(self) -> dict[str, Any]:
        made = asdict(self.said)
        return made | {"detected_at": self.said.detected_at.isoformat(), "flags": []}

    def task(self, op: str, to: str, minute: float = 0.0, **given: Any) -> Story:
        """The next fact of the task."""
        self.version += 1
        self.queue = given.pop("queue", self.queue)
        self.priority = given.pop("priority", self.priority)
        self.rep = given.pop("rep", self.rep)
        fields = {
            "task_id": self.task_id,
            "version": self.version,
            "from": self.state,
            "to": to,
            "queue": self.queue,
            "priority": self.priority,
            "rep": self.rep,
            "deadline_ms": NOON_MS + 30 * MINUTE_MS,
        }
        self.state = to
        data = given.pop("data", {})
        self._fact(op, minute, data, **(fields | given))
        return self

    def queued(self, minute: float = 0.0) -> Story:
        return self.task("queued", "queued", minute, data={"detected_ms": NOON_MS})

    def _fact(self, op: str, minute: float, data: dict[str, Any], **fields: Any) -> None:
        op_id = fields.pop("op_id", f"{self.said.source_id}:{len(self.facts)}")
        self.facts.append(
            {
                "fact_id": f"{self.mention_id}/{op_id}/{op}",
                "op": op,
                "op_id": op_id,
                "now_ms": NOON_MS + round(minute * MINUTE_MS),
                "mention_id": self.mention_id,
                "actor": fields.pop("actor", SERVICE),
                "reason": fields.pop("reason", ""),
                "data": data,
                "seq": len(self.facts) + 1,
                **fields,
            }
        )
