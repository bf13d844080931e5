"""`explain`: one mention through every step, and nothing written anywhere."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from app import flow
from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.record import Record
from app.adapters.store.rule_events import Asked, RuleEvents
from app.adapters.store.rule_versions import RuleVersions
from app.adapters.store.statements import Statements
from app.cli import cli
from app.config import load
from app.core.decision import Trace
from app.core.errors import Invalid
from app.core.event_acts import acts
from app.core.profile import STRANGER, Profile
from app.core.profile_fields import Row, statement_of
from app.core.recorded import recorded
from app.core.rules import Effects, Rule
from app.core.waiting import Wait, waiting_event
from app.processes.explain import Listener, explain, sent
from app.settings import CONFIG
from app.wiring.base import folder_texts
from tests import builders
from tests.builders import NOON_MS, delivery, raw
from tests.doubles import FixedRules, MapProfiles, MemoryDoor, ports
from tests.event_facts import Story
from tests.history_house import folded, line
from tests.logged import TextScorer, deliveries, log_of


async def explained(body: bytes, **given: Any) -> dict[str, Any]:
    return await explain(body, ports(**given), Listener())


async def test_each_step_of_triage_is_told_and_nothing_reaches_the_door() -> None:
    """A8.1, D4: what came, what was found out, what was decided, and what there would be."""
    door, profiles = MemoryDoor(), MapProfiles({"x:kim": Profile(customer_id="C7", tier="gold")})
    found = await explained(raw(), door=door, profiles=profiles)
    assert found["parse"]["source_id"] == "1"
    assert found["dedupe"] == {"standing": "new", "follows_up": False}
    assert found["score"]["sentiment"]["label"] == "negative"
    assert found["identify"] == {"handle_key": "x:kim"}
    assert (found["join"]["profile"], found["join"]["fields"]["tier"]) == ("known", "gold")
    assert found["values"]["profile.tier"] == "gold"
    assert (found["decide"]["queue"], found["decide"]["version"]) == ("service", "v1")
    assert found["sla"]["due_ms"] == NOON_MS + 1_800_000
    assert (found["sla"]["window_s"], found["sla"]["clock"]) == (1800.0, "first_response")
    assert found["enqueue"]["task"]["queue"] == "service"
    assert found["enqueue"]["facts"] == ["received", "scored", "identified", "decided"]
    assert (door.facts, door.admitted) == ([], [])


async def test_the_explanation_is_what_triage_does() -> None:
    """D4: every rule's result, the decision and the task are those of the shipped steps."""
    config = load(CONFIG)
    rules = CelRules(config)
    said = deliveries(60)
    log = await log_of(config, said)
    parts = ports(
        rules=rules, scorer=TextScorer(), catalogue=config.catalogue, profiles=MapProfiles()
    )
    strangers = 0
    for trail in log.trails():
        known = next(recorded(trail))
        if known.values["profile.known"]:
            continue
        found = json.loads(orjson.dumps(await explain(sent(known), parts, Listener())))
        strangers += 1
        assert found["parse"]["mention_id"] == known.mention_id
        # Its clamped times were recorded, so this time nothing is clamped.
        assert found["values"] | {"mention.flags": known.values["mention.flags"]} == known.values
        assert found["decide"].items() <= known.decision.items()
        assert [(one["rule"], one["result"]) for one in found["rules"]] == [
            (one["rule"], one["result"]) for one in known.decision["trace"]
        ]
        task = log.tasks.get(known.mention_id)
        assert found["sla"].get("due_ms") == (task.due_ms if task else None)
    assert strangers > 20


async def test_a_known_mention_is_thought_about_again_and_said_to_be_known() -> None:
    door = MemoryDoor()
    await flow.triage([delivery()], ports(door=door))
    assert (await explained(raw(), door=door))["dedupe"]["standing"] == "duplicate"
    edit = await explained(raw(text="Where is it NOW?"), door=door)
    assert edit["dedupe"]["standing"] == "edit"
    follow = await explained(raw(id="2", in_reply_to="1"), door=door)
    assert follow["dedupe"] == {"standing": "new", "follows_up": True}
    assert follow["sla"]["clock"] == "next_response"


