"""A partner and event rules beside a run: what `events` and `handoffs` owe must be done, once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.running import ROOT, Handshake, wait_for
from tests.partner import SECRET, Engine, in_thread

_CAUGHT_UP_S = 60.0
_RULES = """title = "Chaos"
[[rule]]
id = "chaos-handed"
on = "mention"
when = "true"
do = [{ hand_off = "crm" }]
why = "The partner hears of everything."

[[rule]]
id = "chaos-waits"
on = "waiting"
after = "1m"
when = "true"
do = [{ priority = 77 }]
why = "It waits: a minute is three seconds here."

[[rule]]
id = "chaos-answered"
on = "replied"
when = "true"
do = [{ priority = 66 }, { notify = { to = "supervisor", text = "Answered." } }]
why = "Somebody has answered."
"""


@dataclass(frozen=True)
class Followers:
    """`env` is what the stack is started with."""

    env: dict[str, str]
    engine: Engine

    def problems(self, one: Handshake) -> Iterator[str]:
        """Wait until both have done what they owe; then what was left out, or done twice."""
        wait_for("all acts and hand-offs", lambda: _owed(one) == 0, _CAUGHT_UP_S, 0.5)
        yield from _of_events(one)
        yield from _of_handoffs(one, self.engine)


@contextmanager
def followers(folder: Path) -> Iterator[Followers]:
    """A configuration with a partner and rules of its own; the partner lives on."""
    config = Path(shutil.copytree(ROOT / "config", folder / "config"))
    (config / "rules" / "00-chaos.toml").write_text(_RULES, "utf-8")
    with in_thread(Engine()) as engine:
        (config / "handoffs.toml").write_text(
            f'[partner.crm]\ntitle = "CRM"\nurl = "{engine.url}"\ninner = true\ntimeout = "2s"\n'
            "retries = 20\n",
            "utf-8",
        )
        env = {"HANDSHAKE_CONFIG": str(config), "HANDSHAKE_HANDOFFS__CRM_SECRET": SECRET}
        yield Followers(env, engine)


def newest(one: Handshake) -> int:
    """How many events rules were asked about: it grows while people reply."""
    [(number,)] = one.sql("SELECT coalesce(max(number), 0) FROM rule_events")
    return int(number)


def _owed(one: Handshake) -> int:
    """Events that were not asked about, acts and hand-offs that are still to be done."""
    [(acts,)] = one.sql("SELECT count(*) FROM rule_acts WHERE state = 'pending'")
    [(calls,)] = one.sql("SELECT count(*) FROM handoffs WHERE state = 'pending'")
    [(last,)] = one.sql("SELECT coalesce(max(seq), 0) FROM facts")
    read = dict(one.sql("SELECT name, seq FROM cursors WHERE name IN ('events', 'handoffs')"))
    behind = sum(last - int(read.get(name, 0)) for name in ("events", "handoffs"))
    return int(acts + calls + behind)


def _of_events(one: Handshake) -> Iterator[str]:
    replied = Counter(fact["fact_id"] for fact in one.facts("op = 'replied'"))
    bodies = [json.loads(body) for (body,) in one.sql("SELECT body FROM rule_events")]
    asked = Counter(body["fact_id"] for body in bodies if body["event"] == "replied")
    yield from _differ("replies that were asked about", asked, replied)
    acts = [json.loads(body) for (body,) in one.sql("SELECT body FROM rule_acts")]
    did = Counter((act["fact_id"], act["rule"]) for act in acts)
    yield from _differ("acts, by fact and rule", did, Counter(dict.fromkeys(did, 1)))
    answers = Counter(act["fact_id"] for act in acts if act["rule"] == "chaos-answered")
    yield from _differ("acts at replies", answers, replied)
    done = sum(act["done"].get("prioritise") == "done" for act in acts)
    facts = [f for f in one.facts("op = 'prioritised'") if f["actor"]["id"].startswith("rule:")]
    if len(facts) != done:
        yield f"expected {done} priorities given by rules, got {len(facts)}"
    [(told,)] = one.sql("SELECT count(*) FROM notices")
    if told != answers.total():
        yield f"expected {answers.total()} notices, got {told}"


def _of_handoffs(one: Handshake, engine: Engine) -> Iterator[str]:
    decided = Counter(fact["mention_id"] for fact in one.facts("op = 'decided'"))
    rows = one.sql("SELECT mention_id, state FROM handoffs WHERE kind = 'handoff'")
    yield from _differ("hand-offs in the log", Counter(mention for mention, _ in rows), decided)
    handed = Counter(event["subject"] for event in engine.handed())
    delivered = Counter(mention for mention, state in rows if state == "delivered")
    yield from _differ("hand-offs that the partner has", handed, delivered)


def _differ(what: str, found: Counter[Any], expected: Counter[Any]) -> Iterator[str]:
    left_out, twice = expected - found, found - expected
    if left_out or twice:
        yield f"{what}: {left_out.total()} left out, {twice.total()} too many"
