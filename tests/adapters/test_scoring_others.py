"""Other languages: judged by a model of their own where there is one, else honestly by nobody."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from app.adapters.ladder_scorer import Limits
from app.adapters.language import Language
from app.adapters.model_files import find
from app.adapters.model_files import problems as problems_of
from app.adapters.onnx_scorer import Model
from app.core.errors import ConfigError
from app.core.score import NOT_SCORED, UNSUPPORTED, Score
from tests.adapters import tiny_onnx
from tests.adapters.scoring_house import FAST, L6, MULTI, Hangs, House
from tests.builders import mention

SHIPPED = Path(__file__).parents[2] / "models" / "sentiment"


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture
def house(language: Language) -> House:
    return House(language, others=frozenset({"de", "en", "fr"}))


async def said(house: House, *given: tuple[str, str]) -> list[Score]:
    return await house.scorer.score(
        [mention(str(i), text=text, lang=lang) for i, (lang, text) in enumerate(given)]
    )


@pytest.mark.parametrize("waited_ms", [0, 2_000, 5_000])
async def test_a_language_that_only_the_other_model_knows_is_judged_by_it_on_every_rung(
    house: House, waited_ms: int
) -> None:
    """A1.11: and what the main models know stays theirs, what nobody knows unsupported."""
    house.waited_ms = waited_ms
    given = [("de", "bad"), ("en", "bad"), ("fr", "90 pour cent"), ("ja", "bad")]
    german, english, french, japanese = await said(house, *given)
    assert (german.model, german.sentiment.label) == ("multi@1", "negative")
    assert english.model in ("l6@1", "fast@1")
    assert (french.model, french.sentiment.confidence) == ("multi@1", 0.9)
    assert japanese.sentiment == NOT_SCORED
    assert house.models[MULTI].asked == [["bad", "90 pour cent"]]


async def test_without_such_a_model_other_languages_are_unsupported(language: Language) -> None:
    house = House(language)
    [score] = await said(house, ("de", "bad"))
    assert (score.sentiment, score.model) == (NOT_SCORED, "l6@1")


async def test_on_the_lexicon_other_languages_stay_what_they_were(house: House) -> None:
    house.waited_ms = 20_000
    [score] = await said(house, ("de", "schlecht"))
    assert (score.sentiment.label, score.model) == (UNSUPPORTED, "lexicon")
    assert not house.models[MULTI].asked


@pytest.mark.parametrize("broken", [Hangs(), RuntimeError("broken")])
async def test_where_the_other_model_breaks_its_mentions_are_unsupported_and_it_is_told(
    house: House, broken: BaseException
) -> None:
    """A1.11: nothing else changes: the ladder stays where it is."""
    house.models[MULTI].broken = broken
    german, english = await said(house, ("de", "bad"), ("en", "bad"))
    assert (german.sentiment, english.model) == (NOT_SCORED, "l6@1")
    assert [reason.split(",")[0] for reason in house.facts()] == ["model multi@1 is out"]
    assert (house.steps(), house.tiers.well) == ([], False)
    asked = len(house.models[MULTI].asked)
    await said(house, ("de", "bad"))
    assert len(house.models[MULTI].asked) == asked


@pytest.mark.parametrize("broken", [Hangs(), RuntimeError("broken")])
async def test_where_the_other_model_breaks_the_words_judge_the_languages_that_they_may(
    language: Language, broken: BaseException
) -> None:
    """A1.11: while it is asked and breaks, and while it is out."""
    limits = Limits(lexicon=frozenset({"en", "de"}))
    house = House(language, others=frozenset({"de", "fr"}), limits=limits)
    house.models[MULTI].broken = broken
    for _ in range(2):
        german, french, english = await said(house, ("de", "schlecht"), ("fr", "mal"), ("en", "ok"))
        assert (german.model, german.sentiment.label) == ("lexicon", "negative")
        assert (french.model, french.sentiment) == ("l6@1", NOT_SCORED)
        assert english.model == "l6@1"


async def test_a_text_that_the_other_model_stumbles_over_is_unsupported_by_itself(
    house: House,
) -> None:
    [score] = await said(house, ("de", "raise"))
    assert score.sentiment == NOT_SCORED
    [score] = await said(house, ("de", "bad"))
    assert score.sentiment.label == "negative"


async def test_where_the_main_models_are_out_the_words_judge_other_languages_too(
    house: House,
) -> None:
    house.models[L6].broken = house.models[FAST].broken = Hangs()
    german, english = await said(house, ("de", "bad"), ("en", "bad"))
    assert (german.sentiment.label, english.model) == (UNSUPPORTED, "lexicon")


async def test_a_long_text_of_another_language_is_read_by_windows_too(house: House) -> None:
    sentences = [f"{mood} " + "Tag " * 50 + "ist um." for mood in ("good", "bad", "bad")]
    [score] = await said(house, ("de", " ".join(sentences)))
    assert score.sentiment.label == "negative"
    assert house.models[MULTI].asked == [sentences]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manifest with a further model: of other languages, with a tokenizer of its own.

    The more tokens a text has, the worse it is; that tokenizer adds no marks at either end.
    """
    for path in (SHIPPED / "tokenizer.json", *SHIPPED.glob("*.onnx")):
        (tmp_path / path.name).symlink_to(path)
    shutil.copy(SHIPPED / "manifest.toml", tmp_path)
    model = tiny_onnx.model({"logits": ([2.0, 0.0, -2.0], [-4.0, 0.0, 4.0])})
    (tmp_path / "tiny.onnx").write_bytes(model)
    own = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    own.pre_tokenizer = Whitespace()
    own.save(str(tmp_path / "tiny.json"))
    with (tmp_path / "manifest.toml").open("a", encoding="utf-8") as file:
        file.write(
            f"""
[model.tiny]
languages = ["de", "nl"]
{named(tmp_path / "tiny.onnx")}
[model.tiny.tokenizer]
{named(tmp_path / "tiny.json")}"""
        )
    return tmp_path


