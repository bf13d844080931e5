"""What triage needs: the rules, and all ports of its steps."""

from __future__ import annotations

from app.adapters.cel_rules import CelRules
from app.adapters.dead_letters import KeptDeadLetters
from app.adapters.kafka import Producer
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.dead import DeadLetterTable
from app.core.sticky import Sticky
from app.ports import Scorer
from app.settings import Offer
from app.steps.batch import Ports
from app.wiring.base import Base, system_ms


def ports(base: Base, producer: Producer, scorer: Scorer) -> Ports:
    """What triage needs."""
    return Ports(
        seen=RedisSeen(base.redis, base.ledger),
        scorer=scorer,
        profiles=RedisProfiles(base.redis),
        rules=CelRules(base.config),
        door=base.door,
        dead_letters=KeptDeadLetters(DeadLetterTable(base.database), producer),
        catalogue=base.config.catalogue,
        at_risk_share=base.settings.sla.at_risk_share,
        now_ms=system_ms,
        sticky=sticky(base.settings.offer),
    )


def sticky(offer: Offer) -> Sticky:
    hour_ms = 3600 * 1000
    return Sticky(
        wait_ms=round(offer.sticky_s * 1000),
        age_ms=round(offer.sticky_days * 24 * hour_ms),
        feedback_ms=round(offer.feedback_hours * hour_ms),
    )
