"""Event rules in TOML: what they may say, and how it is told where they may not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app import codec, config
from app.adapters.cel_checks import problems_of
from app.core.decision import Notice, Reply
from app.core.errors import ConfigError
from app.core.rules import VARIABLES, Effects, Rule, Whom

SHIPPED = Path(__file__).parents[2] / "config"
ROW = '[[row]]\nid = "rest"\nwhen = "true"\nthen = { queue = "service" }\nwhy = "The rest."\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("rules") / "config"))


def text(do: str, when: str = "mention.public", more: str = "", id_: str = "own") -> str:
    on = "" if more.startswith("on =") else 'on = "mention"\n'
    return (
        f"[[rule]]\nid = \"{id_}\"\n{on}when = '''{when}'''\ndo = [{do}]\n"
        f'why = "Because."\n{more}\n'
    )


def loaded(folder: Path, *rules: str, rows: str = ROW, scale: float = 1.0) -> tuple[Rule, ...]:
    texts = {"10-own.toml": 'title = "Own"\n' + "\n".join(rules) + rows}
    return config.load(folder, scale, problems_of, texts).rules


def problems(folder: Path, *rules: str, rows: str = ROW) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loaded(folder, *rules, rows=rows)
    return [
        one.removeprefix("rules/").removeprefix("10-own.toml: ") for one in refused.value.problems
    ]


def test_a_rule_may_do_all_that_there_is(folder: Path) -> None:
    """A4.1, A4.7, A4.8, A4.11: route, flag, inform, hand off, open a case, propose a reply."""
    do = """{ label = "vip" }, { queue = "urgent" }, { priority = 91 }, { window = "10m" },
    { skills = ["billing"] }, { hand_off = "crm" }, { label = "press" },
    { notify = { to = "supervisor", text = "Look." } },
    { notify = { to = "amira", text = "You." } }, { draft = "Dear customer" },
    { macro = "late-bag" }, { case = "Late bag" },
    { reply = { text = " We are on it. ", purpose = "acknowledgement" } }"""
    crm = '[partner.crm]\ntitle = "CRM"\nurl = "https://crm.example.org/in"\n'
    (folder / "handoffs.toml").write_text(crm, "utf-8")
    [rule] = loaded(folder, text(do.replace("\n", " ")), scale=0.5)
    assert rule.does == Effects(
        labels=("vip", "press"),
        route="urgent",
        priority=91,
        window_s=300.0,
        skills=("billing",),
        handoffs=("crm",),
        notices=(Notice(to="supervisor", text="Look."), Notice(to="amira", text="You.")),
        draft="Dear customer",
        macro="late-bag",
        case="Late bag",
        reply=Reply(text="We are on it.", purpose="acknowledgement"),
    )


def test_a_reply_without_a_purpose_is_an_answer(folder: Path) -> None:
    [rule] = loaded(folder, text('{ reply = { text = "We are on it." } }'))
    assert rule.does.reply == Reply(text="We are on it.", purpose="answer")


@pytest.mark.parametrize("written", ["", ', purpose = "answer"'])
def test_a_reply_that_goes_out_as_another_purpose_is_told_by_the_one_that_is_written(
    tmp_path: Path, written: str
) -> None:
    """A4.8: a house of before has no such purpose, and nobody wrote its name."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    file = folder / "permission.toml"
    kept = file.read_text("utf-8").replace("[purpose.acknowledgement]", "[purpose.thanks]")
    file.write_text(kept, "utf-8")
    [problem] = problems(folder, text(f'{{ reply = {{ text = "Hi"{written} }} }}'))
    assert problem.startswith("rule own: do.reply.purpose: 'answer', also where none is written")
    assert "expected a [purpose.acknowledgement] in config/permission.toml" in problem


def test_a_hand_off_to_nobody_is_refused(folder: Path) -> None:
    """A4.7: a partner that no file names would never take it."""
    [problem] = problems(folder, text('{ hand_off = "bank" }'))
    assert problem == "rule own: do.hand_off: no partner is named 'bank'"


