"""Permission and how channels send, from the files: all that is wrong is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import config, settings
from app.core.errors import ConfigError
from app.core.permission import Cap
from app.core.quiet import Quiet
from app.wiring import outbound as wiring
from tests.adapters.test_config import SHIPPED, append, folder, problems_of
from tests.adapters.test_config_handoffs import SECRET

__all__ = ["folder"]  # a fixture

FAX = '[channel.fax]\ntitle = "Fax"\nsend = "webhook"\nurl = "https://fax.example/send"\n'


def test_the_shipped_file_is_right() -> None:
    found = config.load(SHIPPED)
    policy = found.permission.policy
    assert {"answer", "service", "proactive", "marketing", "survey"} <= policy.purposes.keys()
    assert policy.quiet == Quiet(start=21 * 60, end=8 * 60)
    assert policy.purposes["marketing"].needs_consent("anything")
    assert not policy.purposes["answer"].needs_consent("sms")
    assert policy.purposes["survey"].caps == (Cap(most=1, within_s=30 * 86_400),)
    assert str(policy.zone_of("sms")) == "Europe/Berlin"
    assert found.sending == {}


def test_without_the_file_nothing_has_a_purpose(folder: Path) -> None:
    (folder / "permission.toml").unlink()
    found = config.load(folder).permission
    assert found.policy.purposes == {}
    assert found.words.said("sms", "stop") == ""


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "permission.toml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('quiet = "21:00-08:00"', 'quiet = "9 to 5"', "quiet: "),
        ('quiet = "21:00-08:00"', 'quiet = "08:00-08:00"', "quiet: "),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Bonn"', "zone: expected a time zone"),
        ('basis = "legitimate_interest"', 'basis = "luck"', "purpose.proactive.basis: "),
        ('["sms", "phone"]', '["smoke"]', "purpose.proactive.consent: no channel is named 'smoke'"),
        ("most = 30", "most = 0", "purpose.answer.caps.0.most: "),
        (
            'most = 30, within = "1h"',
            'most = 30, within = "soon"',
            "purpose.answer.caps.0.within: ",
        ),
        ('"stop all"', '"?!"', "stop.en.1: expected a keyword with letters"),
        ('"unstop"', '"Unsubscribe"', "start: 'unsubscribe': expected a word that does not also"),
        ("[stop_on]\nsms", "[stop_on]\nsmoke", "stop_on: no channel is named 'smoke'"),
        ('title = "answers"', 'title = "answers"\nhurry = true', "purpose.answer.hurry: "),
    ],
)
def test_a_wrong_key_of_the_file_is_named(folder: Path, old: str, new: str, named: str) -> None:
    change(folder, old, new)
    [problem] = [one for one in problems_of(folder) if "permission.toml" in one]
    assert problem.startswith(f"config/permission.toml: {named}")


def test_where_consent_is_the_basis_it_is_needed_everywhere(folder: Path) -> None:
    text = (folder / "permission.toml").read_text("utf-8")
    at = text.index("[purpose.marketing]")
    changed = text[:at] + text[at:].replace('consent = ["*"]', 'consent = ["sms"]')
    (folder / "permission.toml").write_text(changed, "utf-8")
    [problem] = problems_of(folder)
    assert problem.startswith("config/permission.toml: purpose.marketing.consent: expected ['*']")


def test_a_channel_that_sends_is_read_with_its_defaults(folder: Path) -> None:
    append(folder, "channels.toml", FAX)
    found = config.load(folder)
    fax = found.sending["fax"]
    assert (fax.kind, fax.url, fax.inner, fax.timeout_s) == (
        "webhook", "https://fax.example/send", False, 5.0,
    )  # fmt: skip
    assert found.catalogue.channels["fax"].title == "Fax"
    assert found.version != config.load(SHIPPED).version  # there is a channel more
    append(folder, "channels.toml", "timeout = '9s'\n")
    assert config.load(folder).version == found.version  # rules do not speak of it


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (FAX.replace("https", "http"), "url: expected https"),
        (FAX.replace("fax.example", "10.0.0.1"), "url: 10.0.0.1 is an inner address"),
        (FAX.replace('url = "https://fax.example/send"\n', ""), "url: "),
        (FAX.replace('"webhook"', '"pigeon"'), "send: "),
        (FAX.replace('send = "webhook"\n', ""), 'url: expected send = "webhook" with it'),
        (FAX + "timeout = '2m'\n", "timeout: "),
    ],
)
def test_a_channel_that_cannot_send_so_is_named(folder: Path, text: str, named: str) -> None:
    append(folder, "channels.toml", text)
    [problem] = problems_of(folder)
    assert "channels.toml: channel.fax" in problem
    assert named in problem


def test_a_channel_needs_its_secret_and_a_secret_its_channel(folder: Path) -> None:
    append(folder, "channels.toml", FAX)
    sending = config.load(folder).sending

    def problems(**secrets: str) -> list[str]:
        return list(wiring.problems(sending, settings.Settings(channels=secrets)))

    assert problems(fax_secret=SECRET) == []
    [missing] = problems()
    assert missing.endswith("channel.fax: expected its secret in HANDSHAKE_CHANNELS__FAX_SECRET")
    [extra] = problems(fax_secret=SECRET, tty_secret=SECRET.replace("dGhl", "dGhm"))
    assert extra.endswith("HANDSHAKE_CHANNELS__TTY_SECRET: no channel has this secret")
    [wrong] = problems(fax_secret="hunter2")
    assert "expected whsec_ and base64" in wrong
    assert "hunter2" not in wrong


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    change(folder, 'zone = "Europe/Berlin"', 'zone = "Europe/Bonn"')
    append(folder, "channels.toml", '[channel.fax]\ntitle = "Fax"\nsend = "pigeon"\n')
    with pytest.raises(ConfigError) as raised:
        config.load(folder)
    assert {problem.split(":")[0] for problem in raised.value.problems} == {
        "config/permission.toml", "config/channels.toml",
    }  # fmt: skip
