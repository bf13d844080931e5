"""Writes jars.lock anew: `python -m tools.kafka.relock 4.3.1` (needs mvn; review the diff)."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from tools.kafka import maven
from tools.kafka.jars import ENV_REPOSITORY, LOCK_FILE

# Kafka publishes no logger binding; this one writes to stderr, which goes to kafka.log.
LOGGER = "org.slf4j:slf4j-simple:1.7.36"
HEADER = f"""# The jars of one Kafka broker: group:artifact:version sha256
# Made by `python -m tools.kafka.relock VERSION`; {ENV_REPOSITORY} may name another repository.
"""


def relock(version: str) -> int:
    """Let Maven resolve the broker's tree and lock what came; return the number of jars."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        wanted = [f"org.apache.kafka:kafka_2.13:{version}", LOGGER]
        repository = os.environ.get(ENV_REPOSITORY, "")
        complaint = maven.copy_jars(wanted, root, repository, transitive=True)
        if complaint:
            raise SystemExit(complaint)
        lines = sorted(_line(root, jar) for jar in root.rglob("*.jar"))
    LOCK_FILE.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _line(root: Path, jar: Path) -> str:
    *group, artifact, version = jar.parent.relative_to(root).parts
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    return f"{'.'.join(group)}:{artifact}:{version} {digest}"


if __name__ == "__main__":
    versions = sys.argv[1:]
    if len(versions) != 1:
        raise SystemExit("usage: python -m tools.kafka.relock VERSION")
    print(f"{relock(versions[0])} jars locked in {LOCK_FILE.name}")
