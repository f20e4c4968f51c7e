"""Telling a name on the hub from a path, so that a typing mistake in a path is not looked for on the hub. Imports no torch."""

from pathlib import Path


def is_hub_name(given: str) -> bool:
    """NAME or OWNER/NAME. Where a folder OWNER lies here, a path is meant: better an error now than a search on the hub."""
    parts = given.split("/")
    return len(parts) <= 2 and all(parts) and parts[0] not in (".", "..", "~") and not Path(parts[0]).exists()
