"""The trainers' side of the store: files and folders at addresses (file://..., s3://...) through fsspec.

A written file or folder appears whole or not at all. Imports no Django: this runs on nodes that have no database password.
"""

import hashlib
import json
import os
import posixpath
import shutil
import uuid
from pathlib import Path
from typing import Any

import fsspec

WRITING = ".writing-"


def is_local(uri: str) -> bool:
    """Whether the address is a path of this machine."""
    return "://" not in uri or uri.startswith("file://")


def local_path(uri: str) -> Path:
    """The path behind a local address."""
    return Path(uri.removeprefix("file://"))


def join(uri: str, *names: str) -> str:
    return posixpath.join(uri, *names)


def read_bytes(uri: str) -> bytes:
    filesystem, path = fsspec.core.url_to_fs(uri)
    content: bytes = filesystem.cat_file(path)
    return content


def read_json(uri: str) -> Any:
    return json.loads(read_bytes(uri))


def exists(uri: str) -> bool:
    filesystem, path = fsspec.core.url_to_fs(uri)
    filesystem.invalidate_cache()
    return bool(filesystem.exists(path))


def write_bytes(uri: str, content: bytes) -> None:
    """Write a file that appears whole or not at all. Object storage does so by itself."""
    if not is_local(uri):
        filesystem, path = fsspec.core.url_to_fs(uri)
        filesystem.pipe_file(path, content)
        return
    path = local_path(uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{WRITING}{uuid.uuid4().hex}-{path.name}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_json(uri: str, value: Any) -> None:
    write_bytes(uri, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def list_names(uri: str) -> list[str]:
    """Names directly inside a folder, sorted; empty when there is no such folder."""
    filesystem, path = fsspec.core.url_to_fs(uri)
    filesystem.invalidate_cache()
    if not filesystem.exists(path):
        return []
    names = (posixpath.basename(str(entry).rstrip("/")) for entry in filesystem.ls(path, detail=False))
    return sorted(name for name in names if name and not name.startswith(WRITING))


def fetch(uri: str, cache: Path) -> Path:
    """A local path of the file or folder: its own when it is local, else a copy below `cache`, made once per address."""
    if is_local(uri):
        path = local_path(uri)
        if not path.exists():
            raise FileNotFoundError(
                f"expected {uri} in the store, found nothing; was it removed, or was STORAGE_URL changed?"
            )
        return path
    target = cache / hashlib.sha256(uri.encode()).hexdigest()[:24] / posixpath.basename(uri.rstrip("/"))
    if not target.exists():
        filesystem, path = fsspec.core.url_to_fs(uri)
        temporary = target.with_name(f"{WRITING}{uuid.uuid4().hex}")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        filesystem.get(path, str(temporary), recursive=True)
        _rename_unless_there(temporary, target)
    return target


def put_file(source: Path, uri: str) -> None:
    """Put a file into object storage, in place of an older one."""
    filesystem, path = fsspec.core.url_to_fs(uri)
    filesystem.put_file(str(source), path)


def put_folder(source: Path, uri: str) -> None:
    """Put a finished folder under an address, unless it is there. Local: hard links, so that weights are not copied.

    Object storage takes file by file, so a folder that is there may be half of one that was cut off: its hash decides.
    """
    if not is_local(uri):
        if not exists(uri) or sha256_of_folder(uri) != sha256_of_folder(str(source)):
            filesystem, path = fsspec.core.url_to_fs(uri)
            filesystem.put(str(source).rstrip("/") + "/", path.rstrip("/") + "/", recursive=True)
        return
    if exists(uri):
        return
    target = local_path(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{WRITING}{uuid.uuid4().hex}-{target.name}")
    shutil.copytree(source, temporary, copy_function=_link_or_copy)
    _rename_unless_there(temporary, target)


def _rename_unless_there(temporary: Path, target: Path) -> None:
    """Another process may have been quicker; then its copy stays."""
    try:
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not target.exists():
            raise


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def sha256_of_folder(uri: str) -> str:
    """One hash of every file's path and bytes, in the order of the paths; the same as the trainers compute for a folder."""
    filesystem, root = fsspec.core.url_to_fs(uri)
    filesystem.invalidate_cache()
    total = hashlib.sha256()
    names = sorted(Path(posixpath.relpath(str(path), root)) for path in filesystem.find(root))
    for name in names:
        digest = hashlib.sha256()
        with filesystem.open(posixpath.join(root, name.as_posix()), "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        total.update(f"{name.as_posix()}\0{digest.hexdigest()}\n".encode())
    return total.hexdigest()


def num_parameters(folder: Path) -> int:
    """Numbers in the safetensors files of a folder, read from their headers."""
    count = 0
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        for name, entry in header.items():
            if name != "__metadata__":
                size = 1
                for length in entry["shape"]:
                    size *= length
                count += size
    return count
