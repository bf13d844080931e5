"""An explanation for people, in a terminal: one block for each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MARKS = {"hit": "[green]✓ holds[/]", "miss": "✗ does not", "error": "[red]! error[/]"}
_NOT_REACHED = "[dim]· not asked[/]"


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print it."""
    out = console or Console()
    said, score = found["parse"], found["score"]
    _step(out, "parse", f"{said['channel']}, {said['author']['handle']}, {said['mention_id']}")
    out.print(escape(visible(str(said["text"]))), highlight=False)
    follows = ", goes on with one of their own" if found["dedupe"]["follows_up"] else ""
    _step(out, "dedupe", found["dedupe"]["standing"] + follows)
    mood = score["sentiment"]
    _step(
        out, "score",
        f"{mood['label']} {mood['confidence']:.2f}{_doubt(score)},"
        f" {score['intent']}{_heard(score)},"
        f" urgency {score['urgency']:.2f} ({', '.join(score['urgency_why']) or 'no evidence'}),"
        f" pillar {score['pillar']} ({', '.join(score['pillar_why']) or 'no evidence'}),"
        f" language {score['lang']}, model {score['model']}",
    )  # fmt: skip
    _step(out, "identify", found["identify"]["handle_key"])
    profile = found["join"]["fields"]
    about = f", {profile['name']}, tier {profile['tier'] or 'none'}" if profile else ""
    answer, missing = found["join"]["feedback_to"], found["join"]["missing"]
    rest = f", feedback to {answer['rep']}" if answer else ""
    rest += f"; nobody told: {', '.join(missing)}" if missing else ""
    _step(out, "join", f"profile {found['join']['profile']}{about}{rest}")
    _rules(out, found)
    _decision(out, found)
    _clocks(out, found["sla"])
    enqueued = found["enqueue"]
    facts = f"facts {', '.join(enqueued['facts'])}; nothing was written"
    _step(out, "enqueue", f"{enqueued['outcome']}; {facts}")
    _events(out, found["events"])
    _later(out, found)
    if recorded := found.get("recorded"):
        kinds = ", ".join(sorted({name.partition(".")[0] for name in recorded["untold"]}))
        untold = f"; some of {kinds} was not recorded then" if kinds else ""
        _step(
            out, "recorded",
            f"{recorded['queue'] or 'closed'} by {recorded['rule']} under {recorded['version']};"
            f" decided again from its values: {recorded['reevaluated']}{untold}",
        )  # fmt: skip


def _doubt(score: Mapping[str, Any]) -> str:
    """Why the confidence is below the probability, where it is."""
    mood = score["sentiment"]
    given = mood.get(mood["label"], mood["confidence"])
    less = score["irony"] and mood["confidence"] < given
    return f" (of {given:.2f}, as it sounds ironic)" if less else ""


def _heard(score: Mapping[str, Any]) -> str:
    """What the heads of the model say, where it has any."""
    known = (name for name in ("complaint", "irony") if score[name] is not None)
    said = [f"{name} {score[name]:.2f}" for name in known]
    said += [f"emotion {score['emotion']}"] if score["emotion"] else []
    return f" ({', '.join(said)})" if said else ""


def _step(out: Console, name: str, text: str) -> None:
    out.print(f"[bold cyan]{name:<9}[/]{escape(visible(text))}", highlight=False)


def visible(text: str) -> str:
    """A stranger's text as a terminal may have it: what would steer it is shown, not done."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _rules(out: Console, found: Mapping[str, Any]) -> None:
    values = ", ".join(
        f"{name} = {value!r}" for name, value in found["values"].items() if name != "mention.text"
    )
    _step(out, "decide", f"rules {found['decide']['version']} over {values}")
    table = Table("rule", "", "why, or what failed")
    for one in found["rules"]:
        failed = [
            f"{part['condition']} (at {part['at']}): {part['error'] or part['values']}"
            for part in one["failed"]
        ]
        table.add_row(
            escape(one["rule"]),
            _MARKS.get(one["result"], _NOT_REACHED),
            escape(
                "; ".join(failed) or one["detail"] or (one["why"] if one["result"] == "hit" else "")
            ),
        )
    out.print(table)


def _events(out: Console, events: Sequence[Mapping[str, Any]]) -> None:
    """What rules were asked since the mention was recorded, and what those that held did."""
    for event in events:
        _step(
            out, "event", f"{event['event']} {_moment(event['at_ms'])} {event['problem']}".strip()
        )
        table = Table("rule", "", "what it did, or why it did not act")
        did = {act["rule"]: act for act in event["acts"]}
        for one in event["rules"]:
            said = _did(did[one["rule"]]) if one["rule"] in did else one["detail"]
            table.add_row(escape(one["rule"]), _MARKS.get(one["result"], ""), escape(visible(said)))
        out.print(table)


def _did(act: Mapping[str, Any]) -> str:
    if act["stopped"]:
        return f"not fired because {act['stopped']}"
    named = (
        ("priority", str(act["priority"] or "")), ("queue", act["queue"]),
        ("label", ", ".join(act["labels"])), ("handed to", ", ".join(act["handed_to"])),
        ("told", ", ".join(act["told"])), ("sent", "a reply" if act["replied"] else ""),
    )  # fmt: skip
    did = "; ".join(f"{name} {value}" for name, value in named if value)
    refused = [said for said in act["done"].values() if said != "done"]
    return f"{did} ({'; '.join(refused)})" if refused else did


def _later(out: Console, found: Mapping[str, Any]) -> None:
    rules = found["later"]
    if not rules:
        task = found["enqueue"]["task"]
        _step(out, "later", "no rule may ask" if task else "no task, so no rule asks")
        return
    _step(out, "later", "these rules may ask about its task")
    table = Table("rule", "on", "when")
    for one in rules:
        after = f" {one['after_s']:g} s" if one["after_s"] else ""
        for_others = "" if one["fits"] else " (for others)"
        when = escape(visible(one["when"]))
        table.add_row(escape(one["rule"]), f"{one['on']}{after}{for_others}", when)
    out.print(table)


def _decision(out: Console, found: Mapping[str, Any]) -> None:
    made = found["decide"]
    where = f"queue {made['queue']}, priority {made['priority']}" if made["queue"] else "closed"
    skills = f", skills {', '.join(made['skills'])}" if made["skills"] else ""
    _step(out, "", f"→ {where}{skills} by {made['rule']}: {made['why']}")


def _clocks(out: Console, clocks: Mapping[str, Any]) -> None:
    if not clocks:
        _step(out, "sla", "no task, no clock")
        return
    moments = ", ".join(
        f"{name} {_moment(clocks[f'{name}_ms'])}"
        for name in ("detected", "half", "at_risk", "due", "resolution_due")
        if clocks[f"{name}_ms"]
    )
    rule = f"{clocks['clock']}, {clocks['window_s']:g} s by policy {clocks['policy']}"
    _step(out, "sla", f"{rule}: {moments}")


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
