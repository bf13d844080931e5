"""decide: the users' rules over everything known."""

from __future__ import annotations

from app.core.past import past_values
from app.core.rules import variables
from app.core.sla import to_ms
from app.steps.batch import Batch, Ports, thoughtful


async def decide(batch: Batch, ports: Ports) -> None:
    for item, mention in thoughtful(batch):
        if item.score and item.profile:
            public = ports.catalogue.is_public(mention.channel)
            calendars = ports.catalogue.calendars
            item.values = {
                **variables(mention, item.score, item.profile, public, calendars),
                **past_values(item.past, mention.mention_id, to_ms(mention.detected_at)),
                **item.queues,
            }
            item.decision = ports.rules.decide(item.values)
