"""The first configuration: every rule compiles, can be reached, and drops nobody in need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.adapters.cel_rules import CelRules
from app.config import Config, load
from app.core.decision import ERROR, Decision
from app.core.formulas import completed
from app.core.mention import Author, Mention
from app.core.profile import STRANGER, Profile
from app.core.rules import variables
from app.core.score import NOT_SCORED, Judgement, Sentiment
from app.demo.people import PRIVATE, PUBLIC
from app.demo.texts import BRANDS, LANGS, Saying, compose
from app.demo.world import profiles

CONFIG = Path(__file__).parents[2] / "config"
PLATINUM = Profile(customer_id="C1", tier="platinum", value=6000.0)
TWO_CASES = Profile(customer_id="C2", tier="silver", open_cases=2)
NEGATIVE = Sentiment(label="negative", confidence=0.9, negative=0.9, neutral=0.07, positive=0.03)
NEUTRAL = Sentiment(label="neutral", confidence=0.8, negative=0.1, neutral=0.8, positive=0.1)
POSITIVE = Sentiment(label="positive", confidence=0.9, negative=0.02, neutral=0.08, positive=0.9)


@pytest.fixture(scope="module")
def config() -> Config:
    return load(CONFIG)


@pytest.fixture(scope="module")
def rules(config: Config) -> CelRules:
    return CelRules(config)


def decide(
    rules: CelRules,
    text: str,
    sentiment: Sentiment = NEUTRAL,
    profile: Profile = STRANGER,
    **more: Any,
) -> Decision:
    """Decide like triage does, with a sentiment given instead of a model."""
    channel, followers = more.get("channel", "x"), more.get("followers", 10)
    mention = Mention(
        mention_id="m",
        source_id="s",
        channel=channel,
        text=text,
        author=Author(handle="@a", followers=followers),
        detected_at=datetime(2025, 3, 1, tzinfo=UTC),
    )
    score = completed(
        text, followers, Judgement(sentiment=sentiment), more.get("lang", "en"), "test"
    )
    score = replace(score, **{name: more[name] for name in ("intent", "urgency") if name in more})
    decision = rules.decide(variables(mention, score, profile, channel in PUBLIC))
    assert not [t for t in decision.trace if t.result == ERROR]
    return decision


# For every rule, a mention that it is made for. The test below wants one for each.
MADE_FOR: dict[str, dict[str, Any]] = {
    "danger-to-people": {"text": "There is smoke in the cabin", "sentiment": NEUTRAL},
    "fraud-or-theft": {"text": "My card was stolen and somebody pays with it"},
    "cannot-wait": {
        "text": "Stranded at the gate since last night", "sentiment": NEGATIVE, "urgency": 0.9,
    },
    "legal-or-press": {"text": "My lawyer will write to you", "sentiment": NEGATIVE},
    "leaving": {"text": "I am cancelling my contract today", "sentiment": NEGATIVE},
    "valued-customer-unhappy": {"text": "Poor", "sentiment": NEGATIVE, "profile": PLATINUM},
    "trouble-again": {"text": "Poor show", "sentiment": NEGATIVE, "profile": TWO_CASES},
    "influential-complaint": {"text": "Bad seats", "sentiment": NEGATIVE, "followers": 250_000},
    "influential-unread": {
        "text": "El asiento estaba roto y nadie hizo nada en todo el viaje",
        "sentiment": NOT_SCORED, "lang": "es", "followers": 250_000,
    },
    "unread-language": {
        "text": "Wann hat die Filiale in Köln am Dienstag offen, bitte?",
        "sentiment": NOT_SCORED, "lang": "de",
    },
    "spam": {"text": "FREE CRYPTO for the first hundred, link in bio"},
    "billing": {"text": "You overcharged me again", "sentiment": NEGATIVE, "channel": "email"},
    "complaint": {"text": "The seat was filthy", "sentiment": NEGATIVE},
    "sales-interest": {"text": "How much is the family plan?"},
    "question-or-request": {"text": "Are you open on Tuesday?", "channel": "webchat"},
    "doubtful-good-news": {"text": "19 hours without internet, all is fine", "sentiment": POSITIVE},
    "praise": {"text": "The crew was wonderful", "sentiment": POSITIVE},
    "chatter": {"text": "Lisbon in the rain, what a view"},
    "otherwise": {"text": "Lisbon in the rain, what a view", "channel": "email"},
}  # fmt: skip


def test_every_rule_has_a_mention_that_it_is_made_for(config: Config) -> None:
    assert [row.id for row in config.rows] == list(MADE_FOR)


@pytest.mark.parametrize("rule", MADE_FOR)
def test_every_rule_can_be_reached(rules: CelRules, rule: str) -> None:
    assert decide(rules, **MADE_FOR[rule]).rule == rule


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("company", BRANDS)
def test_emergencies_are_urgent_in_every_language(rules: CelRules, lang: str, company: str) -> None:
    rng = Random(3)
    sentiment = NEUTRAL if lang == "en" else NOT_SCORED
    for _ in range(25):
        text = compose(rng, Saying(lang=lang, company=company, kind="emergency"))
        assert decide(rules, text, sentiment, lang=lang).queue == "urgent", text


@pytest.mark.parametrize("text", ["Hilfe, es brennt!", "Au secours, incendie", "¡Hay humo!"])
def test_a_short_cry_for_help_is_heard_whatever_language_is_assumed(
    rules: CelRules, text: str
) -> None:
    assert decide(rules, text, NEUTRAL, lang="en").rule == "danger-to-people"


@pytest.mark.parametrize("lang", LANGS)
def test_threats_reach_the_mediator_or_a_retention_offer(rules: CelRules, lang: str) -> None:
    rng = Random(4)
    sentiment = NEGATIVE if lang == "en" else NOT_SCORED
    for _ in range(40):
        text = compose(rng, Saying(lang=lang, company="bank", kind="threat"))
        assert decide(rules, text, sentiment, lang=lang).rule in ("legal-or-press", "leaving"), text


@pytest.mark.parametrize("lang", LANGS)
def test_everyday_talk_raises_no_alarm(rules: CelRules, lang: str) -> None:
    rng = Random(5)
    sentiment = NEUTRAL if lang == "en" else NOT_SCORED
    for kind, company in product(("question", "request", "praise"), BRANDS):
        for _ in range(8):
            text = compose(rng, Saying(lang=lang, company=company, kind=kind))
            assert decide(rules, text, sentiment, lang=lang).queue not in ("urgent", "escalation")


def test_no_negative_mention_is_ever_closed(rules: CelRules) -> None:
    barely = Sentiment(label="negative", confidence=0.4, negative=0.4, neutral=0.35, positive=0.25)
    intents = ("question", "complaint", "praise", "request", "other")
    for sentiment, intent, channel in product((NEGATIVE, barely), intents, (*PUBLIC, *PRIVATE)):
        words = "link in bio, giveaway"
        found = decide(rules, words, sentiment, intent=intent, channel=channel, urgency=0.0)
        assert found.queue, (sentiment, intent, channel)


def test_nothing_private_is_closed_but_praise_in_a_survey(rules: CelRules) -> None:
    moods = (NEGATIVE, NEUTRAL, POSITIVE, NOT_SCORED)
    intents = ("question", "complaint", "praise", "request", "other")
    for sentiment, intent, channel in product(moods, intents, PRIVATE):
        found = decide(rules, "All good here", sentiment, intent=intent, channel=channel)
        assert found.queue or (channel == "survey" and sentiment is POSITIVE)


def test_an_unread_language_gets_no_claim_about_its_mood(rules: CelRules) -> None:
    for profile in (STRANGER, PLATINUM, TWO_CASES):
        found = decide(rules, "Was für ein Blick heute in Graz", NOT_SCORED, profile, lang="de")
        assert (found.queue, found.skills) == ("languages", ("de",))


def test_every_reason_is_a_sentence_for_the_agent(config: Config) -> None:
    for row in config.rows:
        assert 30 <= len(row.why) <= 200
        assert row.why.endswith(".")
        assert "{" not in row.why


def test_every_queue_is_served_by_people_and_by_simulated_colleagues(config: Config) -> None:
    reps = config.catalogue.reps.values()
    for queue, demo in product(config.catalogue.queues.values(), (False, True)):
        able = [
            rep
            for rep in reps
            if rep.demo is demo
            and queue.name in rep.queues
            and {*queue.skills, "en"} <= {*rep.skills}
        ]
        assert able, (queue.name, demo)


@pytest.mark.parametrize("queue", ["urgent", "escalation", "languages"])
@pytest.mark.parametrize("demo", [False, True])
def test_queues_of_any_language_are_served_in_all_five(
    config: Config, queue: str, demo: bool
) -> None:
    serving = [r for r in config.catalogue.reps.values() if r.demo is demo and queue in r.queues]
    assert set(LANGS) <= {skill for rep in serving for skill in rep.skills}


def test_every_task_that_a_rule_makes_finds_somebody(config: Config) -> None:
    for row in config.rows:
        needed = {*row.skills, *config.catalogue.queues[row.queue].skills} if row.queue else set()
        assert not row.queue or any(
            row.queue in rep.queues and needed <= {*rep.skills}
            for rep in config.catalogue.reps.values()
        )


def test_simulated_people_say_so_and_nobody_else_does(config: Config) -> None:
    reps = config.catalogue.reps.values()
    assert sum(rep.demo for rep in reps) == 3
    assert all(rep.title.endswith(" (simulated)") is rep.demo for rep in reps)
    assert {rep.role for rep in reps} == {"agent", "supervisor", "analyst", "sre", "admin"}


def test_every_channel_of_the_demo_is_configured(config: Config) -> None:
    channels = config.catalogue.channels
    assert all(channels[name].public for name in PUBLIC)
    assert not any(channels[name].public for name in PRIVATE)
    used = {channel for profile in profiles() for channel, _ in profile.keys}
    assert used <= set(channels)
