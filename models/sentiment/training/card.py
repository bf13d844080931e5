"""The card that a training writes: what it made, from what, and how good it is by validation texts.

What only the product can measure (other sets, speed, the ladder) stands in the card that people
write, CARD.md, which links to this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from models.sentiment.training.manifest import SUFFIX, Shipped
from models.sentiment.training.sources import Source, files_of

NAME: Final = "TRAINED.md"  # beside the card that people write, never over it
_MEGABYTE: Final = 1e6
_WRITTEN: Final = "| `texts/` | as they stand in this commit | Apache-2.0, of this project |"


def write(
    folder: Path,
    shipped: Sequence[Shipped],
    learned: Sequence[Source],
    judged_by: Sequence[Source],
    earlier: Sequence[str] = (),
) -> None:
    """Write the card beside the models of `folder`."""
    lines = [
        "# What this training made", "", *_files(folder, shipped), "", *_mean(earlier),
        "## On the validation texts", "",
        "The temperatures were fitted on these very texts. Figures in percent.",
        "", *_figures(shipped), "",
        "## Learned from", "", *_sources(learned), _WRITTEN, "",
        "## Judged by, and never learned from", "", *_sources(judged_by),
    ]  # fmt: skip
    (folder / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _mean(earlier: Sequence[str]) -> Iterator[str]:
    if earlier:
        names = ", ".join(f"`{name}`" for name in earlier)
        yield f"The encoder is the mean of its own two and of earlier trainings' {names}."
        yield ""


def _files(folder: Path, shipped: Sequence[Shipped]) -> Iterator[str]:
    yield from ("| file | heads beside the sentiment | languages | MB |", "|---|---|---|---|")
    for one in shipped:
        file = folder / f"{one.name}{SUFFIX}"
        heads, languages = ", ".join(one.heads) or "none", ", ".join(one.languages) or "en"
        size = file.stat().st_size / _MEGABYTE
        yield f"| `{file.name}` | {heads} | {languages} | {size:.1f} |"


def _figures(shipped: Sequence[Shipped]) -> Iterator[str]:
    told = ("macro recall", "accuracy", "macro F1", "calibration error", "temperature")
    yield f"| model | head | texts | {' | '.join(told)} |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in shipped:
        for judged in one.judged:
            found = judged.report()
            shares = (found.macro_recall, found.accuracy, found.macro_f1, found.ece)
            percent = " | ".join(f"{100 * share:.1f}" for share in shares)
            yield f"| {one.name} | {judged.head} | {found.n} | {percent} | {judged.temperature} |"
        unjudged = [head for head in one.heads if head not in {each.head for each in one.judged}]
        for head in unjudged:
            yield f"| {one.name} | {head} | none are labelled for it | | | | | 1.0 |"


def _sources(sources: Sequence[Source]) -> Iterator[str]:
    yield from ("| file | sha256 (of two files: of one after the other) | terms |", "|---|---|---|")
    for source in sources:
        files = " and ".join(f"`{file}`" for file in files_of(Path(source.file)))
        yield f"| {files} | {source.sha256} | {source.licence} |"
