"""Rows that name a person in no column: dead letters, refused rows of imports, samples of tests.

Who is meant is read out of what they keep. Where that is certain they are handed out and erased;
where it is only likely, because nobody can read it as it was meant, they are erased.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store import known_tables as known
from app.adapters.store import rule_tables
from app.adapters.store import tables as t
from app.adapters.store.parts import AT_ONCE, in_parts
from app.adapters.store.personal import Person, Row, row_of
from app.adapters.store.seal_tables import person_keys
from app.core.profile import handle_key
from app.core.profile_fields import CUSTOMER, HANDLE_ON, readable
from app.core.sealing import letter_owner

# A shorter name is too often a word of somebody else's.
_TELLING: Final = 6
# What stands between the signs of a row whose delimiter is not known, as of a Parquet file.
_WORDS: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^\s,;|()\[\]]+)")
# Says of which other customers a row may be, and has their handles beside this one.
_OF_SEVERAL: Final = "ambiguous"


def letters_of(connection: sa.Connection, person: Person) -> Iterator[Row]:
    """Dead letters that were written by this person and nobody else. Reads all letters."""
    for row in _letters(connection):
        authors = _authors(bytes(row["raw"]))
        if authors and all(channel and _is_of(person, channel, h) for channel, h in authors):
            yield row_of(row)


def erasable_letters(connection: sa.Connection, person: Person) -> Iterator[str]:
    """The sources of dead letters that this person wrote, or seems to have written."""
    names = _names(person)
    quoted = "|".join(re.escape(name) for name in sorted(names) if len(name) >= _TELLING)
    # A name before a colon is a field's.
    likely = re.compile(rf'"@?(?:{quoted})"(?!\s*:)')
    for row in _letters(connection):
        raw = bytes(row["raw"])
        authors = _authors(raw)
        if authors is None:
            found = bool(quoted and likely.search(raw.decode("utf-8", "replace").casefold()))
        else:
            found = any(
                _is_of(person, channel, handle) if channel else _bare(handle) in names
                for channel, handle in authors
            )
        if found:
            yield str(row["src"])


def erase_letters(connection: sa.Connection, person: Person) -> int:
    sources = list(erasable_letters(connection, person))
    for some in in_parts(sources):
        change = sa.update(t.dead_letters).where(t.dead_letters.c.src.in_(some))
        connection.execute(change.values(raw=None, detail="erased"))
        owners = [letter_owner(src) for src in some]  # of what the ledger tells of the letter
        connection.execute(sa.delete(person_keys).where(person_keys.c.handle_key.in_(owners)))
    return len(sources)


def _letters(connection: sa.Connection) -> Iterable[sa.RowMapping]:
    query = sa.select(t.dead_letters).where(t.dead_letters.c.raw.is_not(None))
    return connection.execute(query.execution_options(yield_per=AT_ONCE)).mappings()


def _authors(raw: bytes) -> list[tuple[str, str]] | None:
    """Channel, empty where none can be read, and handle of each mention in a letter.

    None where it cannot be read as JSON.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    found = []
    for one in value if isinstance(value, list) else [value]:
        author = one.get("author") if isinstance(one, dict) else None
        handle = author.get("handle") if isinstance(author, dict) else author
        if isinstance(handle, str):
            channel = one.get("channel")
            found.append((channel if isinstance(channel, str) else "", handle))
    return found


def rejects_of(connection: sa.Connection, person: Person) -> Iterator[Row]:
    """Refused rows of imports that say to be of one of their handles or ids. Reads all of them.

    Of one that names other customers, too, only that there is one.
    """
    for row, form in _rejects(connection):
        if _in_its_column(_cells(row, form), form, person):
            told = row_of(row)
            if row["code"] == _OF_SEVERAL:
                told = {name: told[name] for name in ("run", "line", "code")}
            yield told


def erasable_rejects(connection: sa.Connection, person: Person) -> Iterator[tuple[str, int]]:
    """Run and line of refused rows with a cell that is a handle or id of theirs."""
    names = {name for name in _names(person) if len(name) >= _TELLING}
    ids = {id_ for id_ in person.customer_ids if len(id_) >= _TELLING}
    for row, form in _rejects(connection):
        cells = _cells(row, form)
        likely = any(cell in ids or _bare(cell) in names for cell in cells)
        if likely or _in_its_column(cells, form, person):
            yield row["run"], row["line"]


def erase_rejects(connection: sa.Connection, person: Person) -> int:
    found = list(erasable_rejects(connection, person))
    for run, line in found:
        this = sa.and_(known.rejects.c.run == run, known.rejects.c.line == line)
        emptied = sa.update(known.rejects).where(this).values(raw=b"", reason="erased")
        connection.execute(emptied)
    return len(found)


def _rejects(connection: sa.Connection) -> Iterator[tuple[sa.RowMapping, Mapping[str, Any]]]:
    """Each with how the file of its run was read."""
    runs = connection.execute(sa.select(known.runs.c.id, known.runs.c.form))
    forms = {id_: orjson.loads(form) for id_, form in runs}
    query = sa.select(known.rejects).where(known.rejects.c.raw != b"")
    for row in connection.execute(query.execution_options(yield_per=AT_ONCE)).mappings():
        yield row, forms.get(row["run"], {})


def _cells(row: sa.RowMapping, form: Mapping[str, Any]) -> list[str]:
    text = bytes(row["raw"]).decode("utf-8", "replace")
    delimiter = form.get("delimiter")
    if delimiter:
        return [readable(cell) for cell in text.split(delimiter)]
    return [readable("".join(found)) for found in _WORDS.findall(text)]


def _in_its_column(cells: list[str], form: Mapping[str, Any], person: Person) -> bool:
    """Is it a row as its file has them, with this person in a column for handles or ids?"""
    fields = list(form.get("mapping", {}).values())
    while len(cells) > len(fields) and not cells[-1]:
        cells = cells[:-1]
    if not form.get("delimiter") or len(cells) != len(fields):
        return False
    return any(
        cell in person.customer_ids
        if field == CUSTOMER
        else field.startswith(HANDLE_ON) and _is_of(person, field.removeprefix(HANDLE_ON), cell)
        for field, cell in zip(fields, cells, strict=True)
    )


def erase_samples(connection: sa.Connection, person: Person) -> int:
    """Take the mentions of this person out of the samples of back-tests."""
    mine, count, table = set(person.mention_ids), 0, rule_tables.backtests
    query = sa.select(table.c.id, table.c.report).where(table.c.report.is_not(None))
    for id_, body in connection.execute(query).all():
        report = orjson.loads(body)
        left = without(mine, report)
        if gone := len(report.get("samples", ())) - len(left.get("samples", ())):
            change = sa.update(table).where(table.c.id == id_)
            connection.execute(change.values(report=orjson.dumps(left)))
            count += gone
    return count


def without(mention_ids: Collection[str], report: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a back-test without samples of these mentions."""
    left = [one for one in report.get("samples", ()) if one.get("mention_id") not in mention_ids]
    return {**report, "samples": left} if "samples" in report else dict(report)


def _names(person: Person) -> set[str]:
    """Their handles, whatever the channel."""
    handles = (key.partition(":") for key in person.handle_keys)
    return {name for channel, _, name in handles if channel and name}


def _bare(handle: str) -> str:
    return handle_key("", handle)[1:]


def _is_of(person: Person, channel: str, handle: str) -> bool:
    return handle_key(channel, handle.replace("\x00", "\ufffd")) in person.handle_keys