def test_escalation_goes_to_the_mediator(folder: Path) -> None:
    """A4.4: escalation through a mediator."""
    [rule] = loaded(folder, text("{ escalate = true }"))
    assert (rule.does.route, rule.does.skills) == ("escalation", ("mediator",))


def test_a_rule_may_be_for_one_customer_agent_or_tier(folder: Path) -> None:
    """A4.3: rules down to individual preferences."""
    more = 'for = { customers = ["@Kim", "C-1", "kim"], rep = "amira", tier = "gold" }\nlevel = 2'
    [rule] = loaded(folder, text("{ close = true }", more=more))
    assert rule.whom == Whom(customers=("kim", "c-1"), rep="amira", tier="gold")
    assert (rule.level, rule.does.route) == (2, "")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (text('{ qeue = "x" }'), "rule own: do.0.qeue: no action is named 'qeue', did you mean"),
        (text("{ }"), "rule own: do.0: expected one action, got none"),
        (text('{ label = "a", macro = "b" }'), "expected one action, got label, macro"),
        (text("{ close = false }"), "expected close = true, or no such action"),
        (text("{ priority = 0 }"), "rule own: do.0.priority: "),
        (text('{ window = "99999999999h" }'), "rule own: do.0.window: "),
        (text('{ label = "Very important" }'), "rule own: do.0.label: "),
        (text('{ notify = { to = "amira" } }'), "rule own: do.0.notify.text: "),
        (text('{ reply = { purpose = "answer" } }'), "rule own: do.0.reply.text: "),
        (text(f'{{ reply = {{ text = "{"a" * 4001}" }} }}'), "rule own: do.0.reply.text: "),
        (text('{ reply = { text = "a" } }, { reply = { text = "b" } }'), "one action for reply"),
        (text(""), "rule own: do: expected at least one action, got none"),
        (text('{ queue = "urgent" }, { close = true }'), "one action for queue, close or escalate"),
        (
            text('{ macro = "a" }, { macro = "b" }'),
            "own: do: expected one action for macro, got more",
        ),
        (text("{ close = true }", more="whn = 3"), "rule own: whn: no key is named 'whn', did"),
        (text("{ close = true }", more="for = {}"), "expected customers, a rep or a tier"),
        (text("{ close = true }", more='for = { customers = ["@"] }'), "expected customers, a"),
        (text("{ close = true }", more='on = "sometimes"'), "rule own: on: "),
        (text("{ close = true }", more='on = "waiting"'), 'expected after = "1m" or longer'),
        (text("{ close = true }", more='on = "waiting"\nafter = "59s"'), 'expected after = "1m"'),
        (text("{ close = true }", more='after = "2m"'), "after only with on"),
        (text("{ close = true }", more="level = 10"), "rule own: level: "),
    ],
)
def test_what_is_no_rule_is_told_by_file_rule_and_key(
    folder: Path, rule: str, expected: str
) -> None:
    """A4.2: a mistake is told where it is, by words that people use."""
    [problem] = problems(folder, rule)
    assert expected in problem


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            text('{ queue = "urgnt" }'),
            "do.queue: no queue is named 'urgnt', did you mean 'urgent'?",
        ),
        (text('{ skills = ["golf"] }'), "skills: nobody in staff.toml has the skill 'golf'"),
        (
            text('{ notify = { to = "amirra", text = "Hi" } }'),
            "do.notify.to: no role or rep is named 'amirra', did you mean 'amira'?",
        ),
        (
            text('{ reply = { text = "Hi", purpose = "answers" } }'),
            "do.reply.purpose: no purpose is named 'answers', did you mean 'answer'?",
        ),
        (
            text("{ close = true }", more='for = { rep = "bne" }'),
            "for.rep: no rep is named 'bne', did you mean 'ben'?",
        ),
        (
            text("{ close = true }", "mention.public &&\n calendar.open['offce']"),
            "when: 2:16: no calendar is named 'offce', did you mean 'office'?",
        ),
        (
            text("{ close = true }", "queue.waiting['urgnt'] > 20"),
            "when: 1:15: no queue is named 'urgnt', did you mean 'urgent'?",
        ),
        (
            text("{ close = true }", "'nowhere' in queue.free || queue.late_share.urgent > 0.5"),
            "when: 1:1: no queue is named 'nowhere'",
        ),
        (
            text("{ close = true }", "queue.waitng['urgent'] > 20"),
            "when: 1:1: nothing is named 'queue.waitng', did you mean 'queue.waiting'?",
        ),
        (
            text("{ close = true }", "queue.oldest_wait_s['urgent'] > 20"),
            "when: 1:31: found no matching overload for '_>_' applied to '(double, int)': a number"
            " beside a double needs its point, such as 1.0",
        ),
        (
            text("{ close = true }", "'vip' in labels"),
            "when: 1:1: no rule sets the label 'vip'",
        ),
        (
            text("{ close = true }", "mention.text.says('(')"),
            "when: 1:19: the pattern '(': missing ): (",
        ),
        (
            text("{ close = true }", "score.urgency > 'high'"),
            "when: 1:15: found no matching overload for '_>_' applied to '(double, string)'",
        ),
    ],
)
def test_names_that_nobody_has_and_wrong_conditions_are_told_with_their_place(
    folder: Path, rule: str, expected: str
) -> None:
    assert problems(folder, rule) == [f"rule own: {expected}"]


