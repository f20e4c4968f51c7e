"""A small HTTP/1.1 client for load: one kept connection per person, JSON in and out. Knows nothing of what it asks for.

Written for little work per request, because the load shares its machine with the server that it measures.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Person:
    """One client: its headers (who it is) and its connection, opened when needed."""

    host: str
    port: int
    headers: dict[str, str]
    _reader: asyncio.StreamReader | None = field(default=None, repr=False)
    _writer: asyncio.StreamWriter | None = field(default=None, repr=False)

    async def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The status and the decoded reply. A kept connection that the server has closed meanwhile is opened again, once."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in {**self.headers, **(headers or {})}.items()]
        request = "\r\n".join([*lines, "Content-Type: application/json", "\r\n"]).encode() + content
        is_kept = self._writer is not None
        try:
            return await self._exchange(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not is_kept:
                raise
            return await self._exchange(request)

    async def _exchange(self, request: bytes) -> tuple[int, Any]:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n"))
        }
        ends_by_closing = False
        if status == 204:
            content = b""
        elif fields.get("transfer-encoding") == "chunked":
            content = await self._chunks()
        elif "content-length" in fields:
            content = await self._reader.readexactly(int(fields["content-length"]))
        else:
            ends_by_closing, content = True, await self._reader.read()
        if ends_by_closing or fields.get("connection", "").lower() == "close":
            self.close()
        is_json = fields.get("content-type", "").startswith("application/json")
        return status, json.loads(content) if is_json and content else content

    async def _chunks(self) -> bytes:
        assert self._reader is not None
        content = b""
        while size := int(await self._reader.readline(), 16):
            content += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return content

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
