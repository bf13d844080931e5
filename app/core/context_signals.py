"""Signals on the context card: those of this person, around this mention, each as a clause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from app.core.clause import WHAT_TO_DO, WHY_NOW, Clause, Entry, clause, ours, told
from app.core.context import DECIDED, Fact, Moment, Trail
from app.core.signal import CUSTOMER, HANDLE, PRODUCT, Signal, readable, signal_of, subject
from app.core.two_places import distance_km, impossible

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """A signal beside the entries of the mention that bind it to this person and this time."""

    signal: Signal
    fact: Fact
    detected: Fact
    bound: Fact
    path: tuple[str, ...]

    @property
    def personal(self) -> bool:
        return not self.signal.products

    def entries(self) -> tuple[Entry, Entry, Entry]:
        """The signal, when the mention was detected, and whose it is; fresh, and read."""
        signal, detected, bound = Entry(self.fact), Entry(self.detected), Entry(self.bound)
        detected.text("data", "mention", "detected_at")
        bound.text(*self.path)
        bound.texts(*self.path)
        return signal, detected, bound


def subjects_of(facts: Sequence[Fact], moment: Moment) -> tuple[str, ...]:
    """Under which keys the signals of this mention's person are found."""
    return tuple(key for key, _, _ in _bonds(facts, moment))


def detected_ms(facts: Iterable[Fact]) -> int:
    """When the mention was detected; 0 where the trail does not tell."""
    return next((at_ms for _, at_ms in _detected(facts)), 0)


def signal_clauses(
    facts: Sequence[Fact], moment: Moment, signals: Sequence[Fact]
) -> tuple[Clause, ...]:
    """What other systems say of this person around this mention: what cannot be, then the newest.

    `signals` are facts of the ledger; those of others, or of another time, are left out.
    """
    joined = sorted(_join(facts, moment, signals), key=lambda one: -one.signal.at_ms)
    return (
        *_two_places([one for one in joined if one.personal]),
        *(_happened(one) for one in joined),
        *(_meant(one) for one in joined if one.signal.kind.means),
    )


def _join(facts: Sequence[Fact], moment: Moment, signals: Sequence[Fact]) -> Iterator[_Joined]:
    bonds = {key: (fact, path) for key, fact, path in _bonds(facts, moment)}
    for detected, at_ms in _detected(facts):
        for fact in filter(readable, signals):
            signal = signal_of(fact)
            key = next((key for key in signal.subjects if key in bonds), "")
            if key and signal.from_ms <= at_ms <= signal.until_ms:
                bound, path = bonds[key]
                yield _Joined(signal=signal, fact=fact, detected=detected, bound=bound, path=path)


def _bonds(facts: Sequence[Fact], moment: Moment) -> Iterator[tuple[str, Fact, tuple[str, ...]]]:
    """What binds a person to signals: the key, the fact that tells it, and where."""
    trail = Trail(facts, moment)
    for known in trail.each("identified"):
        for kind, name in ((CUSTOMER, "customer_id"), (HANDLE, "handle_key")):
            if found := known.text("data", name):
                yield subject(kind, found), known.fact, ("data", name)
    if decided := trail.one(DECIDED):
        path = ("data", "values", "profile.products")
        for product in decided.texts(*path):
            yield subject(PRODUCT, product), decided.fact, path


def _detected(facts: Iterable[Fact]) -> Iterator[tuple[Fact, int]]:
    for fact in facts:
        if fact["op"] != "received":
            continue
        said = Entry(fact).text("data", "mention", "detected_at")
        if said:
            yield fact, round(datetime.fromisoformat(said).timestamp() * 1000)


def _happened(one: _Joined) -> Clause:
    signal, detected, bound = one.entries()
    source, what = _said(signal, "source"), _said(signal, "subject")
    says = signal.text("data", "signal", "kind", "says")
    words = (
        ours("told by "), told(source), ours(": "), told(what), ours(" "), told(says), ours(" at"),
    )  # fmt: skip
    at_ms = round(signal.number("data", "signal", "at_ms"))
    named = (WHY_NOW, f"signal:{one.signal.kind.name}")
    return clause(named, words, signal, detected, bound, at_ms=at_ms)


def _meant(one: _Joined) -> Clause:
    signal, detected, bound = one.entries()
    means = signal.text("data", "signal", "kind", "means")
    title, source = signal.text("data", "signal", "kind", "title"), _said(signal, "source")
    because = f"{title}: {_said(signal, 'subject')}, told by {source}"
    named = (WHAT_TO_DO, f"signal:{one.signal.kind.name}")
    return clause(named, (told(means),), signal, detected, bound, because=because)


def _two_places(joined: Sequence[_Joined]) -> Iterator[Clause]:
    """Every pair of sightings that nobody could have travelled between, in the order of time."""
    seen = sorted(
        ((one, one.signal.place) for one in joined if one.signal.place),
        key=lambda pair: pair[0].signal.at_ms,
    )
    for (one, here), (other, there) in combinations(seen, 2):
        before, after = one.signal.at_ms, other.signal.at_ms
        if not impossible((here, before), (there, after)):
            continue
        signal, detected, bound = one.entries()
        second = Entry(other.fact)  # bound to the same person by the same entry
        names = [_where(signal), _where(second)]
        far, apart = round(distance_km(here, there)), round((after - before) / _MINUTE_MS)
        words = (
            ours("in two places at once: "), told(names[0]), ours(" and "), told(names[1]),
            ours(f", {far:,} km within {apart:,} min"),
        )  # fmt: skip
        yield clause((WHY_NOW, "two_places"), words, signal, second, detected, bound)


def _where(signal: Entry) -> str:
    """The place's name; with what was reckoned with."""
    for name in ("lat", "lon"):
        signal.number("data", "signal", "place", name)
    signal.number("data", "signal", "at_ms")
    return signal.text("data", "signal", "place", "name")


def _said(signal: Entry, name: str) -> str:
    return signal.text("data", "signal", name)
