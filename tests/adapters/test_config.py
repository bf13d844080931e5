"""Configuration: what is wrong is said all at once, each with its file and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app import config, settings
from app.adapters.cel_rules import CelRules
from app.core.decision import ERROR
from app.core.errors import ConfigError
from app.core.profile import STRANGER
from app.core.rules import MOST_NAMES, variables
from app.wiring import check
from tests.builders import mention, score

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to be broken."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        CelRules(config.load(folder))
    return refused.value.problems


def append(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(path.read_text("utf-8") + "\n" + text, "utf-8")


def row(id_: str, when: str, then: str = 'queue = "service"') -> str:
    return (
        f"[[row]]\nid = \"{id_}\"\nwhen = '''{when}'''\nthen = {{ {then} }}\nwhy = \"Because.\"\n"
    )


def rules_of(folder: Path, *rows: str) -> None:
    for old in (folder / "rules").glob("*.toml"):
        old.unlink()
    (folder / "rules" / "10-own.toml").write_text('title = "Own"\n' + "\n".join(rows), "utf-8")


def test_the_shipped_configuration_is_right() -> None:
    assert CelRules(config.load(SHIPPED)).version


def test_problems_of_all_files_come_at_once_with_file_and_key(folder: Path) -> None:
    append(folder, "queues.toml", '[queue.fast]\ntitle = "Fast"\nwindow = "soon"')
    append(folder, "channels.toml", "[channel.fax]\npublic = 7")
    append(folder, "staff.toml", '[[rep]]\nname = "zoe"\ntitle = "Zoe"\nrole = "boss"')
    append(folder, "rules/60-rest.toml", row("late", "true", 'queue = "service", priority = 400'))
    found = "\n".join(problems_of(folder))
    assert "config/queues.toml: queue.fast.window: " in found
    assert "expected a duration such as 90s" in found
    assert "config/channels.toml: channel.fax.title: " in found
    assert "config/channels.toml: channel.fax.public: " in found
    assert "config/staff.toml: rep." in found
    assert "'boss'" in found
    assert "rules/60-rest.toml: row late: then.priority: " in found
    assert "400" in found


def test_an_unknown_key_is_refused_by_name(folder: Path) -> None:
    append(folder, "channels.toml", '[channel.fax]\ntitle = "Fax"\npubilc = true')
    [problem] = problems_of(folder)
    assert problem.startswith("config/channels.toml: channel.fax.pubilc: ")


def test_a_file_that_is_no_toml_is_told_with_its_line(folder: Path) -> None:
    (folder / "queues.toml").write_text("[queue.x\n", "utf-8")
    [problem] = problems_of(folder)
    assert problem.startswith("config/queues.toml: ")
    assert "line 1" in problem


@pytest.mark.parametrize("name", ["queues.toml", "channels.toml", "staff.toml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problems_of(folder) == [f"config/{name}: the file is missing"]


def test_a_file_that_is_not_utf_8_is_named(folder: Path) -> None:
    (folder / "staff.toml").write_bytes(b'title = "M\xfcller"')
    [problem] = problems_of(folder)
    assert problem.startswith("config/staff.toml: ")


def test_rules_that_are_not_utf_8_are_named_and_never_guessed(folder: Path) -> None:
    (folder / "rules" / "05-own.toml").write_bytes(b'title = "M\xfcller"\n')
    [problem] = problems_of(folder)
    assert problem.startswith("rules/05-own.toml: ")


def test_rules_given_as_texts_stand_in_place_of_the_folders(folder: Path) -> None:
    texts = {"10-own.toml": 'title = "Own"\n' + row("all", "true")}
    assert [r.id for r in config.load(folder, rule_texts=texts).rows] == ["all"]


def test_a_folder_without_rules_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "rules")
    assert problems_of(folder) == ["rules/: expected at least one file of rules, found none"]


def test_broken_references_come_at_once_with_place(folder: Path) -> None:
    append(
        folder,
        "staff.toml",
        '[[rep]]\nname = "zoe"\ntitle = "Zoe"\nrole = "agent"\nqueues = ["nowhere"]',
    )
    rules_of(
        folder,
        row("one", "mention.public", 'queue = "serivce"'),
        row("one", "profile.known"),
        row("two", "true", "priority = 3"),
    )
    assert problems_of(folder) == [
        "staff.toml: rep zoe: queues: no queue is named 'nowhere'",
        "rules/10-own.toml: row one: then.queue:"
        " expected a queue's name or close = true, got 'serivce', did you mean 'service'?",
        "rules/10-own.toml: row one: id: another row or rule has it already",
        "rules/10-own.toml: row two: then.queue: expected a queue's name or close = true, got ''",
    ]


def test_the_mediators_queue_must_be_there(folder: Path) -> None:
    text = (folder / "queues.toml").read_text("utf-8").replace("queue.escalation", "queue.bosses")
    (folder / "queues.toml").write_text(text, "utf-8")
    assert "queues.toml: queue.escalation: expected, breached tasks go there" in problems_of(folder)


def test_more_queues_than_conditions_were_measured_with_are_refused(folder: Path) -> None:
    """A rule may go through all queues: its cost at load is that of so many."""
    known = len(config.load(folder).catalogue.queues)
    more = [f'[queue.q{n}]\ntitle = "Q"\n' for n in range(MOST_NAMES - known)]
    append(folder, "queues.toml", "".join(more))
    assert config.load(folder)
    append(folder, "queues.toml", '[queue.last]\ntitle = "Last"')
    assert problems_of(folder) == ["queues.toml: expected at most 256 queues, got 257"]


def test_two_reps_of_one_name_are_refused(folder: Path) -> None:
    append(folder, "staff.toml", '[[rep]]\nname = "amira"\ntitle = "Other"\nrole = "sre"')
    [problem] = problems_of(folder)
    assert "amira" in problem


def test_every_wrong_expression_is_told_with_file_row_and_position(folder: Path) -> None:
    rules_of(
        folder,
        row("unknown", "mention.colour == 'red'"),
        row("types", "score.urgency > 'high'"),
        row("number", "mention.followers"),
        row("syntax", "score.urgency >"),
        row("fine", "mention.public"),
    )
    found = problems_of(folder)
    assert [p.partition(": when: ")[0] for p in found] == [
        f"rules/10-own.toml: row {name}" for name in ("unknown", "types", "number", "syntax")
    ]
    assert "1:1: nothing is named 'mention.colour'" in found[0]
    assert "1:15: " in found[1]
    assert "1:16: expected a value, got the end" in found[3]
    assert "expected true or false, got" in found[2]


def test_a_broken_reference_does_not_hide_a_wrong_expression(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules_of(folder, row("lost", "true", 'queue = "nowhere"'), row("types", "score.urgency > 'a'"))
    monkeypatch.setattr("app.wiring.base.CONFIG", folder)
    found = "\n".join(check.check(settings.load()))
    assert "row lost" in found
    assert "row types" in found


def test_windows_stretch_with_the_standard_window(folder: Path) -> None:
    scaled = config.load(folder, window_scale=0.1)
    assert scaled.catalogue.queues["sales"].window_s == 360
    assert next(r for r in scaled.rows if r.id == "danger-to-people").window_s == 60


def test_the_version_changes_with_a_rule_and_only_then(folder: Path) -> None:
    before = config.load(folder).version
    assert config.load(folder).version == before
    append(folder, "rules/10-safety.toml", row("new", "false"))
    assert config.load(folder).version != before


def test_a_row_that_fails_at_run_time_is_traced_and_the_next_decides(folder: Path) -> None:
    """A4.1: one bad rule does not stop the others."""
    rules_of(folder, row("zero", "1 / mention.followers > 0"), row("rest", "true"))
    rules = CelRules(config.load(folder))
    found = rules.decide(variables(mention(), score(), STRANGER, public=True))
    assert found.rule == "rest"
    assert found.trace[0].result == ERROR
    assert "zero" in found.trace[0].detail


def test_rules_weigh_mood_reach_and_publicity(folder: Path) -> None:
    """A3.1, A3.3, A3.4: a public complaint by an influential account goes to the mediator."""
    rules = CelRules(config.load(folder))
    loud = mention(text="The worst airline", followers=200_000)
    public = rules.decide(variables(loud, score(), STRANGER, public=True))
    private = rules.decide(variables(loud, score(), STRANGER, public=False))
    assert (public.rule, public.queue) == ("influential-complaint", "escalation")
    assert private.rule == "complaint"


QUEUE = '[queue.fast]\ntitle = "Fast"\n'


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "queues.toml",
            QUEUE + 'overflow = { after = "1m", to = "slow" }',
            "no queue is named 'slow'",
        ),
        (
            "queues.toml",
            QUEUE + 'overflow = { after = "1m", to = "fast" }',
            "expected another queue",
        ),
        ("queues.toml", QUEUE + "preempts = true\ninterruptible = true", "got both"),
        ("queues.toml", QUEUE + 'relax = [{ after = "soon", drop = ["en"] }]', "relax.0.after"),
        ("queues.toml", QUEUE + 'relax = [{ after = "1m", drop = [] }]', "relax.0.drop"),
        ("queues.toml", QUEUE + 'skills = ["billing:9"]', "nobody in staff.toml has the skill"),
        ("queues.toml", QUEUE + 'skills = ["billing:0"]', "queue.fast.skills.0"),
        ("channels.toml", '[channel.fax]\ntitle = "Fax"\nweight = 0', "channel.fax.weight"),
        (
            "staff.toml",
            '[[rep]]\nname = "zoe"\ntitle = "Zoe"\nrole = "agent"\nchannels = { fax = 1 }',
            "no channel is named 'fax'",
        ),
    ],
)
def test_a_wrong_policy_of_a_queue_channel_or_agent_is_told_with_its_key(
    folder: Path, file: str, text: str, expected: str
) -> None:
    """A5.1: what an offer depends on is checked before the first task waits."""
    append(folder, file, text)
    assert any(expected in problem for problem in problems_of(folder))


def test_times_of_a_queue_stretch_with_its_window(folder: Path) -> None:
    billing = config.load(folder, window_scale=0.1).catalogue.queues["billing"]
    assert (billing.window_s, billing.first_reply_s, billing.wrap_up_s) == (180, 90, 6)
    assert [relax.after_s for relax in billing.relax] == [72]
    assert billing.overflow
    assert billing.overflow.after_s == 90