def test_a_row_and_a_rule_cannot_share_an_id(folder: Path) -> None:
    found = problems(folder, text("{ close = true }", id_="rest"))
    assert found == ["row rest: id: another row or rule has it already"]


def test_all_problems_of_all_rules_come_at_once(folder: Path) -> None:
    rows = ROW + ROW.replace('"rest"', '"more"').replace('"true"', '"mention.public"')
    found = problems(
        folder,
        text('{ queue = "x" }', "mention.txt == 'a' || score.urgncy > 1.0", id_="one"),
        text("{ close = true }", "'vip' in labels", id_="two"),
        rows=rows,
    )
    assert len(found) == 5
    assert found[2].startswith("row more: when: never reached: row rest takes all")


def test_rules_alone_need_no_rows(folder: Path) -> None:
    assert loaded(folder, text('{ queue = "service" }'), rows="")


def test_more_labels_than_a_list_may_have_are_refused(folder: Path) -> None:
    labels = [text(f'{{ label = "l{n}" }}', id_=f"r{n}") for n in range(65)]
    assert problems(folder, *labels) == [": expected at most 64 labels, got 65"]


def test_the_examples_of_the_documentation_are_right(folder: Path) -> None:
    page = (SHIPPED.parent / "docs" / "rules.md").read_text("utf-8")
    first, *others = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    texts = {"10-first.toml": first}
    texts |= {f"2{n}-other.toml": f'title = "Other"\n{other}' for n, other in enumerate(others)}
    found = config.load(folder, 1.0, problems_of, texts)
    assert [one.id for one in found.every] == [
        "press",
        "press-in-the-evening",
        "kim-in-german",
        "nobody-takes-it",
        "third-time",
        "urgent-is-full",
        "anything-else",
    ]


def test_the_example_of_communities_is_right(folder: Path) -> None:
    """A11.2: an ally's answer is labelled and closed by a rule that anybody can write."""
    page = (SHIPPED.parent / "docs" / "communities.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    found = config.load(folder, 1.0, problems_of, {"10-community.toml": example})
    [rule] = found.every
    assert isinstance(rule, Rule)
    assert (rule.id, rule.does.labels, rule.does.route) == ("ally-answers", ("ally",), "")
    [post] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert codec.validate(codec.loads(post.encode())).community


def test_the_documentation_names_everything_that_a_condition_may_speak_of() -> None:
    page = (SHIPPED.parent / "docs" / "rules.md").read_text("utf-8")
    missing = [
        name
        for name in VARIABLES
        if name not in page and f"`.{name.partition('.')[2]}`" not in page
    ]
    assert not missing
