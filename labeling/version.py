"""The version of the code that is running: site, worker and cluster jobs must agree on it."""

import hashlib
from functools import lru_cache
from pathlib import Path

from labeling import __version__

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("labeling", "rlhf", "workers")


@lru_cache(maxsize=1)
def code_version() -> str:
    """The release and a short hash over every Python file of ours, e.g. `0.1.0+3fa9c1d2e4b5`; read once a process."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"
