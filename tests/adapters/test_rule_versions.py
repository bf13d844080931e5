"""Versions of the rules: never changed, one of them live, each gate held inside the store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.store import rule_tables
from app.adapters.store.database import Database
from app.adapters.store.rule_backtests import DONE, Backtest, RuleBacktests
from app.adapters.store.rule_drafts import Draft, RuleDrafts
from app.adapters.store.rule_versions import RuleVersions
from app.core.errors import Conflict
from app.core.versions import APART, CHANGED, FILES, SAME, Actor, Publication, digest_of
from tests.builders import NOON_MS

SOFIA = Actor(id="sofia", role="supervisor")
ONE = {"10-a.toml": 'title = "One"'}
TWO = {"10-a.toml": 'title = "Two"'}
THREE = {"10-a.toml": 'title = "Three"'}


@pytest.fixture
def rules(database: Database) -> RuleVersions:
    return RuleVersions(database)


def publication(texts: dict[str, str], based_on: int = 1, **given: Any) -> Publication:
    fields: dict[str, Any] = {"comment": "Better", "skip_reason": "tried by hand"} | given
    return Publication(texts=texts, by=SOFIA, now_ms=NOON_MS, based_on=based_on, **fields)


def draft(texts: dict[str, str], **given: Any) -> Draft:
    fields: dict[str, Any] = {"id": "d1", "title": "Mine", "based_on": 1} | given
    return Draft(texts=texts, made_by="sofia", changed_by="sofia", changed_ms=NOON_MS, **fields)


def backtest(texts: dict[str, str], against: dict[str, str], id_: str = "b1") -> Backtest:
    return Backtest(
        id=id_, draft_id="d1", draft_digest=digest_of(texts), live_digest=digest_of(against),
        made_by="sofia", made_ms=NOON_MS,
    )  # fmt: skip


async def refused(work: Any) -> str:
    with pytest.raises(Conflict) as conflict:
        await work
    return conflict.value.code


async def test_the_folder_is_version_1_and_is_taken_in_once(rules: RuleVersions) -> None:
    assert await rules.live() is None
    state, live = await rules.take_in(ONE, NOON_MS)
    assert (state, live.number, live.changed_by) == (CHANGED, 1, FILES.id)
    assert (await rules.take_in(ONE, NOON_MS))[0] == SAME
    assert [v["number"] for v in await rules.newest()] == [1]


async def test_a_changed_folder_is_the_next_version_while_nobody_else_went_on(
    rules: RuleVersions,
) -> None:
    await rules.take_in(ONE, NOON_MS)
    state, live = await rules.take_in(TWO, NOON_MS)
    assert (state, live.number) == (CHANGED, 2)
    assert (await rules.version(2)).based_on == 1


async def test_a_folder_and_a_live_version_that_have_gone_apart_are_both_left_alone(
    rules: RuleVersions,
) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    state, live = await rules.take_in(THREE, NOON_MS)
    assert (state, live.number) == (APART, 2)
    state, live = await rules.take_in(ONE, NOON_MS)
    assert (state, live.number) == (APART, 2)


async def test_a_rollback_is_not_undone_by_the_folder(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.take_in(TWO, NOON_MS)
    await rules.roll_back(1, "worse", SOFIA, NOON_MS)
    state, live = await rules.take_in(TWO, NOON_MS)
    assert (state, live.number) == (APART, 1)


async def test_a_folder_that_was_settled_is_followed_again(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    await rules.exported(digest_of(TWO))
    assert (await rules.take_in(TWO, NOON_MS))[0] == SAME
    assert (await rules.take_in(THREE, NOON_MS))[0] == CHANGED


async def test_a_version_is_kept_with_author_moment_comment_and_texts(rules: RuleVersions) -> None:
    """A4.10: rules evolve, and each step of the way can be told."""
    await rules.take_in(ONE, NOON_MS)
    made = await rules.publish(publication(TWO))
    kept = await rules.version(made.number)
    assert kept == made
    assert (kept.number, kept.made_by, kept.comment) == (2, "sofia", "Better")
    assert (kept.made_ms, kept.texts, kept.skip_reason) == (NOON_MS, TWO, "tried by hand")


async def test_a_version_is_never_changed_by_what_comes_after(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    first = await rules.version(1)
    await rules.publish(publication(TWO))
    await rules.roll_back(1, "worse", SOFIA, NOON_MS)
    assert await rules.version(1) == first


async def test_numbers_go_on_after_a_rollback(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    await rules.roll_back(1, "worse", SOFIA, NOON_MS)
    assert (await rules.publish(publication(THREE))).number == 3


async def test_a_rollback_twice_is_a_rollback_once(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    live = await rules.roll_back(1, "worse", SOFIA, NOON_MS)
    assert await rules.roll_back(1, "worse", SOFIA, NOON_MS + 1) == live


async def test_a_rollback_to_a_version_that_there_is_not_is_refused(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    assert await refused(rules.roll_back(7, "x", SOFIA, NOON_MS)) == "unknown_version"


async def test_nothing_is_published_without_a_back_test_or_a_reason(
    rules: RuleVersions, database: Database
) -> None:
    tests = RuleBacktests(database)
    await rules.take_in(ONE, NOON_MS)
    given = publication(TWO, skip_reason="")
    assert await refused(rules.publish(given)) == "backtest_needed"
    await tests.add(backtest(TWO, ONE))
    assert await refused(rules.publish(given)) == "backtest_needed"
    await tests.end("b1", DONE, {"matched": 3})
    assert await refused(rules.publish(given)) == "backtest_needed"  # nobody has looked
    await tests.seen("b1", "sofia", NOON_MS)
    assert (await rules.publish(given)).number == 2


async def test_a_back_test_of_other_texts_or_against_another_version_opens_no_gate(
    rules: RuleVersions, database: Database
) -> None:
    tests = RuleBacktests(database)
    await rules.take_in(ONE, NOON_MS)
    for id_, tested in (("b1", backtest(THREE, ONE)), ("b2", backtest(TWO, THREE, "b2"))):
        await tests.add(tested)
        await tests.end(id_, DONE, {})
        await tests.seen(id_, "sofia", NOON_MS)
    given = publication(TWO, skip_reason="", backtest_id="b1")
    assert await refused(rules.publish(given)) == "backtest_needed"
    assert await refused(rules.publish(publication(TWO, skip_reason=""))) == "backtest_needed"


async def test_who_first_saw_a_back_test_stays(database: Database) -> None:
    tests = RuleBacktests(database)
    await tests.add(backtest(TWO, ONE))
    assert await refused(tests.seen("b1", "sofia", NOON_MS)) == "not_done"
    await tests.end("b1", DONE, {"matched": 3})
    await tests.seen("b1", "sofia", NOON_MS)
    kept = await tests.seen("b1", "ada", NOON_MS + 1)
    assert (kept.seen_by, kept.report, kept.progress) == ("sofia", {"matched": 3}, 1.0)


async def test_a_cancelled_back_test_hears_of_it_and_stays_cancelled(database: Database) -> None:
    tests = RuleBacktests(database)
    await tests.add(backtest(TWO, ONE))
    assert await tests.advance("b1", 0.5) == "running"
    await tests.end("b1", "cancelled")
    assert await tests.advance("b1", 0.7) == "cancelled"
    await tests.end("b1", DONE, {"late": True})
    kept = await tests.get("b1")
    assert (kept.state, kept.progress, kept.report) == ("cancelled", 0.5, None)


async def test_what_was_made_from_an_older_version_is_not_published_over_the_live_one(
    rules: RuleVersions,
) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    assert await refused(rules.publish(publication(THREE))) == "live_moved"


async def test_the_same_texts_again_are_no_version(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    assert await refused(rules.publish(publication(ONE))) == "nothing_changed"


async def test_a_draft_that_is_published_twice_is_one_version(
    rules: RuleVersions, database: Database
) -> None:
    drafts = RuleDrafts(database)
    await rules.take_in(ONE, NOON_MS)
    await drafts.add(draft(TWO))
    given = publication(TWO, draft_id="d1", edit=1)
    made = await rules.publish(given)
    assert await rules.publish(given) == made
    assert await refused(drafts.get("d1")) == "unknown_draft"


async def test_a_draft_that_was_changed_meanwhile_is_not_published(
    rules: RuleVersions, database: Database
) -> None:
    await rules.take_in(ONE, NOON_MS)
    await RuleDrafts(database).add(draft(TWO))
    await RuleDrafts(database).change(draft(THREE))
    given = publication(TWO, draft_id="d1", edit=1)
    assert await refused(rules.publish(given)) == "stale_draft"


async def test_of_two_edits_of_one_draft_the_later_is_refused(database: Database) -> None:
    drafts = RuleDrafts(database)
    await drafts.add(draft(ONE))
    changed = await drafts.change(draft(TWO))
    assert (changed.edit, await drafts.get("d1")) == (2, changed)
    assert await refused(drafts.change(draft(THREE))) == "stale_draft"
    assert await refused(drafts.drop(draft(ONE))) == "stale_draft"
    await drafts.drop(changed)
    assert await refused(drafts.drop(changed)) == "unknown_draft"
    assert await drafts.all() == []


async def test_everything_that_is_done_is_told_once_in_its_order(rules: RuleVersions) -> None:
    await rules.take_in(ONE, NOON_MS)
    await rules.publish(publication(TWO))
    await rules.roll_back(1, "worse", SOFIA, NOON_MS)
    done = await rules.untold()
    assert [(d.kind, d.number, d.by.id, d.reason) for d in done] == [
        ("published", 1, "files", ""),
        ("published", 2, "sofia", "Better; no back-test: tried by hand"),
        ("rolled_back", 1, "sofia", "worse"),
    ]
    await rules.told([done[0].change, done[1].change])
    assert await rules.untold() == done[2:]


async def test_two_who_publish_at_once_make_one_version(database: Database) -> None:
    rules = RuleVersions(database)
    await rules.take_in(ONE, NOON_MS)
    both = [rules.publish(publication(TWO)), rules.publish(publication(THREE))]
    made = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(m).__name__ for m in made) == ["Conflict", "Version"]


async def test_the_names_of_people_fit_into_the_columns() -> None:
    columns = [rule_tables.versions.c.made_by, rule_tables.changes.c.by]
    assert all(isinstance(c.type, sa.String) and (c.type.length or 0) >= 60 for c in columns)
