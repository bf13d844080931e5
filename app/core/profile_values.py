"""What a condition may ask of a customer: the facts of the profile, each with its type."""

from __future__ import annotations

from typing import Final

from app.core.profile import Profile

# Facts that rules came to ask for later, each with its type; what `NO_PROFILE_VALUES` has of them
# stands where the profile is silent, and is left out of what a decision records. `MISSING` is
# always recorded: without it the software of then knew none of them.
MISSING: Final = "profile.missing"
LATER_FACTS: Final[dict[str, type]] = {
    "profile.credit": float,
    "profile.rewards": float,
    "profile.household": str,
    "profile.influence": int,
    "profile.adoption": int,
    "profile.social": list,
}
PROFILE_VARIABLES: Final[dict[str, type]] = {
    "profile.known": bool,
    MISSING: bool,
    "profile.customer_id": str,
    "profile.name": str,
    "profile.tier": str,
    "profile.lang": str,
    "profile.value": float,
    "profile.open_cases": int,
    "profile.preferred_channel": str,
    "profile.products": list,
    "profile.last_rep": str,
    **LATER_FACTS,
}
NO_PROFILE_VALUES: Final[dict[str, object]] = {name: type_() for name, type_ in LATER_FACTS.items()}


def profile_values(profile: Profile, most_items: int) -> dict[str, object]:
    """The values of `PROFILE_VARIABLES`, of each list so many items."""
    return {
        "profile.known": profile.known,
        MISSING: profile.missing,
        "profile.customer_id": profile.customer_id,
        "profile.name": profile.name,
        "profile.tier": profile.tier,
        "profile.lang": profile.lang,
        "profile.value": float(profile.value),
        "profile.open_cases": profile.open_cases,
        "profile.preferred_channel": profile.preferred_channel,
        "profile.products": list(profile.products[:most_items]),
        "profile.last_rep": profile.last_rep,
        "profile.credit": float(profile.credit),
        "profile.rewards": float(profile.rewards),
        "profile.household": profile.household,
        "profile.influence": profile.influence,
        "profile.adoption": profile.adoption,
        "profile.social": list(profile.social[:most_items]),
    }
