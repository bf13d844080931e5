"""Every metric: name, meaning, labels and buckets. Seconds, bounded labels, never a person."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

# Edges on what we promise: milliseconds inside a stage, seconds to an offer, minutes to an answer.
_STAGE = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_TO_OFFER = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_TO_RESPONSE = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0)

MENTIONS = Counter(
    "handshake_mentions_total",
    "Deliveries settled by triage, by their outcome",
    ["outcome"],  # task closed duplicate edited dead replayed
)
INTAKE = Counter("handshake_intake_total", "Mentions accepted over HTTP and journalled")
REFUSED = Counter("handshake_intake_refused_total", "Mentions refused over HTTP", ["code"])
STAGE_SECONDS = Histogram(
    "handshake_stage_duration_seconds",
    "Time of one triage step over one batch",
    ["stage"],
    buckets=_STAGE,
)
BATCH_SIZE = Histogram(
    "handshake_batch_mentions", "Mentions in a triage batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
TO_OFFER_SECONDS = Histogram(
    "handshake_intake_to_offer_seconds",
    "From detection of a mention to the first offer of its task",
    buckets=_TO_OFFER,
)
TO_RESPONSE_SECONDS = Histogram(
    "handshake_response_seconds",
    "From detection of a mention to the first response",
    ["queue"],
    buckets=_TO_RESPONSE,
)
SLA_OUTCOMES = Counter(
    "handshake_sla_outcome_total",
    "Tasks by how their SLA went: met, at_risk, breached",
    ["queue", "outcome"],
)
RESOLUTIONS = Counter(
    "handshake_sla_resolution_total",
    "Tasks with a resolution clock by how it went: met, breached",
    ["queue", "outcome"],
)
OFFERS = Counter(
    "handshake_offers_total",
    "Offers by how they went: offered, accepted, rejected, timed_out, rescinded",
    ["outcome"],
)
IDENTITY_JOINS = Counter(
    "handshake_identity_joins_total",
    "Joins, un-joins and pairs kept apart, by who said so: machine or person",
    ["kind", "by"],
)
IDENTITY_TOO_COMMON = Counter(
    "handshake_identity_too_common_total", "Keys that too many people share to tell them apart by"
)
IDENTITY_REVIEWS = Gauge(
    "handshake_identity_reviews",
    "Pairs that wait for a person to say whether they are the same",
    multiprocess_mode="livemostrecent",
)
DEAD_LETTERS = Counter("handshake_dead_letters_total", "Input that cannot be processed", ["reason"])
SCORED = Counter("handshake_scored_total", "Mentions scored, by label", ["label"])
UNSCORED = Counter(
    "handshake_unscored_mentions_total", "Mentions that no model scored in time: the lexicon did"
)
SCORE_LABELS = Counter(
    "handshake_score_labels_total",
    "Labels that people gave of the sentiment: blind or as a correction, and whether they agreed",
    ["how", "agreed"],  # blind correction; yes no none (no model knew the language)
)
RUNG = Gauge(
    "handshake_scoring_rung",
    "The rung that scores: 0 full, 1 cascade, 2 fast, 3 lexicon; of several workers, the lowest",
    multiprocess_mode="livemax",
)
RUNG_MENTIONS = Counter(
    "handshake_scoring_mentions_total",
    "Mentions scored, by the rung that did it; a batch that is tried again counts again",
    ["rung"],
)
WINDOWS = Histogram(
    "handshake_scoring_windows",
    "Windows of a long text that was judged by more than one",
    buckets=(2, 3, 4, 5, 6, 8, 12, 20),
)
STEPS = Counter(
    "handshake_scoring_steps_total",
    "Steps of the ladder of scoring, by the rung that they led to and why",
    ["rung", "cause"],  # wait, calm, model
)
MODEL_TROUBLES = Counter(
    "handshake_model_troubles_total",
    "Times that a model hung or failed on a micro-batch, so that a lower rung scored it, and texts"
    " of which language or length could not be read",
    ["cause"],  # hung failed unread
)
RULE_ERRORS = Counter(
    "handshake_rule_errors_total",
    "Conditions that failed on a mention or went beyond its budget, and so did not hold",
    ["reason"],  # failed over_budget
)
EVENT_RULES = Counter(
    "handshake_event_rules_total",
    "Rules that held at an event after the mention, by what came of it",
    ["event", "outcome"],  # acted; stopped by the budget; refused by the door
)
EVENTS_NOT_KEPT = Counter(
    "handshake_events_not_kept_total",
    "Events and notices that the store refused, so that they came to nothing; the log says which",
    ["what"],  # event notice
)
EVENTS_FOLLOWED = Gauge(
    "handshake_events_last_turn_timestamp_seconds",
    "When events were last looked for: a dead man's switch",
    multiprocess_mode="livemostrecent",
)
MODEL = Gauge(
    "handshake_model_info", "The model in use: 1", ["model"], multiprocess_mode="livemostrecent"
)
DEGRADED = Gauge(
    "handshake_degraded",
    "1 while something works without a part:"
    " model, promoted, rules, profile, history, queues, redis",
    ["part"],
    multiprocess_mode="livemax",
)
RULES_VERSION = Gauge(
    "handshake_rules_version",
    "The version of the rules in effect; of several processes, the lowest",
    multiprocess_mode="livemin",
)
SHADOW = Counter(
    "handshake_shadow_total",
    "Mentions about which a draft in shadow was asked, by whether it came to the same",
    ["same"],  # yes no
)
LAG = Gauge(
    "handshake_consumer_lag_messages",
    "Messages of the topic mentions not yet triaged",
    ["partition"],
    multiprocess_mode="livemostrecent",
)
OUTBOX = Gauge(
    "handshake_outbox_facts", "Facts on their way to the ledger", multiprocess_mode="livemostrecent"
)
RELAYED = Counter("handshake_facts_total", "Facts written to the ledger", ["op"])
RECONCILED = Counter(
    "handshake_reconciled_mentions_total", "Accepted mentions sent again for want of an outcome"
)
ERASED = Counter("handshake_erasures_total", "Persons erased from the record")
SWEPT = Gauge(
    "handshake_watch_last_sweep_timestamp_seconds",
    "When offers and SLA thresholds were last swept: a dead man's switch",
    multiprocess_mode="livemostrecent",
)
REBUILDS = Counter(
    "handshake_rebuilds_total",
    "Times that the state in Redis was put back from the ledger",
    ["cause"],  # empty, another_life, old_copy
)
REBUILD_SECONDS = Gauge(
    "handshake_rebuild_seconds",
    "How long the last rebuild of Redis from the ledger took",
    multiprocess_mode="livemostrecent",
)
REBUILD_GAPS = Counter(
    "handshake_rebuild_gaps_total",
    "Versions of tasks that the ledger lacked or held twice in a rebuild: it is damaged",
)
EPOCH_BEGUN = Gauge(
    "handshake_epoch_begun_timestamp_seconds",
    "When the present state in Redis was begun or put back",
    multiprocess_mode="livemostrecent",
)
CLOCK_JUMPS = Counter(
    "handshake_clock_jumps_total",
    "Jumps of the clock of Redis by more than 30 s",
    ["direction"],  # forward back
)
RECORDED = Gauge(
    "handshake_recorded_seq",
    "The last fact of the ledger that is in the history",
    multiprocess_mode="livemostrecent",
)
PROFILE_LOOKUPS = Counter(
    "handshake_profile_lookups_total",
    "Mentions by what the profile cache knew: known, stranger, missing (it could not tell)",
    ["outcome"],
)
PROFILES_CACHED = Counter(
    "handshake_profiles_cached_total", "Profiles written to the cache after a change"
)
PROFILES_BEHIND = Gauge(
    "handshake_profiles_behind_changes",
    "Changes of profiles in the store that are not in the cache yet",
    multiprocess_mode="livemostrecent",
)
SIGNALS = Counter(
    "handshake_signals_total",
    "Signals of other systems by kind and outcome: accepted, repeated, reused (its id came with"
    " another content), refused (of no kind: malformed or unknown); warned: people to be told",
    ["kind", "outcome"],
)
HANDOFFS = Counter(
    "handshake_handoffs_total",
    "Events for partners by how their delivery went: delivered, retried, failed; and handed_in",
    ["partner", "outcome"],
)
HANDOFF_OLDEST = Gauge(
    "handshake_handoff_oldest_seconds",
    "Age of the oldest event that its partner has not taken yet",
    multiprocess_mode="livemostrecent",
)
HANDOFFS_FOLLOWED = Gauge(
    "handshake_handoffs_last_turn_timestamp_seconds",
    "When hand-offs were last looked after: a dead man's switch",
    multiprocess_mode="livemostrecent",
)
OUTBOUND = Counter(
    "handshake_outbound_total",
    "Messages to customers by what came of it: sent, retried, failed, refused, waiting,"
    " no_connector",
    ["channel", "outcome"],
)
REFUSALS = Counter(
    "handshake_outbound_refusals_total",
    "Times that the permission gate refused a message, for ever or for now",
    ["code"],
)
OUTBOUND_SECONDS = Histogram(
    "handshake_outbound_seconds",
    "From a reply to the moment at which its receiver had it",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 43_200),
)
STOP_SECONDS = Histogram(
    "handshake_stop_seconds",
    "From the triage of a STOP to the moment from which nothing goes out to that person",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
OUTBOUND_OLDEST = Gauge(
    "handshake_outbound_oldest_seconds",
    "Age of the oldest message that may go out and has not got through",
    multiprocess_mode="livemostrecent",
)
OUTBOUND_FOLLOWED = Gauge(
    "handshake_outbound_last_turn_timestamp_seconds",
    "When the ledger was last read for messages and stops: a dead man's switch",
    multiprocess_mode="livemostrecent",
)
FLIGHTS_OPEN = Gauge(
    "handshake_flights_open", "Flights that are open", multiprocess_mode="livemostrecent"
)
FLIGHTS_CLOSED = Counter(
    "handshake_flights_closed_total", "Flights that were closed, by how: reached, by_hand", ["how"]
)
CHAT_MESSAGES = Counter(
    "handshake_chat_messages_total",
    "Messages of the web chat, by who said them",
    ["side"],  # customer agent automatic
)
SCREENS = Gauge("handshake_screens", "Open event streams", ["view"], multiprocess_mode="livesum")

# Set by the web process from Redis when it is asked, so they are never older than the question.
QUEUE_WAITING = Gauge(
    "handshake_queue_waiting", "Tasks waiting", ["queue"], multiprocess_mode="livemostrecent"
)
QUEUE_OLDEST = Gauge(
    "handshake_queue_oldest_wait_seconds",
    "How long the longest waiting task has waited",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
QUEUE_AT_RISK = Gauge(
    "handshake_queue_at_risk", "Open tasks at risk", ["queue"], multiprocess_mode="livemostrecent"
)
QUEUE_BREACHED = Gauge(
    "handshake_queue_breached", "Open tasks breached", ["queue"], multiprocess_mode="livemostrecent"
)
REPS = Gauge("handshake_reps", "Agents by state", ["state"], multiprocess_mode="livemostrecent")


def exposition() -> bytes:
    """Prometheus text. Under `up` every process shows the whole; alone, each shows its own."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
