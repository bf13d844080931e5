"""Full-text search over the history, by what each database has for it: FTS5, or tsvector.

Both are given words that we folded ourselves (`app.core.words`): the same text is found by the
same search in both, in any script, and no sign that somebody typed is an operator.
The table `history_words` is made by the migrations alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from app.core.words import Term, words_of

TABLE: Final = "history_words"
# PostgreSQL counts places no further than this; words behind it are found, their order is not.
_LAST_PLACE, _MOST_PLACES = 16_383, 250

_SQLITE_PUT = sa.text("INSERT OR REPLACE INTO history_words(rowid, words) VALUES (:seq, :words)")
_POSTGRES_PUT = sa.text(
    "INSERT INTO history_words(seq, words) VALUES (:seq, CAST(:words AS tsvector))"
    " ON CONFLICT (seq) DO UPDATE SET words = EXCLUDED.words"
)
_SEQ: Final = {"postgresql": "seq", "sqlite": "rowid"}  # how the number of a row is called
_WORDS = sa.table(TABLE, sa.column("seq", sa.BigInteger), sa.column("rowid", sa.BigInteger))


def put(connection: sa.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Let these texts be found under the numbers of their facts."""
    postgres = connection.dialect.name == "postgresql"
    spelled = _vector if postgres else _spelled
    rows = [{"seq": seq, "words": words} for seq, text in texts if (words := spelled(text))]
    if rows:
        connection.execute(_POSTGRES_PUT if postgres else _SQLITE_PUT, rows)


def drop(connection: sa.Connection, seqs: Sequence[int]) -> None:
    """Let these be found no more."""
    if seqs:
        statement = sa.delete(_WORDS).where(_seq(connection) == sa.bindparam("gone"))
        connection.execute(statement, [{"gone": seq} for seq in seqs])


def tidy(connection: sa.Connection) -> None:
    """Leave nothing in the index of what was dropped: FTS5 marks it only, until it merges."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO history_words(history_words) VALUES ('optimize')"))


def found(
    terms: Sequence[Term], dialect: str, before: int = 0, most: int = 0
) -> tuple[sa.FromClause, sa.ColumnElement[int], Sequence[sa.TextClause]]:
    """What to join, its column with the number of a fact, and conditions: all of this is said.

    Numbers from `before` on may be left out, and older ones than the newest `most`, unless it is 0.
    """
    if dialect == "postgresql":
        condition = sa.text("history_words.words @@ CAST(:found AS tsquery)")
        words = " & ".join(_tsquery(term) for term in terms)
        # Nobody can tell it how rare the beginning of a word is: left to itself it reads line
        # after line from the newest on. So it must ask the index first.
        hits = sa.select(_WORDS.c.seq).where(condition.bindparams(found=words))
        asked = hits.cte("hits").prefix_with("MATERIALIZED")
        newest = sa.select(asked.c.seq).order_by(asked.c.seq.desc())
        newest = newest.where(asked.c.seq < before) if before else newest
        some = (newest.limit(most) if most else newest).subquery("some")
        return some, some.c.seq, ()
    words = " AND ".join(_match(term) for term in terms)
    condition = sa.text("history_words MATCH :found").bindparams(found=words)
    return _WORDS, _WORDS.c.rowid, (condition,)


def wrong(connection: sa.Connection, texts: Sequence[tuple[int, str]]) -> list[int]:
    """The numbers of those texts that would not be found by their own words."""
    postgres, seq = connection.dialect.name == "postgresql", _seq(connection)
    spelled = sa.cast(sa.literal_column("words"), sa.Text)
    query = sa.select(seq, spelled).select_from(_WORDS).where(seq.in_([seq for seq, _ in texts]))
    found = {number: str(words) for number, words in connection.execute(query)}
    if postgres:  # which orders the words in its own way
        return [
            n for n, text in texts if set(found.get(n, "").split()) != set(_vector(text).split())
        ]
    return [number for number, text in texts if found.get(number, "") != _spelled(text)]


def kept(connection: sa.Connection, above: int, upto: int) -> set[int]:
    """The numbers after the one and up to the other under which something can be found."""
    seq = _seq(connection)
    query = sa.select(seq).select_from(_WORDS).where(seq > above, seq <= upto)
    return set(connection.scalars(query))


def _seq(connection: sa.Connection) -> sa.ColumnElement[int]:
    return _WORDS.c[_SEQ[connection.dialect.name]]


def _spelled(text: str) -> str:
    return " ".join(word.text for word in words_of(text))


def _vector(text: str) -> str:
    places: dict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(words_of(text), 1):
        at, place = places[word.text], min(number, _LAST_PLACE)
        if len(at) < _MOST_PLACES and place not in at[-1:]:
            at.append(place)
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items())


# Words are letters and digits alone: there is no quote in them to end ours.
def _match(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _tsquery(term: Term) -> str:
    words = [f"'{word}'" for word in term.words]
    return f"({' <-> '.join(words)}{':*' if term.prefix else ''})"
