"""TOML within bounds: nothing that somebody types takes the memory or the stack of a process."""

from __future__ import annotations

import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.toml_text import loads, refuse_deep


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (".".join(["a"] * 60_000) + "=1", 1),
        ("a = " + "[" * 5_000 + "]" * 5_000, 1),
        ("x = 1\n\na = " + "{b = " * 40 + "1" + "}" * 40, 3),
        ("[" + ".".join(["a"] * 17) + "]", 1),
        ('x = """\n\n"""\n' + "'a'." * 16 + "b = 1", 4),
    ],
)
def test_what_is_nested_too_deeply_is_refused_at_once_with_its_line(text: str, line: int) -> None:
    place = rf"at most \d+ .* \(at line {line}, column 1"
    with pytest.raises(tomllib.TOMLDecodeError, match=place):  # a parser would take gigabytes
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        'when = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s"',
        "when = '''" + "[" * 100 + "'''",
        "# " + "[" * 100 + ".a" * 100,
        'x = "\\"' + "[" * 50 + '"',
        "[[row]]\nthen = { queue = 'a', skills = ['b'] }\nn = 1.5",
    ],
)
def test_what_stands_in_texts_and_comments_nests_nothing(text: str) -> None:
    assert loads(text) == tomllib.loads(text)


@given(st.text(alphabet="\"'\\\n[]{}.=,#a ", max_size=200))
def test_whatever_is_typed_it_ends(text: str) -> None:
    with suppress(tomllib.TOMLDecodeError):
        refuse_deep(text)
