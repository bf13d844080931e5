"""Deciding: a table of 100 rows beside Python closures of the same rows, and the shipped rules.

Processor time of this thread is counted, so that other programs on the machine matter less; they
still take its caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

from app import config
from app.adapters.cel_rules import CelRules
from app.config import Config
from app.core.formulas import completed
from app.core.mention import Author, Mention, mention_id_of
from app.core.profile import Profile
from app.core.quantiles import quantile
from app.core.rules import Row as TableRow
from app.core.rules import variables
from app.core.score import Judgement, Sentiment
from app.settings import CONFIG
from benchmarks.figures import Row, load_now
from benchmarks.texts import world

ROWS = 100
_MENTIONS = 500
_ROUNDS = 9  # in turn with the reference; the median of the rounds counts
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TIERS = ("platinum", "gold", "silver", "bronze")
_CHANNELS = ("x", "mastodon", "facebook", "reviews", "email", "webchat", "sms")

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row of the table, as a grid would show it."""

    tiers: tuple[str, str]
    sentiment: str
    channels: tuple[str, str]
    urgency: float
    followers: int


def measure() -> list[Row]:
    """The table beside its reference, then the shipped rules, by the same mentions."""
    shipped = config.load(CONFIG)
    given = [_values(wire, number, shipped) for number, wire in enumerate(world(_MENTIONS))]
    return [_table(shipped, given), _shipped(shipped, given)]


def _table(shipped: Config, given: Sequence[Values]) -> Row:
    cells = [_cells(number) for number in range(ROWS - 1)]
    rows = (*(_row(number, one) for number, one in enumerate(cells)), _rest())
    rules = CelRules(Config(catalogue=shipped.catalogue, rows=rows, version="bench"))
    closures = [_closure(one) for one in cells]
    before, ours, theirs = load_now(), [], []
    for _ in range(_ROUNDS):
        ours.append(_us(rules.decide, given))
        theirs.append(_us(lambda values: _first(closures, values), given))
    reached = [len([t for t in rules.decide(v).trace if t.result != "not_reached"]) for v in given]
    return Row(
        name=f"table of {ROWS} rows",
        figures={
            "CEL": quantile(ours, 0.5),
            "closures": quantile(theirs, 0.5),
            "ratio": quantile(ours, 0.5) / quantile(theirs, 0.5),
            "rows asked": fmean(reached),
        },
        unit="us a mention",
        load=(before, load_now()),
        note="decision and trace included; the closures only find the row",
        details={"ours": ours, "theirs": theirs},
    )


def _shipped(shipped: Config, given: Sequence[Values]) -> Row:
    rules = CelRules(shipped)
    before = load_now()
    rounds = [_us(rules.decide, given) for _ in range(_ROUNDS)]
    each = [1e6 * _seconds(rules.decide, [values]) for values in given]
    return Row(
        name=f"shipped rules, {len(shipped.every)} rows",
        figures={
            "mean": quantile(rounds, 0.5),
            "p50": quantile(each, 0.5),
            "p99": quantile(each, 0.99),
        },
        unit="us a mention",
        load=(before, load_now()),
        note=f"{len(given)} mentions of the demo's world, {_ROUNDS} rounds",
        details={"rounds": rounds},
    )


def _us(decide: Callable[[Values], object], given: Sequence[Values]) -> float:
    return 1e6 * _seconds(decide, given) / len(given)


def _seconds(decide: Callable[[Values], object], given: Sequence[Values]) -> float:
    began = time.thread_time()
    for values in given:
        decide(values)
    return time.thread_time() - began


def _cells(number: int) -> _Cells:
    """Rows that hold for few: a mention has to pass most of them."""
    return _Cells(
        tiers=(_TIERS[number % 4], f"tier-{number}"),
        sentiment=("negative", "neutral", "positive")[number % 3],
        channels=(_CHANNELS[number % 7], f"channel-{number}"),
        urgency=0.5 + number % 50 / 100,
        followers=1_000 * (number + 1),
    )


def _row(number: int, cells: _Cells) -> TableRow:
    return TableRow(
        id=f"row-{number}",
        when=(
            f'profile.tier in ["{cells.tiers[0]}", "{cells.tiers[1]}"]'
            f' && score.sentiment == "{cells.sentiment}"'
            f' && mention.channel in ["{cells.channels[0]}", "{cells.channels[1]}"]'
            f" && score.urgency >= {cells.urgency:.2f} && mention.followers > {cells.followers}"
        ),
        why="Because.",
        queue="service",
    )


def _rest() -> TableRow:
    return TableRow(id="rest", when="true", why="The rest.", queue="service")


def _closure(cells: _Cells) -> Callable[[Values], bool]:
    def holds(values: Any) -> bool:
        return bool(
            values["profile.tier"] in cells.tiers
            and values["score.sentiment"] == cells.sentiment
            and values["mention.channel"] in cells.channels
            and values["score.urgency"] >= cells.urgency
            and values["mention.followers"] > cells.followers
        )

    return holds


def _first(closures: Sequence[Callable[[Values], bool]], values: Values) -> int:
    for number, holds in enumerate(closures):
        if holds(values):
            return number
    return len(closures)


def _values(wire: dict[str, Any], number: int, shipped: Config) -> Values:
    """What triage would know of this mention; the mood goes round, as no model is asked here."""
    author = wire["author"]
    sentiment = Sentiment(
        label=("negative", "neutral", "positive")[number % 3], confidence=0.8, negative=0.3
    )
    mention = Mention(
        mention_id=mention_id_of(wire["channel"], wire["id"]),
        source_id=wire["id"],
        channel=wire["channel"],
        text=wire["text"],
        author=Author(handle=author["handle"], followers=author.get("followers", 0)),
        detected_at=_START + timedelta(minutes=number),
    )
    score = completed(
        mention.text,
        mention.author.followers,
        Judgement(sentiment=sentiment),
        wire["meta"]["lang"],
        "bench",
    )
    profile = Profile(customer_id=f"C{number}", tier=_TIERS[number % 4], value=100.0 * number)
    public = shipped.catalogue.is_public(mention.channel)
    return variables(mention, score, profile, public, shipped.catalogue.calendars)
