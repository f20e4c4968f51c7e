"""Folders of a node: where a run works, what object storage keeps of it for another node, copies of remote inputs."""

import hashlib
import os
import tempfile
import uuid
from pathlib import Path

import fsspec

from workers import store

KEPT = "kept.json"


def work_folder(uri: str) -> Path:
    """Where the run works; the same path in every attempt, as the training state names its inputs by path."""
    if store.is_local(uri):
        path = store.local_path(uri)
    else:
        path = cache_folder() / "work" / hashlib.sha256(uri.encode()).hexdigest()[:24]
    path.mkdir(parents=True, exist_ok=True)
    return path


def cache_folder() -> Path:
    """Copies of remote inputs, kept between runs on a node."""
    path = Path(tempfile.gettempdir()) / f"roundtable-cache-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise PermissionError(f"expected {path} to be ours, got a folder of user {path.stat().st_uid}; remove it")
    return path


def keep(work: Path, work_uri: str) -> None:
    """Object storage: put the work folder beside the one kept before, then point to it, so that half of one is never restored.

    Called between two steps, when nothing in the folder is being written.
    """
    filesystem, root = fsspec.core.url_to_fs(work_uri)
    pointer = store.join(work_uri, KEPT)
    before = store.read_json(pointer)["folder"] if store.exists(pointer) else ""
    name = f"kept-{uuid.uuid4().hex}"
    for file in sorted(work.rglob("*")):
        if file.is_file():
            store.put_file(file, store.join(work_uri, name, file.relative_to(work).as_posix()))
    store.write_json(pointer, {"folder": name})
    if before:
        filesystem.rm(f"{root}/{before}", recursive=True)


def restore(work_uri: str, work: Path) -> None:
    """Object storage: go on from what an attempt on another node kept."""
    pointer = store.join(work_uri, KEPT)
    if store.exists(pointer):
        filesystem, root = fsspec.core.url_to_fs(work_uri)
        filesystem.get(f"{root}/{store.read_json(pointer)['folder']}/", f"{work}/", recursive=True)
