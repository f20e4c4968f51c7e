"""The folder and the port that `up` takes: checked before anything starts, held while it runs."""

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import IO, Any

from labeling.local.processes import LocalServiceError

MARKER = ".roundtable"
KNOWN_NAMES = {MARKER, "local", "store", "models", "secret_key", "demo", "bench", "logs"}


def folder_claim(var: Path) -> None:
    """`var` is ours to write: empty, or marked by an earlier start."""
    if var.exists() and not var.is_dir():
        raise LocalServiceError(f"{var} is a file, expected a folder: move it away or set ROUNDTABLE_VAR.")
    try:
        var.mkdir(parents=True, exist_ok=True)
        owner = var.stat().st_uid
        strangers = sorted(
            {path.name for path in var.iterdir() if not path.name.startswith(".secret_key")} - KNOWN_NAMES
        )
        if owner != os.getuid():
            raise LocalServiceError(
                f"{var} belongs to user {owner}, and we are user {os.getuid()}: set ROUNDTABLE_VAR to a folder of your own."
            )
        if strangers and not (var / MARKER).exists():
            raise LocalServiceError(
                f"{var} holds files that are not ours ({strangers[0]}): set ROUNDTABLE_VAR to an empty folder."
            )
        (var / MARKER).touch()
        (var / "local").mkdir(mode=0o755, exist_ok=True)
    except OSError as error:
        raise LocalServiceError(
            f"{var} cannot be written ({error.strerror}): set ROUNDTABLE_VAR to a folder of your own."
        ) from error


def lock_take(var: Path, url: str) -> IO[str]:
    """The lock that only one `up` holds; the kernel frees it when its process is gone, however it went."""
    file = (var / "local" / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = _other(file.read())
        raise LocalServiceError(
            f"Roundtable already runs here{other}. Stop it with Ctrl-C there, or set ROUNDTABLE_VAR."
        ) from None
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "url": url}, file)
    file.flush()
    return file


def _other(text: str) -> str:
    try:
        held: dict[str, Any] = json.loads(text)
    except ValueError:
        return ""
    return f": {held['url']} (process {held['pid']})"


def port_check(host: str, port: int) -> None:
    """Nobody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalServiceError(
                f"Port {port} is taken ({error.strerror}): choose another with `make up PORT={port + 1}`, or stop what uses it."
            ) from error
