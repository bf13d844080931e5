"""The width of a pattern: what bounds its cost on every text."""

from __future__ import annotations

import pytest

from app.core.pattern import width


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        ("", 1),
        ("abc", 1),
        ("banana", 3),
        ("Aa", 2),
        ("a{3}", 3),
        ("a{2,5}", 5),
        ("a{3,}", 3),
        ("a+b*c?", 1),
        ("(ab|a){4}", 8),
        ("(?i)(?:a|(?P<n>b){2}){3}b", 7),
        (".{100}", 100),
        ("[ab]*a[ab]{60}c", 62),
        ("(?:a?){203}a{203}q", 406),
        ("((a{1,30}){1,30})q", 900),
        ("[^a]{9}a", 10),
        ("[a-z]{9}b", 10),
        ("[[:alpha:]]{3}", 3),
        (r"\w{5}\.\.", 7),
        (r"\b\d{4}\b$", 4),
        (r"\pL{5}\p{Greek}", 6),
        (r"\x41\x{1F600}", 2),
        (r"\Qa{9}\Ea", 2),
        (r"[]a]{4}", 4),
    ],
)
def test_a_pattern_is_as_wide_as_the_places_that_one_character_fits(
    pattern: str, places: int
) -> None:
    """A4.2: counted, not measured, so that the same pattern is let in everywhere."""
    assert width(pattern) == places
