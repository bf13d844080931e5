"""Imports while everything runs: killed half-way, a wiped cache, and the next mention knows who."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import redis as redis_client

from tests.live.running import Handshake, mention, running, wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

ROWS = 12_000
HEAD = "customer_id,name,x,tier\n"


def identified(house: Handshake, handle: str) -> dict[str, Any]:
    """What triage knows of whoever writes under this handle, now."""
    author = {"handle": handle, "name": "Kim"}
    [accepted] = house.post([mention("Where is my parcel?", "x", author=author)])
    found = wait_for(
        "the identified fact",
        lambda: [f for f in house.trail(accepted["mention_id"]) if f["op"] == "identified"],
        20.0,
    )
    data: dict[str, Any] = found[0]["data"]
    return data


def run_of(house: Handshake, id_: str) -> dict[str, Any]:
    try:
        answer = house.call("GET", f"/api/v1/imports/{id_}", "sofia")
    except (httpx.HTTPError, FileNotFoundError):
        return {"state": "away", "rows_done": 0}
    found: dict[str, Any] = answer.json()
    return found


def test_killed_half_way_every_row_is_taken_once_and_the_next_mention_knows_who(
    tmp_path: Path,
) -> None:
    """A2.1, A2.7: also after the cache is gone."""
    content = HEAD + "".join(f"C{n},Kim {n},kim_{n},gold\n" for n in range(ROWS)) + ",,,gold\n"
    with running(tmp_path / "var") as house:
        assert not identified(house, "@kim_7")["known"]
        upload = house.call(
            "POST", "/api/v1/imports?file=people.csv", "sofia", content=content.encode()
        )
        id_ = upload.json()["id"]
        started = house.call("POST", f"/api/v1/imports/{id_}/start", "sofia", json={"dry": False})
        assert started.status_code == 202, started.text
        wait_for("some rows", lambda: run_of(house, id_).get("rows_done", 0) > 0, 60.0)
        killed = house.kill("web")
        house.back("web", killed)
        ended = wait_for(
            "the end", lambda: (one := run_of(house, id_)).get("state") == "done" and one, 90.0
        )
        assert ended
        assert (ended["rows_done"], ended["counts"]["new"]) == (ROWS + 1, ROWS)
        assert ended["counts"]["rejected.no_key"] == 1
        assert [row[0] for row in house.sql("SELECT count(*) FROM statements")] == [ROWS]
        wait_for("kim to be known", lambda: identified(house, "@kim_7")["customer_id"] == "C7")

        with redis_client.from_url(house.run["redis"]) as client:

            def whole() -> list[bytes]:
                keys = list(client.scan_iter("hs:profile:x:*", 1_000))
                return keys if len(keys) == ROWS else []

            keys = wait_for("all to be cached", whole, 30.0)
            client.delete(*keys, "hs:profile:@change", "hs:profile:@filled")
        wait_for(
            "the cache to be filled again", lambda: identified(house, "@kim_8")["tier"] == "gold"
        )
