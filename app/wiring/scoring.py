"""The scorer and its models, as the settings name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.adapters import model_files
from app.adapters.ladder_scorer import LadderScorer, Limits
from app.adapters.language import Language
from app.adapters.model_files import ModelFiles, find
from app.adapters.onnx_scorer import Model
from app.adapters.tiers import OTHERS, Plan, Tiers
from app.core.errors import ConfigError
from app.core.ladder import CASCADE, FAST, FULL, LEXICON, Ladder
from app.settings import MODELS, Scoring, place
from app.wiring.base import system_ms

# The model to take in the place of `scoring.model`, its files checked anew each time; None: that
# of the setting. Raises ConfigError.
Promoted = Callable[[], ModelFiles | None]


def none_promoted() -> None:
    """The setting says which model is live."""


def scorer(
    scoring: Scoring, waited_ms: Callable[[], int], promoted: Promoted = none_promoted
) -> LadderScorer:
    """All rungs of the ladder, loaded and warm. Raises ConfigError."""
    tiers = Tiers(
        plan=_plan(scoring),
        models=models(scoring, promoted),
        load=lambda name: _model(scoring, name, promoted),
        retry_ms=round(scoring.retry_s * 1000),
        now_ms=system_ms,
    )
    ladder = Ladder(
        rungs=scoring.ladder,
        until_ms=scoring.until_ms,
        calm_ms=round(scoring.calm_s * 1000),
    )
    limits = Limits(
        budget_s=scoring.budget_s,
        micro_batch=scoring.micro_batch,
        escalate=scoring.escalate,
        lexicon=frozenset(scoring.lexicon),
        windows=scoring.windows,
    )
    return LadderScorer(
        tiers=tiers,
        language=Language(),
        ladder=ladder,
        limits=limits,
        waited_ms=waited_ms,
        now_ms=system_ms,
    )


def patient(scoring: Scoring, promoted: Promoted = none_promoted) -> LadderScorer:
    """The top of the ladder alone, for who asks about one mention and can wait. Raises ConfigError.

    It judges as a worker does in peace.
    """
    rungs = tuple(dict.fromkeys((scoring.ladder[0], LEXICON)))
    alone = scoring.model_copy(update={"ladder": rungs, "until_ms": (1,) * (len(rungs) - 1)})
    return scorer(alone, lambda: 0, promoted)


def models(scoring: Scoring, promoted: Promoted = none_promoted) -> Mapping[str, Model]:
    """Every model that is needed, by name. Raises ConfigError where one is wrong."""
    names = _plan(scoring).names(scoring.ladder)
    loaded = {name: _model(scoring, name, promoted) for name in names}
    if wrong := wrong_languages(scoring, {name: one.files for name, one in loaded.items()}):
        raise ConfigError(wrong)
    return loaded


def problems(scoring: Scoring) -> list[str]:
    """What is wrong with the models that the settings name, or with any file of the manifest."""
    needed = _named(scoring)
    if found := model_files.problems(MODELS, needed):
        return found
    return wrong_languages(scoring, {name: find(MODELS, name) for _, name in needed})


def _named(scoring: Scoring) -> list[tuple[str, str]]:
    """The models that are needed, as pairs: the setting that names it, and its name."""
    plan = _plan(scoring)
    keys = {FULL: "model", CASCADE: "cascade", FAST: "fast", OTHERS: "others"}
    needed = (rung for rung in keys if rung in (FULL, OTHERS, *scoring.ladder))
    return [(place("scoring", keys[rung]), name) for rung in needed for name in plan.of(rung)]


def wrong_languages(scoring: Scoring, files: Mapping[str, ModelFiles]) -> list[str]:
    """A model of a lower rung must know what that of `full` does; the one of `others`, more."""
    known = files[scoring.model].languages
    listed, found = ", ".join(sorted(known)), []
    for where, name in _named(scoring):
        knows = files[name].languages
        got = f"got {name!r} with {', '.join(sorted(knows))}"
        if where == place("scoring", "others"):
            if not knows - known:
                found.append(f"{where}: expected a model for other languages than {listed}, {got}")
        elif not known <= knows:
            found.append(f"{where}: expected a model for {listed}, as scoring.model is, {got}")
    return found


def _plan(scoring: Scoring) -> Plan:
    return Plan(
        full=scoring.model, cascade=scoring.cascade, fast=scoring.fast, others=scoring.others
    )


def by_rung(scoring: Scoring) -> Mapping[str, tuple[str, ...]]:
    """The names of the models that each rung of the ladder asks, from the top down."""
    plan = _plan(scoring)
    return {rung: plan.of(rung) for rung in scoring.ladder}


def _model(scoring: Scoring, name: str, promoted: Promoted) -> Model:
    found = promoted() if name == scoring.model else None
    return Model(found or find(MODELS, name), scoring.micro_batch)
