"""Windows: a long text is read whole, or its weightiest parts; of a transcript the customer's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.formulas import completed
from app.core.score import NOT_JUDGED
from app.core.windows import (
    MOST,
    PIECES,
    READ,
    SHORT,
    TURNS,
    Window,
    packed,
    pieces,
    spoken,
    together,
    windows,
)

SENTENCE = "The man at the desk was kind and told us what to do with the ticket."


def numbered(count: int) -> str:
    return " ".join(f"{number}: {SENTENCE}" for number in range(count))


@given(st.text(max_size=SHORT).filter(lambda text: "\n" not in text))
def test_a_short_text_is_its_only_window_unchanged(text: str) -> None:
    assert windows(text) == (Window(text, 1.0),)


@pytest.mark.parametrize("text", [" " * 1000, "\n" * 1000, "." * 300, ""])
def test_a_text_without_words_is_one_window(text: str) -> None:
    assert len(windows(text)) >= 1
    assert sum(part.weight for part in windows(text)) == pytest.approx(1.0)


def test_windows_end_where_sentences_end_and_leave_nothing_out() -> None:
    text = numbered(12)
    parts = windows(text)
    assert 1 < len(parts) <= MOST
    assert " ".join(part.text for part in parts) == text
    assert all(part.text.endswith(".") for part in parts)


def test_a_sentence_without_an_end_is_cut_between_words() -> None:
    text = " ".join(f"word{number}" for number in range(120))
    parts = windows(text)
    assert " ".join(part.text for part in parts) == text
    assert all(pieces(part.text) <= PIECES for part in parts)


def test_of_too_many_windows_first_last_and_the_heaviest_between_are_kept() -> None:
    quiet = [f"{number}: {SENTENCE} {SENTENCE}" for number in range(9)]
    loud = "But NEVER again! The worst, most awful trip; I want a refund! " + SENTENCE
    parts = windows(" ".join([*quiet[:5], loud, *quiet[5:]]), most=3)
    assert parts[0].text.startswith("0: ")
    assert "NEVER" in parts[1].text
    assert parts[2].text.startswith("8: ") or "8: " in parts[2].text
    assert len(parts) == 3


@pytest.mark.parametrize("turn", ["But", "However", "Unfortunately", "but", "BUT"])
def test_a_turn_is_heavy_at_the_beginning_of_a_sentence_as_within_one(turn: str) -> None:
    quiet = [f"{number}: {SENTENCE} {SENTENCE}" for number in range(9)]
    parts = windows(" ".join([*quiet[:5], f"{turn} then {SENTENCE}", *quiet[5:]]), most=3)
    assert turn in parts[1].text


def test_of_an_endless_text_its_beginning_and_its_end_are_read() -> None:
    text = f"It began well. {numbered(5 * READ // len(SENTENCE))} It ended badly."
    parts = windows(text)
    assert len(parts) == MOST
    assert parts[0].text.startswith("It began well.")
    assert parts[-1].text.endswith("It ended badly.")


@given(st.text(alphabet="ab .!?\n\t:'\"", max_size=3000), st.integers(1, 8))
def test_windows_are_bounded_and_weigh_one_together(text: str, most: int) -> None:
    parts = windows(text, most)
    assert 1 <= len(parts) <= most
    assert sum(part.weight for part in parts) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.floats(0.1, 1.0), st.floats(0, 1)), min_size=1, max_size=6),
)
def test_the_whole_lies_between_its_windows_and_sums_to_one(
    given: list[tuple[float, float]],
) -> None:
    total = sum(weight for weight, _ in given)
    parts = [Window("", weight / total) for weight, _ in given]
    whole = together([(p, 1 - p) for _, p in given], parts)
    assert sum(whole) == pytest.approx(1.0)
    assert min(p for _, p in given) - 1e-9 <= whole[0] <= max(p for _, p in given) + 1e-9


@pytest.mark.parametrize(
    "text",
    [
        "Agent: How may I help?\nCustomer: My bag is lost.\nAgent: So sorry!\nCustomer: Find it!",
        "[12:01] AGENT: Hello\n[12:02] CUSTOMER: My bag is lost.\n[12:03] CUSTOMER: Find it!",
        "12:01 pm Support: Hello\n12:02 pm Guest 1: My bag is lost.\nFind it!\nSupport: Hm",
        "Client > My bag is lost.\nFind it!\nBot > I am sorry.\nbot > Bye.",
        "2026-11-28 12:01:07 - Agent (Maya) - Hello!\n"
        "2026-11-28 12:01:09 - Customer - My bag is lost.\n"
        "2026-11-28 12:01:11 - Customer - Find it!",
        "agent 2: Hello\ncaller: My bag is lost.\n caller: Find it!",
    ],
)  # fmt: skip
def test_of_a_transcript_the_customers_side_alone_is_read(text: str) -> None:
    assert spoken(text) == "My bag is lost.\nFind it!"
    assert [part.text for part in windows(text)] == ["My bag is lost.\nFind it!"]


@pytest.mark.parametrize(
    "text",
    [
        "Customer: nobody here\ncalls me back",
        "Agent: hello\nAgent: hello?",
        "Subject: my order\nI spoke to your agent: she was rude.\nThe customer: me.",
        "Customers wait.\nAgents sleep.",
        "Agent: one line, Customer: the same line",
        "Customer: it burns\nAgent: Hello",
        "System: iOS 17\nYour app charged me twice and I want my money back\nUser: kim99",
        "System: iOS 17\nUser: kim99\nMember: 12\nMy flat is on fire",
        "User: kim99\nSystem: iOS 17\nMy flat is on fire\nUser: that is all",
        "Client: Kim\nAgent: she hung up on me, and my flat is on fire",
    ],
)
def test_what_is_no_transcript_of_both_sides_stays_as_it_is(text: str) -> None:
    """In a form or a mail's head each name comes once: all that follows is the customer's."""
    assert spoken(text) == text


def test_what_presses_counts_though_a_mail_begins_as_a_form_does() -> None:
    """A1.11: lost words are the worst mistake: nobody sees them."""
    mail = (
        "From: kim\nUser: kim@x\n"
        "Support: your heater burst into flames and burned my hand, I am in hospital"
    )
    told = completed(mail, 10, NOT_JUDGED, "en", "m@1")
    assert told.urgency == completed(mail.split(": ")[-1], 10, NOT_JUDGED, "en", "m@1").urgency > 0


def test_what_stands_before_a_chat_that_a_mail_quotes_is_read() -> None:
    """No agent said it, and it may be what presses."""
    mail = "My kitchen is on fire. See below.\n\nAgent: Hello\nCustomer: My bag is lost.\nAgent: Oh"
    assert spoken(mail) == "My kitchen is on fire. See below.\nMy bag is lost."


OF_AGENTS = st.text(alphabet="ab .!?:>-[(1\t", max_size=80).map(lambda said: f"Agent: #{said}")
OF_CUSTOMERS = st.text(alphabet="cd .!?:>-[(1\t", max_size=80).map(lambda said: f"Client: {said}")


@given(st.lists(OF_AGENTS | OF_CUSTOMERS, max_size=12))
def test_of_both_sides_no_word_of_the_agents_is_read_and_all_of_the_customers(
    turns: list[str],
) -> None:
    sides = {turn.split(":")[0] for turn in turns}
    customers = [turn.removeprefix("Client:").strip() for turn in turns if turn.startswith("C")]
    if sides == {"Agent", "Client"} and len(turns) > 2:
        assert spoken("\n".join(turns)) == "\n".join(said for said in customers if said)
    else:
        assert spoken("\n".join(turns)) == "\n".join(turns)


def test_of_an_endless_transcript_beginning_and_end_are_read_and_no_agent_beside_the_gap() -> None:
    """What stands before the first name of the end may be an agent's: it is nobody's."""
    endless = "fire! " * (TURNS // 6)
    said = spoken(f"Customer: My bag.\nAgent: {endless}{endless}\nCustomer: It is blue.")
    assert said == "My bag.\nIt is blue."
    hello = "Agent: Hello.\nAgent: How may I help?"
    said = spoken(f"{hello}\nCustomer: My bag. {endless}\nAgent: {endless}{endless}\nBye")
    assert said.startswith("My bag. fire!")
    assert len(said) < TURNS // 2


def test_of_what_stands_before_a_late_first_turn_no_more_is_read_than_of_any_beginning() -> None:
    endless = "My bag. " + "fire! " * TURNS
    said = spoken(f"{endless}\nAgent: Hello.\nCustomer: It is blue.\nAgent: Bye.")
    assert said.startswith("My bag. fire!")
    assert said.endswith("fire!\nIt is blue.")
    assert len(said) <= TURNS


MB = 1_000_000
HOSTILE = [
    "\n" * MB,
    ("[" + "1" * 40 + "\n") * (MB // 42),
    ("1" + " -" * 15 + "\n") * (MB // 32),
    ("agent (" + "x" * 39 + "\n") * (MB // 47),
    "Customer: a\nAgent: b\n" * (MB // 21),
    "Agent: b\nAgent: b\n" + " " * MB + "\nCustomer: a",
    "Agent: b\nAgent: b\nCustomer: " + "." + "\"')]" * (MB // 4),
    "Agent: b\nAgent: b\nCustomer: " + "http://" * (MB // 7),
    "Agent: b\nAgent: b\nCustomer: " + "n't" * (MB // 3),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_transcript_of_a_megabyte_is_read_as_far_as_any_other(text: str) -> None:
    """Nothing here goes back over what it has seen: otherwise this would not end."""
    parts = windows(text)
    assert len(parts) <= MOST
    assert sum(part.weight for part in parts) == pytest.approx(1.0)


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 10))
def test_texts_are_packed_in_order_and_no_group_has_more_windows_than_it_may(
    counts: list[int], most: int
) -> None:
    groups = list(packed(counts, most))
    assert [at for group in groups for at in group] == list(range(len(counts)))
    for group in groups:
        assert len(group) == 1 or sum(counts[at] for at in group) <= most
