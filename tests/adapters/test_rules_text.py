"""Rows edited one at a time: what was not edited stays, byte by byte; nothing is lost."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.rules_blocks import cut
from app.rules_text import Place, has, inserted, removed, replaced

SHIPPED = sorted((Path(__file__).parents[2] / "config" / "rules").glob("*.toml"))

FILE = """\
# The whole file.
title = "T"

# About one.
[[row]]
id = "one"   # the first
when = '''
mention.text.says(r"\\bsmoke\\b") ||
[[row]]
'''
then = { queue = "urgent", priority = 98 }  # at once
why = "One."

# Never drop what is in doubt.
[[row]]
id = "two"
when = "true"
then = { queue = "service" }
why = "Two."
# The end.
"""
NEW: dict[str, Any] = {
    "id": "new",
    "when": "score.urgency >= 0.5",
    "then": {"queue": "service"},
    "why": "New.",
}


def ids(text: str) -> list[str]:
    return [row["id"] for row in tomllib.loads(text).get("row", [])]


def rows(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("row", []))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_is_cut_into_its_rows(path: Path) -> None:
    text = path.read_text("utf-8")
    of = cut(text)
    assert [block.id for block in of.blocks] == ids(text)
    assert "".join(of.lines) == text


def test_no_row_takes_the_id_of_another_one() -> None:
    """Neither of the two could be edited by its id any more."""
    for edit in (
        lambda: replaced(FILE, "one", rows(FILE)[0] | {"id": "two"}),
        lambda: inserted(FILE, NEW | {"id": "one"}, Place()),
    ):
        with pytest.raises(Invalid) as refused:
            edit()
        assert (refused.value.code, refused.value.field) == ("known_row", "id")
    assert ids(replaced(FILE, "one", rows(FILE)[0] | {"id": "first"})) == ["first", "two"]


def test_a_changed_value_leaves_every_other_line_as_it_is() -> None:
    row = rows(FILE)[0] | {"why": "Because."}
    found = replaced(FILE, "one", row)
    before, after = FILE.splitlines(), found.splitlines()
    assert [line for line in before if line not in after] == ['why = "One."']
    assert [line for line in after if line not in before] == ['why = "Because."']


def test_comments_within_a_row_stay_with_their_lines() -> None:
    row = rows(FILE)[0] | {"then": {"queue": "urgent", "priority": 50}}
    found = replaced(FILE, "one", row)
    assert 'then = { queue = "urgent", priority = 50 }  # at once' in found
    assert 'id = "one"   # the first' in found


def test_a_row_goes_where_it_is_told() -> None:
    assert ids(inserted(FILE, NEW, Place(before="one"))) == ["new", "one", "two"]
    assert ids(inserted(FILE, NEW, Place(after="one"))) == ["one", "new", "two"]
    assert ids(inserted(FILE, NEW, Place())) == ["one", "two", "new"]
    assert ids(inserted('title = "T"', NEW, Place())) == ["new"]


def test_an_inserted_row_comes_between_a_row_and_the_comments_of_the_next() -> None:
    found = inserted(FILE, NEW, Place(before="two"))
    assert found.index('id = "new"') < found.index("# Never drop") < found.index('id = "two"')


def test_a_removed_row_takes_its_own_comments_along_and_no_others() -> None:
    found = removed(FILE, "one")
    assert ids(found) == ["two"]
    assert "# About one." not in found
    assert "# The whole file." in found
    assert "# Never drop" in found


def test_removing_what_was_inserted_gives_the_text_back() -> None:
    for place in (Place(before="one"), Place(after="one"), Place(before="two")):
        assert removed(inserted(FILE, NEW, place), "new") == FILE


def test_event_rules_are_edited_like_rows() -> None:
    text = FILE + '\n[[rule]]\nid = "three"\non = "breached"\n[rule.then]\nlabel = "late"\n'
    found = replaced(text, "three", {"id": "three", "on": "queued", "then": {"label": "new"}})
    assert tomllib.loads(found)["rule"] == [
        {"id": "three", "on": "queued", "then": {"label": "new"}}
    ]
    assert found.startswith(FILE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("row = [[", "not_toml"),
        ('row = [{ id = "one" }]', "not_by_rows"),
        (FILE + FILE.partition("# About one.")[2], "unknown_row"),
        ('title = "T"', "unknown_row"),
    ],
    ids=["broken", "inline", "twice", "absent"],
)
def test_what_cannot_be_edited_row_by_row_is_refused(text: str, code: str) -> None:
    for edit in (lambda: replaced(text, "one", NEW), lambda: removed(text, "one")):
        with pytest.raises(Invalid) as refused:
            edit()
        assert refused.value.code == code


@pytest.mark.parametrize("value", [None, [None], {"x": None}, 10**400, object()])
def test_what_toml_has_no_form_for_is_refused(value: Any) -> None:
    if value == 10**400:
        assert "1000" in inserted(FILE, NEW | {"why": value}, Place())  # TOML itself has no bound
        return
    with pytest.raises(Invalid):
        inserted(FILE, NEW | {"why": value}, Place())


def test_a_row_is_found_by_its_id() -> None:
    assert has(FILE, "two")
    assert not has(FILE, "three")
    assert not has("[[", "two")


KEYS = st.sampled_from(["when", "why", "then", "on", "do", "a b"])
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(list("'\"\\\n\r#[]={} \t")),
    max_size=40,
)
SIMPLE = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.lists(TEXTS, max_size=3)
VALUES = SIMPLE | st.dictionaries(KEYS | st.just(""), SIMPLE, max_size=3)
ROWS = st.dictionaries(KEYS, VALUES, max_size=4)
COMMENTS = st.sampled_from(["", "# a\n", "\n# b [[row]]\n", "\n\n", '# it\'s\n# """\n', "\t\n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A file of rows with comments in between, and what it says."""
    text, said = draw(COMMENTS) + 'title = "T"\n', []
    for number in range(draw(st.integers(0, 4))):
        row = {"id": f"r{number}", **draw(ROWS)}
        text = inserted(text + draw(COMMENTS), row, Place())
        said.append(row)
    return text + draw(COMMENTS), said


