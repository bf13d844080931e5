"""parse: bytes to mentions; what is no mention gets its problem named."""

from __future__ import annotations

from datetime import UTC, datetime

from app import codec
from app.core.errors import Invalid
from app.failpoints import failpoint
from app.steps.batch import Batch, Ports


async def parse(batch: Batch, _ports: Ports) -> None:
    failpoint("before-parse")
    for item in batch:
        accepted_ms = item.delivery.accepted_ms or item.received_ms
        now = datetime.fromtimestamp(accepted_ms / 1000, UTC)
        try:
            value = codec.loads(item.delivery.raw)
            item.source_id = codec.source_id_of(value)
            wire = codec.validate(value)
            item.mention = codec.to_mention(wire, item.delivery.src, now)
        except Invalid as problem:
            item.problem = problem
    failpoint("after-parse")
