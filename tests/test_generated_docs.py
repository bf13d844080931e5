"""The documents that are made from code equal it, and a change of the code alone is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel

from app import flow, metrics
from app.adapters.kafka import TOPICS
from app.settings import Settings
from tests.test_architecture import FAMILY, documented_keys
from tools import docs, docs_config, docs_wire

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", docs.DOCUMENTS)
def test_a_document_equals_its_source(name: str) -> None:
    assert docs.stale({name: docs.DOCUMENTS[name]}) == {}, "run `make docs`"


def noticed(name: str, make: Callable[[], str]) -> bool:
    """Whether the check is green for the document as it is and red for this one."""
    assert docs.main(check=True, documents={name: docs.DOCUMENTS[name]}) == 0
    return docs.main(check=True, documents={name: make}) == 1


def test_a_new_stage_makes_the_check_red() -> None:
    table = flow.table() + "\n| nap | worker | hs:task | - | sleeps |"
    assert noticed("ARCHITECTURE.md", lambda: docs.architecture(lambda: table))


def test_a_new_metric_makes_the_check_red() -> None:
    naps = Counter("handshake_naps", "How often it slept.", registry=CollectorRegistry())
    assert noticed("docs/metrics.md", lambda: docs.metrics_page({**vars(metrics), "NAPS": naps}))


def test_a_new_setting_makes_the_check_red() -> None:
    class Nap(BaseModel):
        long_s: float = 1.0

    class More(Settings):
        nap: Nap = Nap()

    assert noticed("docs/config.md", lambda: docs_config.page(More))


def test_another_default_makes_the_check_red(tmp_path: Path) -> None:
    def changed() -> str:
        for file in (ROOT / "config").rglob("*.toml"):
            copy = tmp_path / file.relative_to(ROOT / "config")
            copy.parent.mkdir(exist_ok=True)
            text = file.read_text("utf-8")
            copy.write_text(text.replace("window_s = 1800.0", "window_s = 900.0"), "utf-8")
        return docs_config.page(folder=tmp_path)

    assert noticed("docs/config.md", changed)


def test_a_new_redis_key_makes_the_check_red(tmp_path: Path) -> None:
    def changed() -> str:
        copy = tmp_path / "adapters/lua/00_keys.lua"
        copy.parent.mkdir(parents=True)
        text = (ROOT / "app/adapters/lua/00_keys.lua").read_text("utf-8")
        copy.write_text(
            text.replace("-- hs:epoch ", "-- hs:nap   string  x\n-- hs:epoch "), "utf-8"
        )
        for name in ("adapters/redis_profiles.py", "web/auth.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text((ROOT / "app" / name).read_text("utf-8"), "utf-8")
        page = docs_wire.redis_keys(tmp_path)
        assert "hs:nap" in page
        return page

    assert noticed("docs/redis-keys.md", changed)


def test_another_name_of_a_topic_makes_the_check_red() -> None:
    names = {**TOPICS, "mentions": "said"}
    assert noticed("docs/topics.md", lambda: docs_wire.topics(names))


def test_a_topic_that_nobody_explained_is_refused() -> None:
    with pytest.raises(KeyError, match="naps"):
        docs_wire.topics({**TOPICS, "naps": "naps"})


def test_every_key_family_is_in_the_document() -> None:
    assert set(FAMILY.findall(docs_wire.redis_keys())) == documented_keys()


def test_every_setting_is_explained() -> None:
    assert docs_config.UNEXPLAINED not in docs_config.page()


def test_a_topic_is_called_unused_exactly_while_no_code_uses_it() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for part in ("app", "agents")
        for path in (ROOT / part).rglob("*.py")
    )
    used = set(re.findall(r'TOPICS\["(\w+)"\]', code))
    told = {n for n, topic in docs_wire.TOPIC_MEANINGS.items() if topic.writes != "nobody yet"}
    assert told == used
