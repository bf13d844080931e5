"""What differs between two bundles of rules, by file and by row."""

from __future__ import annotations

from app.core import rule_diff
from app.core.versions import digest_of


def text(*ids: str, when: str = "true") -> str:
    rows = "".join(f'[[row]]\nid = "{id_}"\nwhen = "{when}"\n' for id_ in ids)
    return f'title = "T"\n{rows}'


def test_added_removed_and_changed_rows_are_named() -> None:
    found = rule_diff.rows({"a": text("one", "two")}, {"a": text("two", when="false")})
    assert [row["id"] for row in found["removed"]] == ["one"]
    [changed] = found["changed"]
    assert (changed["from"]["when"], changed["to"]["when"]) == ("true", "false")
    found = rule_diff.rows({"a": text("one")}, {"a": text("one", "two")})
    assert [row["id"] for row in found["added"]] == ["two"]


def test_a_row_that_is_asked_earlier_has_moved_and_the_others_have_not() -> None:
    found = rule_diff.rows({"a": text("one", "two", "three")}, {"a": text("three", "one", "two")})
    assert (found["moved"], found["changed"]) == (["three"], [])


def test_a_row_in_another_file_has_changed() -> None:
    found = rule_diff.rows({"a": text("one", "two")}, {"a": text("one"), "b": text("two")})
    assert [change["to"]["file"] for change in found["changed"]] == ["b"]


def test_event_rules_are_told_like_rows() -> None:
    found = rule_diff.entries({"a": text("one") + '[[rule]]\nid = "two"\non = "breached"\n'})
    assert [(e["kind"], e["id"]) for e in found] == [("row", "one"), ("rule", "two")]


def test_only_files_that_differ_are_shown() -> None:
    old, new = {"a": text("one"), "b": "x", "c": "y"}, {"a": text("one"), "b": "z", "d": ""}
    found = rule_diff.files(old, new)
    assert sorted(found) == ["b", "c", "d"]
    assert "+z" in found["b"]


def test_what_is_no_toml_has_no_rows_and_harms_nobody() -> None:
    odd = {"a": "[[", "b": "row = 7", "c": "row = [1, 2]", "d": text("one")}
    assert [e["id"] for e in rule_diff.entries(odd)] == ["one"]


def test_the_digest_is_of_names_and_texts_alone() -> None:
    one = digest_of({"a": "x", "b": "y"})
    assert one == digest_of({"b": "y", "a": "x"})
    assert len({one, digest_of({"a": "y", "b": "x"}), digest_of({"a": "x"}), digest_of({})}) == 4
