"""Brings the pinned jars of Kafka into a cache folder and checks every one by its sha256."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx

from tools.kafka import maven
from tools.kafka.errors import KafkaToolError

LOCK_FILE = Path(__file__).with_name("jars.lock")
ENV_REPOSITORY = "HANDSHAKE_TOOLS__MAVEN_REPOSITORY"
ENV_CACHE = "HANDSHAKE_TOOLS__KAFKA_CACHE"
DOWNLOAD_TIMEOUT_S = 60  # per read, not per file: a slow line may still finish the 10 MB jar


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The file name that Maven gives it."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Its place in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def read_lock(path: Path = LOCK_FILE) -> list[Jar]:
    """Read `group:artifact:version sha256` lines; # starts a comment."""
    jars = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def kafka_version(jars: Iterable[Jar]) -> str:
    """Return the broker's version, for people and for the cache folder's name."""
    return next(jar.version for jar in jars if jar.artifact.startswith("kafka_"))


def cache_dir() -> Path:
    """Return the folder that holds one folder of jars per lock file."""
    chosen = os.environ.get(ENV_CACHE)
    return Path(chosen) if chosen else Path.home() / ".cache" / "handshake" / "kafka"


def ensure_jars(cache: Path | None = None) -> Path:
    """Return a folder with exactly the locked jars, fetched at most once per lock file."""
    jars = read_lock()
    lock_hash = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    folder = (cache or cache_dir()) / f"{kafka_version(jars)}-{lock_hash}"
    if not wrong_jars(folder, jars):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix="fetch-", dir=folder.parent))
    except OSError as error:
        raise KafkaToolError(f"The jar cache cannot be written: {error}") from error
    try:
        _fetch(jars, staging)
        # Renamed when whole: a killed download never looks like a finished one.
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
    except OSError as error:
        if wrong_jars(folder, jars):  # else another process was quicker, and its copy is good
            raise KafkaToolError(f"The jar cache cannot be written: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def wrong_jars(folder: Path, jars: Iterable[Jar]) -> list[str]:
    """Name the jars that are missing from the folder or differ from the lock."""
    return [jar.name for jar in jars if _sha256(folder / jar.name) != jar.sha256]


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(jars: list[Jar], staging: Path) -> None:
    base = repository_url()
    problem = "mvn is not on PATH"
    if maven.available():
        problem = maven.copy_jars(
            [f"{j.group}:{j.artifact}:{j.version}" for j in jars],
            staging,
            repository=os.environ.get(ENV_REPOSITORY, ""),
        )
    if wrong_jars(staging, jars) and base:
        problem = _download(jars, staging, base)
    wrong = wrong_jars(staging, jars)
    if wrong:
        hint = "" if base else f" Install Maven, or set {ENV_REPOSITORY} to a Maven repository."
        problem = problem or f"the sha256 differs from jars.lock ({', '.join(wrong[:3])})"
        raise KafkaToolError(
            f"{len(wrong)} of {len(jars)} jars of Kafka could not be had: {problem}.{hint}"
        )


def repository_url() -> str:
    """Return the repository to download from: the environment's, else a mirror in mvn's settings.

    No public address is built in: what a machine may reach is its owner's to say.
    """
    chosen = os.environ.get(ENV_REPOSITORY, "")
    return chosen.rstrip("/") or _mirror_in_settings(Path.home() / ".m2" / "settings.xml")


def _mirror_in_settings(settings: Path) -> str:
    try:
        root = ElementTree.parse(settings).getroot()  # noqa: S314 (the developer's own file)
    except (OSError, ElementTree.ParseError):
        return ""
    for mirror in root.iter():
        if mirror.tag.rpartition("}")[2] == "mirror":
            keys = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in mirror}
            if keys.get("mirrorOf") in ("*", "central", "external:*"):
                return keys.get("url", "").rstrip("/")
    return ""


def _download(jars: Iterable[Jar], staging: Path, base: str) -> str:
    """Fetch what is wrong or missing straight from the repository; return what went wrong."""
    try:
        with httpx.Client(timeout=DOWNLOAD_TIMEOUT_S, follow_redirects=True) as client:
            for jar in jars:
                target = staging / jar.name
                if _sha256(target) == jar.sha256:
                    continue
                with client.stream("GET", f"{base}/{jar.path}") as answer, target.open("wb") as out:
                    answer.raise_for_status()
                    for block in answer.iter_bytes():
                        out.write(block)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"the download failed: {str(error).splitlines()[0] or type(error).__name__}"
    return ""
