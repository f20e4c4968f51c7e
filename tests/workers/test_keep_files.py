"""What the trainers' side leaves in the store: nothing lost when the store is away for a moment, nothing half taken for whole."""

import json
import uuid
from pathlib import Path

import fsspec
import pytest

from tests.workers.conftest import wait_for
from workers import events, store
from workers.events import EventWriter
from workers.folders import keep, restore


@pytest.fixture
def remote() -> str:
    """An address of object storage; fsspec's own in memory, whose folders, like a bucket's, appear file by file."""
    return f"memory://{uuid.uuid4().hex}"


def stored_events(folder: Path) -> list[tuple[str, list[int]]]:
    parts = sorted((folder / "events").glob("*.jsonl"))
    return [(part.name, [json.loads(line)["sequence"] for line in part.read_text().splitlines()]) for part in parts]


def test_events_wait_while_the_store_is_away_and_a_part_keeps_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FLUSH_SECONDS", 0.02)
    attempts: list[tuple[str, bytes]] = []
    write_bytes = store.write_bytes

    def sometimes(uri: str, content: bytes) -> None:
        attempts.append((uri, content))
        if len(attempts) < 4:
            raise OSError("storage is away")
        write_bytes(uri, content)

    monkeypatch.setattr(store, "write_bytes", sometimes)
    writer = EventWriter(str(tmp_path), 8, tmp_path)
    writer.report("log", {"text": "first"})
    wait_for(lambda: len(attempts) >= 2, 5, "the events to be tried twice")
    writer.report("log", {"text": "second"})
    wait_for(lambda: len(attempts) >= 4, 5, "the events to be tried until they are taken")
    writer.close()
    assert stored_events(tmp_path) == [("000000008.jsonl", [8]), ("000000009.jsonl", [9])]
    assert len({content for uri, content in attempts if uri.endswith("8.jsonl")}) == 1
    assert "the store did not take the events, they wait: OSError: storage is away" in writer.log_path.read_text()


def test_text_that_is_no_unicode_is_reported_with_a_question_mark(tmp_path: Path) -> None:
    writer = EventWriter(str(tmp_path), 1, tmp_path)
    writer.report("log", {"text": "file \udcff"})  # as Python reads a file name that is not UTF-8
    writer.close()
    assert json.loads((tmp_path / "events" / "000000001.jsonl").read_text())["text"] == "file ?"
    assert writer.log_path.read_text() == "file ?\n"


def test_an_event_that_is_no_json_fails_where_it_is_reported(tmp_path: Path) -> None:
    writer = EventWriter(str(tmp_path), 1, tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        writer.report("metric", {"nested": {"loss": float("nan")}})
    writer.report("metric", {"loss": float("nan")})
    writer.close()
    assert stored_events(tmp_path) == [("000000001.jsonl", [1])]


def test_a_remote_log_is_stored_when_it_grew(tmp_path: Path, remote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write_bytes = store.write_bytes
    monkeypatch.setattr(store, "write_bytes", lambda uri, content: (written.append(uri), write_bytes(uri, content)))
    writer = EventWriter(remote, 1, tmp_path)
    writer.write_log("one\n")
    writer.flush()
    writer.flush()
    writer.close()
    assert written == [f"{remote}/log.txt"]
    assert store.read_bytes(f"{remote}/log.txt") == b"one\n"


def folder_of(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def test_half_an_uploaded_checkpoint_is_made_whole(tmp_path: Path, remote: str) -> None:
    source = folder_of(tmp_path / "model", **{"config.json": "{}", "model.safetensors": "weights", "sub/x": "x"})
    uri = f"{remote}/checkpoints/abc"
    store.write_bytes(f"{uri}/config.json", b"{}")  # what an upload that was cut off left
    store.put_folder(source, uri)
    assert store.sha256_of_folder(uri) == store.sha256_of_folder(str(source))
    store.put_folder(source, uri)
    assert store.sha256_of_folder(uri) == store.sha256_of_folder(str(source))


def test_an_upload_that_is_cut_off_leaves_what_was_kept_before(
    tmp_path: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = folder_of(tmp_path / "work", **{"state/state.pt": "step 1", "state/identity.json": "{}"})
    restore(remote, folder_of(tmp_path / "none", x="x"))
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["x"]
    keep(work, remote)
    folder_of(work, **{"state/state.pt": "step 2", "model/config.json": "{}"})
    put_file = store.put_file

    def cut_off(source: Path, uri: str) -> None:
        if source.name == "state.pt":
            raise OSError("killed")
        put_file(source, uri)

    with monkeypatch.context() as patched:
        patched.setattr(store, "put_file", cut_off)
        with pytest.raises(OSError, match="killed"):
            keep(work, remote)
    restore(remote, tmp_path / "other")
    assert (tmp_path / "other" / "state" / "state.pt").read_text() == "step 1"
    assert not (tmp_path / "other" / "model").exists()
    keep(work, remote)
    restore(remote, tmp_path / "third")
    assert (tmp_path / "third" / "state" / "state.pt").read_text() == "step 2"
    filesystem, root = fsspec.core.url_to_fs(remote)
    assert sum("state.pt" in name for name in filesystem.find(root)) == 1
