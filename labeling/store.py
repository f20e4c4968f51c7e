"""The store of files that the site and its background jobs share with the trainers: a local folder or object storage.

A thin layer over fsspec. A name is relative to the root (STORAGE_URL); a written file appears whole or not at all.
"""

import os
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Any

import fsspec


class Store:
    """Files under one root URL, for example file:///srv/store or s3://bucket/folder."""

    def __init__(self, url: str) -> None:
        self._fs, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")
        self._url = url.rstrip("/")

    def uri(self, name: str) -> str:
        """The full address of a name, as stored in rows and given to trainers."""
        return f"{self._url}/{_checked(name)}"

    def name(self, uri: str) -> str:
        """The name of an address that `uri` gave."""
        if not uri.startswith(self._url + "/"):
            raise ValueError(f"expected an address below {self._url}, got {uri}; was STORAGE_URL changed?")
        return _checked(uri[len(self._url) + 1 :])

    @contextmanager
    def open_write(self, name: str) -> Iterator[IO[bytes]]:
        """Opens a new file; it appears under its name only when the block ends without an error."""
        path = self._path(name)
        temporary = posixpath.join(posixpath.dirname(path), f".writing-{uuid.uuid4().hex}-{posixpath.basename(path)}")
        self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
        try:
            with self._fs.open(temporary, "wb") as file:
                yield file
                file.flush()
                if hasattr(file, "fileno") and "file" in _protocols(self._fs):
                    os.fsync(file.fileno())
            self._fs.mv(temporary, path)
        except BaseException:
            if self._fs.exists(temporary):
                self._fs.rm(temporary)
            raise

    def write_bytes(self, name: str, content: bytes) -> None:
        with self.open_write(name) as file:
            file.write(content)

    def open_read(self, name: str) -> IO[bytes]:
        return self._fs.open(self._path(name), "rb")  # type: ignore[no-any-return]

    def read_bytes(self, name: str) -> bytes:
        with self.open_read(name) as file:
            return file.read()

    def read_text(self, name: str) -> str:
        return self.read_bytes(name).decode("utf-8")

    def read_from(self, name: str, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`; nothing when the file does not exist yet or ends before `offset`."""
        if not self.exists(name) or offset >= self.size(name):
            return b""
        with self.open_read(name) as file:
            file.seek(offset)
            return file.read(limit)

    def exists(self, name: str) -> bool:
        self._fs.invalidate_cache()
        return bool(self._fs.exists(self._path(name)))

    def size(self, name: str) -> int:
        return int(self._fs.size(self._path(name)))

    def list(self, folder: str) -> list[str]:
        """The names of the files directly inside a folder, sorted; temporary files are left out."""
        path = self._path(folder)
        self._fs.invalidate_cache()
        if not self._fs.exists(path):
            return []
        found = [posixpath.basename(str(entry).rstrip("/")) for entry in self._fs.ls(path, detail=False)]
        return sorted(name for name in found if not name.startswith(".writing-"))

    def _path(self, name: str) -> str:
        return posixpath.join(self._root, _checked(name))


@lru_cache
def store_open(url: str) -> Store:
    """The store at an address; one object per address and process."""
    return Store(url)


def _protocols(filesystem: Any) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _checked(name: str) -> str:
    if not name or name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"expected a relative name without '..', got {name!r}")
    return name
