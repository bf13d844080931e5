"""The permission gate: `ask` alone says whether a message may go out, and why.

What is allowed comes back as a permit, and a connector sends nothing without one. What is not
comes back as a refusal that names the rule; one that passes by itself says when to ask again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from app.core.consent import ConsentEvent, Standing, standing
from app.core.errors import HandshakeError
from app.core.outbound import ANSWER, Outbound
from app.core.quiet import Quiet, quiet_until

PERMIT_MS: Final = 60_000  # longer than any connector waits for its channel
EVERY: Final = "*"  # all channels

CONTRACT, INTEREST, CONSENT = "contract", "legitimate_interest", "consent"
BASES: Final = (CONTRACT, INTEREST, CONSENT)

# Why a message is refused; these codes are in facts, metrics and the API.
STOPPED, NO_CONSENT, WITHDREW = "stopped", "no_consent", "consent_withdrawn"
QUIET_HOURS, TOO_OFTEN, TOO_LATE = "quiet_hours", "too_often", "too_late"
NOT_AN_ANSWER, NO_PURPOSE = "not_an_answer", "unknown_purpose"
CODES: Final = (
    STOPPED, NO_CONSENT, WITHDREW, QUIET_HOURS, TOO_OFTEN, TOO_LATE, NOT_AN_ANSWER, NO_PURPOSE,
)  # fmt: skip

_SEAL = object()


class NotPermitted(HandshakeError):
    """A connector was given a message without a permit for it."""

    code = "not_permitted"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one message, once asked for, for a short time. Made by `ask` alone.

    `rule` is the key of the configuration that decided, `basis` what the law calls the reason.
    """

    outbound_id: str
    digest: str
    expires_ms: int
    rule: str
    basis: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a permit is given by app.core.permission.ask and nobody else")

    def check(self, message: Outbound, now_ms: int) -> None:
        """Every connector asks this first. Raises NotPermitted where the permit does not fit."""
        if self.digest != message.digest:
            raise NotPermitted("the permit is for another message")
        if now_ms >= self.expires_ms:
            raise NotPermitted("the permit has expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a message may not go out. `again_ms`: when to ask again; 0: never.

    `rule` is the key of the configuration, or the consent event, that decided.
    """

    code: str
    why: str
    rule: str
    again_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """No more than `most` messages within a window that ends now."""

    most: int
    within_s: float

    @property
    def within_ms(self) -> int:
        return round(self.within_s * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why we write to people. `consent`: the channels on which they must have allowed it.

    `valid_s`: what has waited longer is no longer worth saying. `quiet`: quiet hours hold.
    """

    name: str
    title: str
    basis: str
    consent: tuple[str, ...] = ()
    quiet: bool = True
    caps: tuple[Cap, ...] = ()
    valid_s: float = 172_800.0

    def needs_consent(self, channel: str) -> bool:
        return self.basis == CONSENT or EVERY in self.consent or channel in self.consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What config/permission.toml says. `quiet_on` are channels with quiet hours of their own.

    `zone` and the `zones` of channels count where nothing tells where the customer is.
    """

    purposes: Mapping[str, Purpose]
    quiet: Quiet | None = None
    quiet_on: Mapping[str, Quiet] = field(default_factory=dict)
    zone: tzinfo = UTC
    zones: Mapping[str, tzinfo] = field(default_factory=dict)

    def quiet_of(self, channel: str) -> Quiet | None:
        return self.quiet_on.get(channel, self.quiet)

    def zone_of(self, channel: str) -> tzinfo:
        return self.zones.get(channel, self.zone)

    @property
    def longest_cap_ms(self) -> int:
        """How far back it matters what went out, in ms."""
        caps = [cap.within_ms for one in self.purposes.values() for cap in one.caps]
        return max(caps, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the person: their consent events in order, of all their handles.

    `sent_ms`: when messages of this channel and purpose were permitted to them, this one not
    counted. `zone`: where they are.
    """

    events: Sequence[ConsentEvent] = ()
    sent_ms: Sequence[int] = ()
    zone: tzinfo = UTC


def ask(message: Outbound, known: Known, policy: Policy, now_ms: int) -> Permit | Refusal:
    """The one gate. Pure: the same question has the same answer."""
    if refused := refusal_of(message, known, policy, now_ms):
        return refused
    purpose = policy.purposes[message.purpose]
    return Permit(
        outbound_id=message.outbound_id,
        digest=message.digest,
        expires_ms=now_ms + PERMIT_MS,
        rule=f"purpose.{purpose.name}",
        basis=purpose.basis,
        seal=_SEAL,
    )


def refusal_of(message: Outbound, known: Known, policy: Policy, now_ms: int) -> Refusal | None:
    """Why this message may not go out now; None where it may. What is for ever comes first."""
    purpose = policy.purposes.get(message.purpose)
    if purpose is None:
        why = f"No purpose is named {message.purpose!r}: what is not provided for is not sent"
        return Refusal(code=NO_PURPOSE, why=why, rule="purpose")
    if purpose.name == ANSWER and not message.mention_id:
        why = "It answers nothing that they said"
        return Refusal(code=NOT_AN_ANSWER, why=why, rule=f"purpose.{ANSWER}")
    return (
        _of_consent(message, standing(known.events), purpose)
        or _of_age(message, purpose, now_ms)
        or _of_quiet(message, known.zone, policy, now_ms)
        or _of_caps(purpose, known.sent_ms, now_ms)
    )


def _of_consent(message: Outbound, stands: Standing, purpose: Purpose) -> Refusal | None:
    where = (message.channel, purpose.name)
    if where in stands.given:  # what was given before a stop is not there any more
        return None
    if stands.stop is not None:
        said = stands.stop
        on = f" on {said.channel}" if said.channel else ""
        why = (
            f"They asked us to stop{on}: nothing is sent to them on any channel until they write"
            " START or allow it again"
        )
        return Refusal(code=STOPPED, why=why, rule=f"consent.{said.event_id}")
    if where in stands.withdrawn:
        why = f"They withdrew their consent to {purpose.title} on {message.channel}"
        return Refusal(code=WITHDREW, why=why, rule=f"consent.{stands.withdrawn[where].event_id}")
    if purpose.needs_consent(message.channel):
        why = f"They have not consented to {purpose.title} on {message.channel}"
        return Refusal(code=NO_CONSENT, why=why, rule=f"purpose.{purpose.name}.consent")
    return None


def _of_age(message: Outbound, purpose: Purpose, now_ms: int) -> Refusal | None:
    if now_ms - message.created_ms < purpose.valid_s * 1000:
        return None
    why = "It has waited too long to be worth saying"
    return Refusal(code=TOO_LATE, why=why, rule=f"purpose.{purpose.name}.valid")


def _of_quiet(message: Outbound, zone: tzinfo, policy: Policy, now_ms: int) -> Refusal | None:
    if not policy.purposes[message.purpose].quiet:
        return None
    again_ms = quiet_until(policy.quiet_of(message.channel), zone, now_ms)
    if not again_ms:
        return None
    own = message.channel in policy.quiet_on
    rule = f"quiet.{message.channel}" if own else "quiet"
    why = "It is night where they are: quiet hours"
    return Refusal(code=QUIET_HOURS, why=why, rule=rule, again_ms=again_ms)


def _of_caps(purpose: Purpose, sent_ms: Sequence[int], now_ms: int) -> Refusal | None:
    """The cap that holds longest: whoever asks again then need not be told once more."""
    found: Refusal | None = None
    for index, cap in enumerate(purpose.caps):
        recent = sorted(at for at in sent_ms if at > now_ms - cap.within_ms)
        if len(recent) < cap.most:
            continue
        again_ms = recent[len(recent) - cap.most] + cap.within_ms
        if found is None or again_ms > found.again_ms:
            rule = f"purpose.{purpose.name}.caps.{index}"
            why = f"They had {len(recent)} such messages lately, and {cap.most} is the most"
            found = Refusal(code=TOO_OFTEN, why=why, rule=rule, again_ms=again_ms)
    return found