async def test_without_profiles_it_goes_on_and_says_so() -> None:
    found = await explained(raw(), profiles=MapProfiles(away=True))
    missing = ["profile", "history", "queues"]
    expected = {"profile": "missing", "fields": None, "feedback_to": None, "missing": missing}
    assert found["join"] == expected


async def test_rules_that_close_a_mention_have_no_clock_and_no_task() -> None:
    found = await explained(raw(), rules=FixedRules(builders.decision(queue="")))
    assert found["sla"] == {}
    assert (found["enqueue"]["outcome"], found["enqueue"]["task"]) == ("closed", None)


async def test_what_is_no_mention_is_refused_with_its_field() -> None:
    with pytest.raises(Invalid, match="text"):
        await explained(raw(text=5))


async def test_the_part_of_a_condition_that_failed_is_told_with_its_values() -> None:
    """D4: not fired, with the failing condition."""
    rules = CelRules(load(CONFIG))
    found = await explained(raw(), rules=rules, scorer=TextScorer())
    missed = next(one for one in found["rules"] if one["rule"] == "cannot-wait")
    [part] = missed["failed"]
    assert part["condition"] == "score.urgency >= 0.85"
    assert part["values"]["score.urgency"] == found["score"]["urgency"]


async def test_profiles_are_read_from_the_store_with_the_customers_own_agent(
    database: Database,
) -> None:
    said = [("customer_id", "C7"), ("products", ["a"]), ("value", 2.5), ("handle.x", "@Kim")]
    row = Row(line=1, statement=statement_of(said, "crm", 1, 1))
    await Statements(database).take([row])
    record = Record(database)
    replies = [
        line(at_ms, fact_id=rep, kind="replied", at_ms=at_ms, by=rep, text="")
        for rep, at_ms in (("ann", 5), ("bob", 3))
    ]
    await record.write("t", 1, folded(*replies))
    known_of = await KnownProfiles(database).of(["x:kim", "x:nobody"])
    profile, stranger = known_of.profiles
    assert (profile.value, profile.products) == (2.5, ("a",))
    assert (profile.last_rep, profile.last_reply_ms) == ("ann", 5)
    assert stranger == STRANGER


def run(*args: Any, **given: Any) -> Any:
    return CliRunner().invoke(cli, ["explain", *map(str, args)], **given)


def test_a_file_or_a_recorded_mention_is_explained_by_the_real_model(
    database: Database, tmp_path: Path
) -> None:
    """A8.1: for people, and as JSON for programs; the ledger stays as it is."""

    async def fill() -> str:
        log = await log_of(load(CONFIG), deliveries(1))
        await RuleVersions(database).take_in(folder_texts(), 0)
        await Ledger(database).append(log.facts)
        return str(log.facts[0]["mention_id"])

    mention_id = asyncio.run(fill())
    file = tmp_path / "mention.json"
    file.write_bytes(raw())
    shown = run(file, "--data-dir", tmp_path)
    assert shown.exit_code == 0, shown.output
    for word in ("dedupe", "new", "stranger", "otherwise", "nothing was written"):
        assert word in shown.stdout
    found = run("--mention", mention_id, "--json", "--data-dir", tmp_path)
    assert found.exit_code == 0, found.output
    told_of = json.loads(found.stdout)
    assert told_of["dedupe"]["standing"] == "duplicate"
    assert told_of["recorded"]["reevaluated"] == "same"
    assert told_of["recorded"]["untold"] == []
    assert told_of["score"]["model"].startswith("sentiment-")
    assert asyncio.run(Ledger(database).last_seq()) == 4


LATER = """title = "Later"
[[rule]]
id = "slow-one"
on = "waiting"
after = "5m"
when = 'task.offers == 0'
do = [{ label = "slow" }, { priority = 90 }]
why = "It waits."
"""