@given(files(), ROWS, st.data())
def test_from_toml_to_rows_and_back_nothing_is_lost(
    made: tuple[str, list[dict[str, Any]]], row: dict[str, Any], data: st.DataObject
) -> None:
    """A4.10: rules are edited in the browser and in files, and each keeps what the other wrote."""
    text, said = made
    assert rows(text) == said
    if not said:
        return
    at = data.draw(st.integers(0, len(said) - 1))
    row = {"id": f"r{at}", **row}
    found = replaced(text, f"r{at}", row)
    assert rows(found) == [*said[:at], row, *said[at + 1 :]]
    old, new = cut(text), cut(found)
    was, now = old.blocks[at], new.blocks[at]
    assert (new.before(now.head), new.after(now.end)) == (old.before(was.head), old.after(was.end))
    assert replaced(found, f"r{at}", row) == found
    assert rows(replaced(found, f"r{at}", said[at])) == said


@given(files(), ROWS, st.data())
def test_rows_come_and_go_without_a_trace_on_the_others(
    made: tuple[str, list[dict[str, Any]]], row: dict[str, Any], data: st.DataObject
) -> None:
    text, said = made
    names = [row["id"] for row in said]
    row = {"id": "new", **row}
    anchor = data.draw(st.sampled_from(["", *names]))
    place = Place(before=anchor) if data.draw(st.booleans()) else Place(after=anchor)
    found = inserted(text, row, place)
    at = len(said) if not anchor else names.index(anchor) + bool(place.after)
    assert rows(found) == [*said[:at], row, *said[at:]]
    assert rows(removed(found, "new")) == said
    comments = [line for line in text.splitlines() if line.startswith("#")]
    left = iter(found.splitlines())
    assert all(comment in left for comment in comments)  # each, and in this order
    for name in names:
        body = next(b for b in cut(text).blocks if b.id == name)
        same = next(b for b in cut(found).blocks if b.id == name)
        assert cut(text).body(body) == cut(found).body(same)
