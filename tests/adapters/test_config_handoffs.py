"""The partners of config/handoffs.toml: what is wrong is said at once; secrets are never shown."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from app import config, config_handoffs, settings
from app.core.errors import ConfigError
from app.core.handoff import STAGES
from app.wiring import check
from app.wiring import handoffs as wiring
from tests.adapters.test_config import SHIPPED, append, folder, problems_of

__all__ = ["folder"]  # a fixture

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgcmVmZXJlbmNlIQ=="
GOOD = '[partner.crm]\ntitle = "CRM"\nurl = "https://crm.example/hook"\n'


def test_the_shipped_configuration_has_no_partner_switched_on() -> None:
    assert config.load(SHIPPED).partners == {}


def test_the_example_in_the_shipped_file_is_right(folder: Path) -> None:
    text = (folder / "handoffs.toml").read_text("utf-8")
    lines = text[text.index("# [partner.crm]") :].splitlines()
    append(folder, "handoffs.toml", "\n".join(line.removeprefix("# ") for line in lines))
    crm = config.load(folder).partners["crm"]
    assert (crm.within_s, crm.on_failure, crm.call_out) == (30.0, "service", False)


def test_an_older_folder_without_the_file_has_no_partners(folder: Path) -> None:
    (folder / "handoffs.toml").unlink()
    assert config.load(folder).partners == {}


def test_every_stage_can_be_configured() -> None:
    assert get_args(config_handoffs.Stage) == STAGES


def test_a_partner_is_read_with_its_defaults(folder: Path) -> None:
    append(folder, "handoffs.toml", GOOD)
    crm = config.load(folder).partners["crm"]
    assert (crm.name, crm.title, crm.timeout_s, crm.retries) == ("crm", "CRM", 5.0, 8)
    assert (crm.call_out, crm.hands_in, crm.inner, crm.stages) == (False, False, False, ())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('url = "http://crm.example/"', "url: expected https"),
        ('url = "https://10.0.0.1/"', "url: 10.0.0.1 is an inner address"),
        ('url = "https://169.254.169.254/"', "url: 169.254.169.254 is link-local"),
        ('on_failure = "nowhere"', "on_failure: no queue is named 'nowhere'"),
        ('call_out = true\nroutes = ["nowhere"]', "routes: no queue is named 'nowhere'"),
        ('routes = ["billing"]', "routes: expected call_out = true"),
        ('stages = ["thought"]', "partner.crm.stages"),
        ('within = "soon"', "partner.crm.within"),
        ('timeout = "1h"', "partner.crm.timeout"),
        ("retries = -1", "partner.crm.retries"),
        (f'secret = "{SECRET}"', "partner.crm.secret"),
        ("unknown = 1", "partner.crm.unknown"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(folder: Path, line: str, named: str) -> None:
    base = GOOD if not line.startswith("url") else '[partner.crm]\ntitle = "CRM"\n'
    append(folder, "handoffs.toml", f"{base}{line}\n")
    [problem] = problems_of(folder)
    assert problem.startswith("config/handoffs.toml: ")
    assert named in problem


def test_problems_of_partners_come_with_those_of_other_files(folder: Path) -> None:
    append(folder, "handoffs.toml", f'{GOOD}on_failure = "nowhere"\n')
    append(folder, "queues.toml", '[queue.odd]\ntitle = "Odd"\nskills = ["juggling"]\n')
    assert len(problems_of(folder)) == 2


def secrets_of(folder: Path, **given: str) -> list[str]:
    partners = config.load(folder).partners
    return list(wiring.problems(partners, settings.load(handoffs=given)))


def test_a_partner_needs_a_secret_from_the_environment(folder: Path) -> None:
    append(folder, "handoffs.toml", GOOD.replace("crm]", "the-crm]"))
    assert secrets_of(folder, the_crm_secret=SECRET) == []
    [problem] = secrets_of(folder)
    assert "HANDSHAKE_HANDOFFS__THE_CRM_SECRET" in problem
    with pytest.raises(ConfigError, match="THE_CRM_SECRET"):
        wiring.signers(config.load(folder).partners, settings.load(handoffs={}))


def test_a_weak_shared_or_unknown_secret_is_named_and_never_shown(folder: Path) -> None:
    append(folder, "handoffs.toml", GOOD + GOOD.replace("crm", "erp"))
    found = secrets_of(folder, crm_secret=SECRET, erp_secret=SECRET)
    assert len(found) == 2
    found += secrets_of(folder, crm_secret="whsec_c2hvcnQ=", erp_secret=SECRET)
    found += secrets_of(folder, crm_secret=SECRET, erp_secret=SECRET[:-4], old_secret=SECRET)
    text = "\n".join(found)
    assert "HANDSHAKE_HANDOFFS__OLD_SECRET: no partner" in text
    assert "c2hvcnQ" not in text
    assert SECRET[6:20] not in text


def test_the_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSHAKE_HANDOFFS__CRM_SECRET", SECRET)
    found = settings.load()
    assert found.handoffs == {"crm_secret": SECRET}
    assert SECRET[6:20] not in repr(found)


def test_a_start_is_refused_where_a_secret_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(folder, "handoffs.toml", GOOD)
    monkeypatch.setattr("app.wiring.base.CONFIG", folder)
    assert any("HANDSHAKE_HANDOFFS__CRM_SECRET" in one for one in check.check(settings.load()))
