"""Lets Maven, where it is installed, copy jars by its own settings and proxies."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

# By its full coordinates: the short prefix asks the registry which version is newest today.
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
TIMEOUT_S = 540  # a first run also fetches the plugin's own 5 MB of jars
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>handshake.tools</groupId><artifactId>kafka</artifactId><version>1</version>
<packaging>pom</packaging>
{repositories}<dependencies>
{dependencies}
</dependencies></project>
"""
_EXCLUDE_ALL = (
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
)


def available() -> bool:
    """Say whether mvn is on PATH."""
    return shutil.which("mvn") is not None


def copy_jars(
    coordinates: Iterable[str], target: Path, repository: str = "", transitive: bool = False
) -> str:
    """Copy the jars into target, flat; return Maven's complaint, empty when it has none."""
    layout = "true" if transitive else "false"
    with tempfile.TemporaryDirectory(prefix="handshake-maven-") as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(_pom(coordinates, repository, transitive), encoding="utf-8")
        command = [
            "mvn",
            "-B",
            "-ntp",
            "-q",
            "-f",
            str(pom),
            PLUGIN,
            f"-DoutputDirectory={target.resolve()}",
            f"-Dmdep.useRepositoryLayout={layout}",
            "-DincludeScope=runtime",
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"mvn did not finish: {error}"
    return "" if done.returncode == 0 else _complaint(done.stdout + done.stderr)


def _pom(coordinates: Iterable[str], repository: str, transitive: bool) -> str:
    # The lock names every jar, so Maven must add none of its own choice.
    exclusions = "" if transitive else _EXCLUDE_ALL
    dependencies = []
    for line in coordinates:
        group, artifact, version = (escape(part) for part in line.split(":"))
        dependencies.append(
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}"
            f"</artifactId><version>{version}</version>{exclusions}</dependency>"
        )
    repositories = ""
    if repository:
        # The id `central` replaces Maven's built-in one instead of joining it.
        inner = f"<id>central</id><url>{escape(repository)}</url>"
        repositories = (
            f"<repositories><repository>{inner}</repository></repositories>\n<pluginRepositories>"
            f"<pluginRepository>{inner}</pluginRepository></pluginRepositories>\n"
        )
    return _POM.format(repositories=repositories, dependencies="\n".join(dependencies))


def _complaint(output: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    errors = [line for line in plain.splitlines() if "ERROR" in line]
    first = errors[0] if errors else (plain.strip().splitlines() or ["no output"])[-1]
    return f"mvn failed: {first.replace('[ERROR]', '').split(' -> ')[0].strip()}"
