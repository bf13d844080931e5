"""Rules at work: event rules act in order, then the first row that holds decides."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from app import codec, metrics
from app.adapters.cel_environment import METER, READ_BYTES, activation
from app.adapters.cel_explain import failed_parts
from app.adapters.cel_groups import groups_of
from app.adapters.cel_rules import NOT_FOR, CelRules
from app.adapters.cel_table import Table, compiled, result
from app.config import Config
from app.core.deciding import DEFAULT_ROW
from app.core.decision import ERROR, HIT, MISS, NOT_REACHED, Decision, Notice
from app.core.profile import STRANGER, Profile
from app.core.queue_state import unpacked
from app.core.rules import TEXT_CHARS, Effects, Row, Rule, Whom, variables
from tests.builders import CATALOGUE, mention, score
from tests.rules_fuzz.generate import at_mention
from tests.rules_fuzz.trial import varied

REST = Row(id="rest", when="true", why="The rest.", queue="service")


def rule(id_: str, when: str = "true", whom: Whom | None = None, **does: Any) -> Rule:
    return Rule(id=id_, when=when, why=".", does=Effects(**does), whom=whom or Whom())


def row(id_: str, when: str, queue: str = "billing") -> Row:
    return Row(id=id_, when=when, why=".", queue=queue)


def engine(*every: Rule | Row) -> CelRules:
    rows = tuple(one for one in every if isinstance(one, Row)) or (REST,)
    rules = tuple(one for one in every if isinstance(one, Rule))
    return CelRules(Config(catalogue=CATALOGUE, rows=rows, version="v1", rules=rules))


def values(text: str = "Hi", profile: Profile = STRANGER, **given: Any) -> dict[str, object]:
    return variables(mention(text=text, **given), score(), profile, public=True)


def fared(found: Decision) -> dict[str, str]:
    return {trace.rule: trace.result for trace in found.trace}


def test_all_event_rules_that_hold_act_and_then_the_row_decides() -> None:
    """A4.1: trigger, route, inform, flag."""
    rules = engine(
        rule("a", labels=("one",)),
        rule("b", "mention.text == 'no'", labels=("two",)),
        rule("c", priority=9),
        row("r", "false"),
        REST,
    )
    found = rules.decide(values())
    assert (found.labels, found.priority, found.queue) == (("one",), 9, "service")
    assert fared(found) == {"a": HIT, "b": MISS, "c": HIT, "r": MISS, "rest": HIT}


def test_later_rules_and_rows_see_the_labels_of_earlier_ones() -> None:
    """A4.1: what one rule flags, the next can ask for."""
    rules = engine(
        rule("a", labels=("vip",)),
        rule("b", "'vip' in labels", labels=("loud",)),
        rule("c", "labels == ['vip', 'loud']", priority=77),
        row("r", "labels.exists(l, l == 'loud')"),
        REST,
    )
    found = rules.decide(values())
    assert (found.rule, found.priority, found.labels) == ("r", 77, ("vip", "loud"))


def test_labels_of_one_mention_are_gone_for_the_next() -> None:
    rules = engine(
        rule("a", "mention.text == 'first'", labels=("vip",)),
        row("r", "'vip' in labels"),
        REST,
    )
    assert [rules.decide(values(text)).rule for text in ("first", "second")] == ["r", "rest"]


def test_an_individual_rule_is_asked_only_where_it_fits() -> None:
    """A4.3: rules down to one customer."""
    broken = rule("own", "1 / mention.followers > 0", Whom(customers=("kim",)), route="billing")
    rules = engine(broken, REST)
    stranger = rules.decide(values(handle="@lee"))
    assert (stranger.trace[0].result, stranger.trace[0].detail) == (MISS, NOT_FOR)
    assert rules.decide(values(handle="@kim")).trace[0].result == ERROR
    assert rules.decide(values(handle="@kim", followers=1)).queue == "billing"


def test_a_rule_that_fails_does_not_hold_and_those_beside_it_act() -> None:
    """A4.1: one bad rule does not stop the others; its error is kept and counted."""
    before = metrics.RULE_ERRORS.labels("failed")._value.get()
    rules = engine(
        rule("a", labels=("one",)), rule("b", "1 / mention.followers > 0"), rule("c", priority=9)
    )
    found = rules.decide(values())
    assert fared(found) == {"a": HIT, "b": ERROR, "c": HIT, "rest": HIT}
    assert "divide by zero" in found.trace[1].detail
    assert metrics.RULE_ERRORS.labels("failed")._value.get() == before + 1


def test_no_row_that_holds_leaves_it_to_people() -> None:
    found = engine(row("a", "false")).decide(values())
    assert (found.rule, fared(found)) == (DEFAULT_ROW, {"a": MISS})


def test_a_condition_sees_the_beginning_of_a_long_text() -> None:
    rules = engine(row("a", f"mention.text.size() == {TEXT_CHARS}"), REST)
    assert rules.decide(values("a" * TEXT_CHARS + "more")).rule == "a"


def _recorded(conditions: list[str], given: dict[str, object]) -> list[bool | str]:
    """Row by row, by nothing but CEL: what a table has to agree with."""
    METER.begin()
    seen, results = activation(given), []
    for when in conditions:
        results.append(result(compiled(when), seen))
        if results[-1] is True:
            break
    return results


@pytest.mark.parametrize("seed", range(40))
def test_a_table_gives_the_results_of_asking_row_by_row(seed: int) -> None:
    """A4.1: fast is the same as slow, errors included, for tables and mentions by chance."""
    chance = Random(seed)
    conditions = [f"({at_mention(chance, 1)}) && {at_mention(chance, 1)}" for _ in range(50)]
    given = {**values(chance.choice(("a late bag", "smoke", "x" * 3000))), "calendar.open": {}}
    given = varied(given, chance)
    expected = _recorded(conditions, given)
    METER.begin()
    hit, results = Table(conditions).ask(activation(given))
    assert hit == (len(expected) - 1 if expected[-1] is True else len(conditions))
    if results is None:
        assert not any(isinstance(one, str) for one in expected)
    else:
        assert results == expected


@pytest.mark.parametrize("seed", range(15))
def test_event_rules_together_fare_as_each_alone(seed: int) -> None:
    chance = Random(seed)
    conditions = [at_mention(chance, 1) for _ in range(40)]
    given = varied({**values("a late bag"), "calendar.open": {}}, chance)
    seen = activation(given)
    METER.begin()
    groups = groups_of([rule(f"r{n}", when) for n, when in enumerate(conditions)])
    together = [one for group in groups for one in group.ask(seen)]
    METER.begin()
    assert together == [result(compiled(when), seen) for when in conditions]


def test_patterns_that_have_read_enough_for_one_mention_fail_and_the_rest_goes_on() -> None:
    """A4.2: no rule slows the worker beyond its budget; the trace says which ones did not run."""
    before = metrics.RULE_ERRORS.labels("over_budget")._value.get()
    rows = [row(f"r{n}", f"mention.text.says('q{n}')") for n in range(140)]
    rules = engine(*rows, REST)
    found = rules.decide(values("😡" * 65_536))
    read = READ_BYTES // (4 * TEXT_CHARS + 256)
    assert [t.result for t in found.trace[: read + 2]] == [MISS] * read + [ERROR] * 2
    assert "over budget" in found.trace[read].detail
    assert found.rule == "rest"
    assert metrics.RULE_ERRORS.labels("over_budget")._value.get() == before + 140 - read
    assert fared(rules.decide(values("short")))["r139"] == MISS


def test_a_pattern_that_is_slower_than_it_was_measured_is_stopped_too() -> None:
    METER.begin()
    METER.left_s = -0.001
    slow = compiled("mention.text.says('q')")
    assert "over budget" in str(result(slow, activation(values("a" * 5_000))))
    assert result(slow, activation(values("short"))) is False


def test_a_miss_is_explained_by_what_failed_and_what_it_saw() -> None:
    """A8.1: a visible "not fired because", with the values."""
    rules = engine(
        rule("vip", "profile.tier == 'gold'", labels=("vip",)),
        rule("own", whom=Whom(tier="gold")),
        row("a", "mention.public &&\n score.urgency > 0.9 && (mention.followers > 5 || false)"),
        REST,
        row("b", "mention.public && score.urgency > 0.5"),
    )
    given = values()
    vip, own, a, rest, b = rules.explain(given)
    assert [one.result for one in (vip, own, a, rest, b)] == [MISS, MISS, MISS, HIT, NOT_REACHED]
    assert [(f.condition, f.at, f.values) for f in a.failed] == [
        ("score.urgency > 0.9", "2:2", {"score.urgency": 0.4}),
        ("(mention.followers > 5 || false)", "2:25", {"mention.followers": 0}),
    ]
    assert vip.failed[0].values == {"profile.tier": ""}
    assert (own.detail, own.failed) == (NOT_FOR, ())
    assert rest.failed == b.failed == ()


CROWDED = {"urgent": [21, 300.0, 0, 0.5], "service": [0, 0.0, 2, 0.0]}


def test_a_rule_asks_for_the_state_of_a_queue() -> None:
    """A4.1, A4.2: "more than 20 wait and nobody is free": elsewhere, and somebody is told."""
    crowded = 'queue.waiting["urgent"] > 20 && queue.free.urgent == 0'
    late = 'queue.late_share["urgent"] >= 0.5 && queue.oldest_wait_s["urgent"] > 299.5'
    rules = engine(row("elsewhere", f"{crowded} && {late}"), REST)
    assert rules.decide({**values(), **unpacked(CROWDED)}).rule == "elsewhere"
    calm = {**CROWDED, "urgent": [20, 300.0, 0, 0.5]}
    assert rules.decide({**values(), **unpacked(calm)}).rule == "rest"


def test_a_rule_that_asks_for_a_queue_of_which_nothing_is_known_does_not_hold_and_tells() -> None:
    """A8.1: it is no error of the rule, in the trace, in the metric, or in the explanation."""
    before = metrics.RULE_ERRORS.labels("failed")._value.get()
    rules = engine(
        rule("told", 'queue.free["urgent"] == 0', labels=("crowded",)),
        rule("other", "mention.public", labels=("public",)),
        row("elsewhere", 'mention.public && !(queue.waiting["urgent"] < 5)'),
        row("asked-first", '"urgent" in queue.waiting && queue.waiting["urgent"] > 5'),
        row("either", 'queue.waiting["urgent"] > 5 || mention.public'),
        REST,
    )
    found = rules.decide(values())
    reason = "nothing is known of a queue 'urgent'"
    assert [(one.rule, one.result, one.detail) for one in found.trace] == [
        ("told", MISS, reason),
        ("other", HIT, ""),
        ("elsewhere", MISS, reason),
        ("asked-first", MISS, ""),
        ("either", HIT, ""),
        ("rest", NOT_REACHED, ""),
    ]
    assert found.labels == ("public",)
    assert metrics.RULE_ERRORS.labels("failed")._value.get() == before
    told = rules.explain(values())[0]
    assert (told.detail, told.failed[0].error) == (reason, reason)
    assert told.failed[0].values == {"queue.free": {}}


def test_another_key_that_is_not_there_is_an_error_still() -> None:
    rules = engine(row("a", 'calendar.open["nowhere"]'), REST)
    assert rules.decide(values()).trace[0].result == ERROR


def test_a_rule_asks_for_what_the_same_handle_said_before() -> None:
    """A4.2: the third time within two days, and it is still open."""
    when = "history.mentions_48h >= 2 && history.open_tasks > 0"
    rules = engine(row("third-time", when), REST)
    assert rules.decide(values()).rule == "rest"
    before = {"history.mentions_48h": 2, "history.open_tasks": 1}
    assert rules.decide({**values(), **before}).rule == "third-time"


def test_an_explanation_sees_the_labels_that_the_rule_saw() -> None:
    rules = engine(
        rule("a", labels=("one",)),
        rule("b", "'one' in labels && labels.size() > 3"),
        rule("c", labels=("two",)),
    )
    b = rules.explain(values())[1]
    assert [f.values for f in b.failed] == [{"labels": ["one"]}]


def test_an_explanation_agrees_with_the_decision_and_tells_why_it_could_not_be_told() -> None:
    rules = engine(row("a", "mention.public && 1 / mention.followers > 0 && false"), REST)
    [a, _] = rules.explain(values())
    assert [(f.condition, f.error) for f in a.failed] == [
        ("1 / mention.followers > 0", "INVALID_ARGUMENT: divide by zero"),
        ("false", ""),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_what_an_explanation_names_is_what_kept_a_condition_from_holding(seed: int) -> None:
    """A8.1: nothing failed where it holds, and something where it does not."""
    chance = Random(seed)
    when = f"{at_mention(chance, 1)} && {at_mention(chance, 2)} && {at_mention(chance, 0)}"
    given = varied({**values("a late bag"), "calendar.open": {"office": True}}, chance)
    seen = activation(given)
    METER.begin()
    held = result(compiled(when), seen)
    failed = list(failed_parts(when, seen, given))
    assert (held is True) == (not failed)


@pytest.mark.parametrize("seed", range(15))
def test_rules_that_are_given_what_they_ask_for_fare_as_with_everything(seed: int) -> None:
    """A4.1: what no condition speaks of is not handed over, and nobody misses it."""
    chance = Random(seed)
    rules = [rule(f"r{n}", at_mention(chance, 1)) for n in range(6)]
    shadowed = row("shadowed", 'labels.exists(mention, mention == "a" || time.hour > 3)')
    given = varied({**values("a late bag"), "calendar.open": {}}, chance)
    whole, found = activation(given), engine(*rules, shadowed).decide(given)
    for one, trace in zip((*rules, shadowed), found.trace, strict=True):
        METER.begin()
        held = result(compiled(one.when), whole)
        assert (trace.result == HIT, trace.detail) == (
            held is True,
            held if isinstance(held, str) else "",
        )


def test_a_decision_keeps_its_shape_in_facts_and_adds_to_it() -> None:
    rules = engine(rule("a", labels=("vip",), notices=(Notice(to="sue", text="Look"),)))
    decided = orjson.loads(codec.dumps(rules.decide(values())))
    before = "queue priority window_s skills rule why version rule_window_s trace".split()
    assert {*before} <= decided.keys()
    assert decided["trace"][0] == {"rule": "a", "result": "hit", "detail": ""}
    assert decided["labels"] == ["vip"]
    assert decided["notices"] == [{"to": "sue", "text": "Look", "rule": "a"}]
    assert decided["by"] == {"queue": "rest"}


def test_each_mention_has_a_budget_of_its_own() -> None:
    METER.begin()
    METER.left_bytes = 1
    rules = engine(row("a", "mention.text.says('hi')"), REST)
    assert rules.decide(values("hi")).rule == "a"