def named(path: Path) -> str:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    return f'file = "{path.name}"\nsha256 = "{found}"\n'


async def test_a_model_of_the_manifest_judges_its_own_languages_with_its_own_tokenizer(
    language: Language, folder: Path
) -> None:
    files = find(folder, "tiny")
    assert (files.languages, files.tokenizer.name) == ({"de", "nl"}, "tiny.json")
    assert find(folder, "sentiment-fast").languages == {"en"}
    house = House(language, others=files.languages)
    house.tiers.swap({**house.models, MULTI: Model(files)})  # type: ignore[dict-item]
    good, bad, english = await said(
        house, ("de", "gut"), ("nl", "dat is echt slecht"), ("en", "gut")
    )
    assert [score.sentiment.label for score in (good, bad)] == ["positive", "negative"]
    assert good.model == bad.model == files.tag
    assert english.model == "l6@1"


def refused(folder: Path, old: str, new: str) -> str:
    path = folder / "manifest.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigError) as told:
        find(folder, "tiny")
    assert told.value.problems == problems_of(folder, [])
    return "\n".join(told.value.problems)


@pytest.mark.parametrize("given", ["[]", '["German"]', '["de", ""]'])
def test_languages_of_a_model_that_are_none_are_told_with_file_and_key(
    folder: Path, given: str
) -> None:
    told = refused(folder, '["de", "nl"]', given)
    assert f"{folder / 'manifest.toml'}: model.tiny.languages: expected codes" in told


def test_a_tokenizer_of_a_model_is_held_to_its_hash(folder: Path) -> None:
    """A model that reads the pieces of another one says nonsense, with confidence."""
    (folder / "tiny.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match=r"tiny\.json: not the file of the manifest"):
        find(folder, "tiny")
    assert [problem for problem in problems_of(folder, []) if "tiny.json" in problem]
