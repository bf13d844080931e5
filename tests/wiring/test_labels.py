"""The labels with which a flight may start are those that decisions have."""

from __future__ import annotations

from app.wiring.labels import labels_of_texts

RULES = """title = "Own"

[[rule]]
id = "storm"
on = "mention"
when = 'mention.text.says("storm")'
do = [{ label = "storm" }]
why = "A storm."

[[rule]]
id = "left-alone"
on = "waiting"
after = "10m"
when = "true"
do = [{ label = "waited" }]
why = "Ten minutes are long."
"""


def test_a_label_that_only_a_later_event_sets_starts_no_flight() -> None:
    assert labels_of_texts({"10-own.toml": RULES}) == ["storm"]
