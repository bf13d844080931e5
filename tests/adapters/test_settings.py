"""Settings: file, environment and flags, and one sentence for each wrong key."""

from __future__ import annotations

import pytest

from app import settings
from app.core.errors import ConfigError


def problems(**flags: object) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        settings.load(**flags)
    return refused.value.problems


def test_the_shipped_file_says_30_minutes_and_20_seconds() -> None:
    """A5.1: the standard window is 30 minutes."""
    loaded = settings.load()
    assert (loaded.sla.window_s, loaded.sla.at_risk_share, loaded.offer.expires_s) == (
        1800,
        0.8,
        20,
    )


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSHAKE_OFFER__EXPIRES_S", "7")
    assert settings.load().offer.expires_s == 7


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSHAKE_WEB__PORT", "9000")
    assert settings.load(web={"port": 0}).web.port == 0


def test_a_wrong_value_in_the_environment_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDSHAKE_WEB__PORT", "eighty")
    monkeypatch.setenv("HANDSHAKE_SLA__AT_RISK_SHARE", "1.5")
    found = "\n".join(problems())
    assert "environment HANDSHAKE_WEB__PORT: web.port: " in found
    assert "got 'eighty'" in found
    assert "environment HANDSHAKE_SLA__AT_RISK_SHARE: sla.at_risk_share: " in found


def test_an_unknown_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSHAKE_WEB__PROT", "80")
    [problem] = problems()
    assert problem.startswith("environment HANDSHAKE_WEB__PROT: web.prot: ")


def test_a_section_that_is_no_section_is_blamed_on_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDSHAKE_WEB", "not json")
    [problem] = problems()
    assert "settings.toml" not in problem


def test_problems_of_several_keys_come_at_once() -> None:
    found = problems(web={"port": 99999}, offer={"expires_s": 0}, demo={"rat": 1})
    assert len(found) == 3


def test_the_intake_key_is_in_no_printout() -> None:
    assert "hush" not in repr(settings.load(secret="hush"))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("LADDER", '["full", "fast"]', "scoring.ladder: expected some of full, cascade, fast"),
        ("LADDER", '["full", "lexicon"]', "scoring.until_ms: expected a wait for each rung but"),
        ("UNTIL_MS", "[3, 2, 1]", "scoring.until_ms: expected rising numbers above zero"),
        ("LEXICON", '["fi"]', "scoring.lexicon: expected some of en, de, fr, es, it"),
        ("CASCADE", '["sentiment-fast"]', "scoring.cascade"),
        ("CALM_S", "inf", "scoring.calm_s: Input should be a finite number"),
        ("RETRY_S", "nan", "scoring.retry_s: Input should be a finite number"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_told_with_its_key(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"HANDSHAKE_SCORING__{key}", value)
    assert said in "\n".join(problems())