def test_rules_at_later_events_are_told_before_and_after_they_were_asked(
    database: Database, tmp_path: Path
) -> None:
    """A8.1, D4: of a new mention which may ask; of a recorded one also what they did."""
    story, file = Story().decided().queued(), tmp_path / "mention.json"
    new = tmp_path / "new.json"
    file.write_bytes(raw())
    new.write_bytes(raw(id="another"))

    async def fill() -> None:
        texts = folder_texts() | {"99-later.toml": LATER}
        await RuleVersions(database).take_in(texts, 0)
        await Ledger(database).append(story.entries)
        asked = waited(story, Rule(
            id="slow-one", when="true", why="It waits.", on="waiting",
            does=Effects(labels=("slow",), priority=90),
        ))  # fmt: skip
        await RuleEvents(database).take([asked])

    asyncio.run(fill())
    fresh = json.loads(run(new, "--json", "--data-dir", tmp_path).stdout)
    assert fresh["events"] == []
    assert [(one["rule"], one["on"], one["fits"]) for one in fresh["later"]] == [
        ("slow-one", "waiting", True)
    ]
    known = json.loads(run(file, "--json", "--data-dir", tmp_path).stdout)
    assert known["dedupe"]["standing"] == "duplicate"
    [event] = known["events"]
    assert (event["event"], event["acts"][0]["priority"]) == ("waiting", 90)
    assert known["later"] == fresh["later"]
    shown = run("--mention", story.mention_id, "--data-dir", tmp_path)
    assert shown.exit_code == 0, shown.output
    for words in ("priority 90; label slow", "may ask about its task", "task.offers == 0"):
        assert words in shown.stdout


def waited(story: Story, rule: Rule) -> Asked:
    """It was asked about the wait of this task, and held."""
    begun = story.facts[-1]
    wait = Wait(
        task_id=story.task_id, mention_id=story.mention_id, fact_id=str(begun["fact_id"]),
        since_ms=NOON_MS,
    )  # fmt: skip
    event = waiting_event(wait, rule.id, NOON_MS + 300_000, 3)
    trace = (Trace(rule=rule.id, result="hit"),)
    return Asked(
        event=event, version="v", number=1, values={}, trace=trace, acts=acts(event, [rule], 1, ())
    )


def test_a_mention_that_is_closed_has_no_rules_at_later_events(tmp_path: Path) -> None:
    file = tmp_path / "mention.json"
    file.write_bytes(raw(text="Thank you, that was lovely!"))
    found = json.loads(run(file, "--json", "--data-dir", tmp_path / "none").stdout)
    assert found["enqueue"]["outcome"] == "closed"
    assert found["later"] == []
    shown = run(file, "--data-dir", tmp_path / "none").stdout
    assert "no task, so no rule asks" in shown


@pytest.mark.parametrize(
    ("args", "given", "said"),
    [
        (("-",), {"input": b"hello"}, "JSON"),
        (("-",), {"input": raw(text="")}, "text: Expected a text that is not blank"),
        (("nowhere.json",), {}, "No such file"),
        ((), {}, "expected a FILE"),
        (("-", "--mention", "x"), {}, "expected a FILE"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(
    args: tuple[str, ...], given: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found = run(*args, "--data-dir", tmp_path / "none", **given)
    assert found.exit_code == 2
    assert said in found.output


def test_what_would_steer_a_terminal_is_shown_and_not_done(tmp_path: Path) -> None:
    body = raw(text="\x1b[31mred", author={"handle": "kim\x1b]0;pwn"})
    shown = run("-", "--data-dir", tmp_path / "none", input=body)
    assert shown.exit_code == 0, shown.output
    assert "\x1b" not in shown.stdout
    assert "\\x1b[31mred" in shown.stdout


def test_an_unknown_mention_is_told(database: Database, tmp_path: Path) -> None:
    found = run("--mention", "nobody", "--data-dir", tmp_path)
    assert found.exit_code == 2
    assert "the id of a mention that was decided" in found.output
