"""The context card says how a mention sounds, where the model hears that."""

from __future__ import annotations

import pytest

from tests.core.context_house import Json, fact, said


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        (
            {"emotion": "anger", "irony": 0.7, "complaint": 0.9},
            "like a complaint, angry and ironic",
        ),
        ({"emotion": "none", "irony": 0.5}, "ironic"),
    ],
)
def test_it_says_how_it_sounds_where_the_model_hears_that(heard: Json, text: str) -> None:
    """A8.1: complaint, emotion and irony stand on the card, backed by the score."""
    [tone] = [one for one in said([fact("scored", 2, data={"score": heard})]) if one.key == "tone"]
    assert tone.text == f"it sounds {text}"


def test_what_the_model_does_not_hear_is_not_said() -> None:
    for heard in ({}, {"emotion": "none", "irony": 0.49, "complaint": None}, {"emotion": "bored"}):
        found = said([fact("scored", 2, data={"score": heard})])
        assert not [one for one in found if one.key == "tone"]
