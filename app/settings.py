"""Settings: `config/settings.toml`, overridden by HANDSHAKE_SECTION__KEY; all errors at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from app.core.errors import ConfigError
from app.core.ladder import RUNGS, wrong_rungs, wrong_waits
from app.core.lexicon import LANGUAGES
from app.core.windows import MOST as MOST_WINDOWS

ROOT = Path(os.environ.get("HANDSHAKE_HOME") or Path(__file__).resolve().parent.parent)
MODELS = ROOT / "models" / "sentiment"
IDENTITY = ROOT / "models" / "identity" / "weights.toml"
CONFIG = Path(os.environ.get("HANDSHAKE_CONFIG") or ROOT / "config")


_T = TypeVar("_T")
_OTHER_SECTIONS = ("tools", "tests")  # read by tools/ and tests/, not by the product


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _right(value: _T, problem: str) -> _T:
    if problem:
        raise PydanticCustomError("wrong", problem)
    return value


class Kafka(_Section):
    bootstrap: str = ""
    group: str = "handshake-triage"
    partitions: int = Field(4, ge=1)
    fetch_wait_ms: int = Field(20, ge=1)
    batch: int = Field(64, ge=1, le=1024)
    batch_within_ms: int = Field(10, ge=1)
    # Set by `up`: the embedded broker forgets, so what is older than it must be sent again.
    embedded_since_ms: int = 0


class Redis(_Section):
    url: str = ""
    socket_timeout_s: float = Field(5.0, gt=0)


class Store(_Section):
    url: str = ""


class Web(_Section):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    session_hours: float = Field(12, gt=0)
    # Names under which browsers reach us, beside loopback: any other Host header is refused.
    trusted_hosts: tuple[str, ...] = ()
    max_body_bytes: int = Field(4_194_304, gt=0)


class Chat(_Section):
    on: bool = False


class Sla(_Section):
    window_s: float = Field(1800.0, gt=0)
    at_risk_share: float = Field(0.8, gt=0, lt=1)


class Offer(_Section):
    expires_s: float = Field(20.0, gt=0)
    grace_s: float = Field(15.0, gt=0)
    gone_s: float = Field(120.0, gt=0)
    sticky_s: float = Field(30.0, ge=0)
    sticky_days: float = Field(30.0, ge=0)
    feedback_hours: float = Field(24.0, ge=0)


class Scoring(_Section):
    model: str = "sentiment-l6"
    cascade: tuple[str, ...] = Field(("sentiment-fast", "sentiment-l6"), min_length=2, max_length=2)
    escalate: float = Field(0.375, gt=0, lt=1)
    fast: str = "sentiment-fast"
    others: str = ""
    windows: int = Field(MOST_WINDOWS, ge=1, le=20)
    lexicon: tuple[str, ...] = ("en",)
    ladder: tuple[str, ...] = RUNGS
    until_ms: tuple[int, ...] = Field((1000, 4000, 15000), validate_default=True)
    calm_s: float = Field(10.0, ge=0)
    budget_s: float = Field(5.0, gt=0)
    retry_s: float = Field(30.0, gt=0)
    micro_batch: int = Field(8, ge=1)
    reload_s: float = Field(2.0, gt=0)

    @field_validator("ladder")
    @classmethod
    def _rungs(cls, ladder: tuple[str, ...]) -> tuple[str, ...]:
        return _right(ladder, wrong_rungs(ladder))

    @field_validator("until_ms")
    @classmethod
    def _waits(cls, until_ms: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        ladder = info.data.get("ladder")
        return _right(until_ms, wrong_waits(ladder, until_ms) if ladder else "")

    @field_validator("lexicon")
    @classmethod
    def _languages(cls, lexicon: tuple[str, ...]) -> tuple[str, ...]:
        foreign = {*lexicon} - {*LANGUAGES}
        return _right(lexicon, f"expected some of {', '.join(LANGUAGES)}" if foreign else "")


class Labels(_Section):
    per_day: int = Field(40, ge=0)
    unsupported_per_day: int = Field(10, ge=0)
    unsure_below: float = Field(0.7, gt=0, le=1)


class Reconcile(_Section):
    after_s: float = Field(60.0, ge=0)
    every_s: float = Field(2.0, gt=0)


class Profiles(_Section):
    trusted: tuple[str, ...] = ("crm", "support", "rewards", "credit")
    max_file_bytes: int = Field(2_147_483_648, gt=0)


class Demo(_Section):
    on: bool = True
    rate: float = Field(1.0, ge=0)
    speed: float = Field(1.0, gt=0)
    seed: int = 7


class Settings(BaseSettings):
    """Everything an operator can set. Precedence: file < environment < flag."""

    model_config = SettingsConfigDict(
        env_prefix="HANDSHAKE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        toml_file=CONFIG / "settings.toml",
    )

    kafka: Kafka = Kafka()
    redis: Redis = Redis()
    store: Store = Store()
    web: Web = Web()
    chat: Chat = Chat()
    sla: Sla = Sla()
    offer: Offer = Offer()
    scoring: Scoring = Scoring()
    labels: Labels = Labels()
    reconcile: Reconcile = Reconcile()
    profiles: Profiles = Profiles()
    demo: Demo = Demo()
    data_dir: Path = ROOT / "var"
    secret: str = Field(default="", repr=False)  # the intake key; `up` makes one
    webhook_secret: str = Field(default="", repr=False)  # whsec_...; `up` makes one
    handoffs: dict[str, str] = Field(default={}, repr=False)  # NAME_SECRET of each partner
    channels: dict[str, str] = Field(default={}, repr=False)  # NAME_SECRET of each webhook channel

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def chat_open(self) -> bool:
        """May strangers write at /chat? Where they could come from elsewhere, only when asked."""
        near = self.web.host in ("127.0.0.1", "::1", "localhost")
        return self.chat.on or (self.demo.on and near)

    @property
    def store_url(self) -> str:
        return self.store.url or f"sqlite:///{self.data_dir / 'handshake.db'}"


def load(**flags: Any) -> Settings:
    """Read the settings; raise `ConfigError` listing every wrong key and where it stands."""
    if unknown := _unknown_sections():
        raise ConfigError(unknown)
    try:
        return Settings(**flags)
    except ValidationError as error:
        raise ConfigError([_sentence(problem) for problem in error.errors()]) from None
    except SettingsError as error:  # a section given as a text that is no JSON
        raise ConfigError([f"environment: {error}"]) from None
    except ValueError as error:  # the TOML itself does not parse
        raise ConfigError([f"config/settings.toml: {error}"]) from None


def _unknown_sections() -> list[str]:
    """Sections in the environment that nobody reads: a typo there would go unnoticed."""
    known = {*Settings.model_fields, *_OTHER_SECTIONS}
    names = [n for n in os.environ if n.startswith("HANDSHAKE_") and "__" in n]
    return [
        f"environment {name}: expected one of the sections {', '.join(sorted(known))}"
        for name in sorted(names)
        if name.removeprefix("HANDSHAKE_").split("__")[0].lower() not in known
    ]


def place(*loc: str | int) -> str:
    """Where a setting stands, and its key, for whoever is told that it is wrong."""
    env = "HANDSHAKE_" + "__".join(str(part).upper() for part in loc)
    where = f"environment {env}" if env in os.environ else "config/settings.toml"
    return f"{where}: {'.'.join(str(part) for part in loc)}"


def _sentence(problem: Any) -> str:
    came = "" if problem["type"] == "extra_forbidden" else f", got {problem['input']!r}"
    return f"{place(*problem['loc'])}: {problem['msg']}{came}"
