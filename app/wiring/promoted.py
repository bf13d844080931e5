"""Which model is live here: a promoted one whose files are whole, else that of the setting."""

from __future__ import annotations

import sqlalchemy as sa
import structlog

from app.adapters.ladder_scorer import LadderScorer
from app.adapters.model_files import ModelFiles, find
from app.adapters.model_shelf import Shelf
from app.adapters.store.database import Database
from app.adapters.store.model_changes import live
from app.core.errors import ConfigError, Unavailable
from app.core.ladder import FULL, LEXICON
from app.core.model_changes import ModelChange
from app.settings import MODELS, Settings
from app.wiring.scoring import scorer

log = structlog.get_logger()


def shelf_of(settings: Settings) -> Shelf:
    """Where promoted models lie on this machine."""
    return Shelf(settings.data_dir.resolve() / "models")


def known(database: Database) -> ModelChange | None:
    """The promotion that is live, as far as the store can be asked; for who has no event loop."""
    try:
        return database.run_now(live, reading=True)
    except (Unavailable, sa.exc.ProgrammingError):  # away, or of before there were promotions
        return None


def promoted_files(settings: Settings, database: Database | None) -> ModelFiles | None:
    """The files of the promoted model; None where there is none, or where they are not whole here.

    So judges who asks about one mention, as a worker of this machine does after a start.
    """
    change = known(database) if database else None
    if change is None:
        return None
    try:
        return shelf_of(settings).find(change.digest, change.name)
    except ConfigError as error:
        log.warning("promoted_model_not_here", model=change.to_tag, problems=error.problems)
        return None


def live_files(settings: Settings, database: Database | None) -> ModelFiles:
    """The files of the model that is live here. Raises ConfigError."""
    return promoted_files(settings, database) or find(MODELS, settings.scoring.model)


def alone(settings: Settings, files: ModelFiles) -> LadderScorer:
    """This model as workers ask it in peace, whichever rungs there are. Raises ConfigError."""
    rungs = {"ladder": (FULL, LEXICON), "until_ms": (1,)}
    return scorer(settings.scoring.model_copy(update=rungs), lambda: 0, lambda: files)
