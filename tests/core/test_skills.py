"""Skills have levels; no level is level 1."""

from __future__ import annotations

import pytest

from app.core.skills import covers, mediates


@pytest.mark.parametrize(
    ("have", "wanted", "enough"),
    [
        (("en", "billing"), ("billing",), True),
        (("en", "billing"), ("billing:2",), False),
        (("billing:3",), ("billing:2",), True),
        (("billing:3",), ("billing",), True),
        (("en",), (), True),
        ((), ("en",), False),
    ],
)
def test_a_skill_covers_its_level_and_those_below(
    have: tuple[str, ...], wanted: tuple[str, ...], enough: bool
) -> None:
    assert covers(have, wanted) is enough


def test_a_mediator_of_any_level_is_a_mediator() -> None:
    assert mediates(("en", "mediator"))
    assert mediates(("mediator:2",))
    assert not mediates(("mediation", "en"))
