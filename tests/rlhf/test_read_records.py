"""The file contract: what is accepted, what is refused and with which words."""

import gzip
import json
import lzma
from pathlib import Path

import pytest

from rlhf.records import RecordError, dense_ranks, read_records, write_records


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.xz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    rows = [{"text": "one\nline \ue000 é"}, {"text": "two", "title": "t"}]
    assert write_records(tmp_path / name, rows) == 2
    assert list(read_records([tmp_path / name], "text")) == rows
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_compressed_files_are_really_compressed(tmp_path: Path) -> None:
    for name, opener in (("a.jsonl.gz", gzip.open), ("a.jsonl.xz", lzma.open)):
        write_records(tmp_path / name, [{"text": "x"}])
        with opener(tmp_path / name, "rt") as file:
            assert json.loads(file.read()) == {"text": "x"}


def test_ties_close_up() -> None:
    assert dense_ranks([1, 1, 3]) == [1, 1, 2]
    assert dense_ranks([5, 2, 9, 2]) == [2, 1, 3, 1]


def test_assistant_messages_weigh_one_by_default(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "assistant", "content": "c", "weight": 0},
    ]
    path = write_lines(tmp_path / "d.jsonl", json.dumps({"messages": messages}))
    (row,) = read_records([path], "demonstration")
    assert [message["weight"] for message in row["messages"]] == [0, 1, 0]


def test_prompt_and_completion_are_a_demonstration_of_the_completion_alone(tmp_path: Path) -> None:
    prompt = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "q2"},
    ]
    path = write_lines(
        tmp_path / "d.jsonl",
        json.dumps({"prompt": prompt, "completion": "a2"}),
        json.dumps({"prompt": "p", "completion": "c"}),
    )
    long, short = read_records([path], "demonstration")
    assert [(m["content"], m["weight"]) for m in long["messages"]] == [("q", 0), ("a", 0), ("q2", 0), ("a2", 1)]
    assert [(m["role"], m["content"], m["weight"]) for m in short["messages"]] == [
        ("user", "p", 0),
        ("assistant", "c", 1),
    ]


USER = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("kind", "row", "words"),
    [
        ("text", {"title": "x"}, "expected a field 'text', got the fields 'title'"),
        ("text", {"text": 5}, "expected 'text' to be a string, got int '5'"),
        ("demonstration", {"messages": USER}, "at least one message of weight 1"),
        (
            "demonstration",
            {"messages": [{"role": "bot", "content": ""}]},
            "role to be one of system, user, assistant, got str 'bot'",
        ),
        (
            "demonstration",
            {"messages": [{"role": "assistant", "content": "", "weight": 2}]},
            "weight to be 0 or 1, got int '2'",
        ),
        ("ranking", {"prompt": USER, "completions": ["a", "b"], "ranks": [1]}, "got 1 ranks for 2 completions"),
        ("ranking", {"prompt": USER, "completions": ["a", "b"], "ranks": [0, 1]}, "whole numbers from 1"),
        ("ranking", {"prompt": USER, "completions": ["a", "b"], "ranks": [1, True]}, "whole numbers from 1"),
        ("ranking", {"prompt": USER, "completions": ["a"], "ranks": [1]}, "at least 2 strings"),
        (
            "ranking",
            {"prompt": USER, "completions": ["a", "b"], "ranks": [1, 2], "weight": -1},
            "'weight' to be a number from 0",
        ),
        (
            "ranking",
            {"prompt": USER, "completions": ["a", "b"], "ranks": [1, 2], "weight": float("nan")},
            "'weight' to be a number from 0",
        ),
        ("text", {"text": "a \ud83d"}, "half of a surrogate pair"),
        ("prompt", {"prompt": []}, "non-empty list of messages"),
        ("completion", {"text": "a", "prompt_id": "1"}, "expected a field 'token_ids'"),
        ("event", {"sequence": 1, "time": 2, "kind": "other"}, "'kind' to be one of metric"),
    ],
)
def test_bad_row_names_file_line_and_reason(tmp_path: Path, kind: str, row: dict, words: str) -> None:
    path = write_lines(tmp_path / "bad.jsonl", "", json.dumps(row))
    with pytest.raises(RecordError) as raised:
        list(read_records([path], kind))
    assert f"{path}, line 2: {kind} record: " in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize("line", ["1" * 5000, "[" * 100_000, '{"text": ' + "[" * 100_000, "NaN", '"text"'])
def test_json_that_is_no_object_is_a_record_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(RecordError, match="line 1: text record: expected one JSON object"):
        list(read_records([write_lines(tmp_path / "a.jsonl", line)], "text"))


def test_escaped_pairs_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "\\ud83d\\ude00"}\n')
    assert list(read_records([tmp_path / "a.jsonl"], "text")) == [{"text": "\U0001f600"}]


def test_rows_before_the_bad_one_stream(tmp_path: Path) -> None:
    rows = read_records([write_lines(tmp_path / "a.jsonl", '{"text": "a"}', "{broken")], "text")
    assert next(rows) == {"text": "a"}
    with pytest.raises(RecordError, match="line 2: text record: expected one JSON object"):
        next(rows)


def test_unreadable_files_are_record_errors(tmp_path: Path) -> None:
    truncated = tmp_path / "a.jsonl.gz"
    truncated.write_bytes(gzip.compress(b'{"text": "a"}\n' * 500)[:-9])
    not_utf8 = tmp_path / "b.jsonl"
    not_utf8.write_bytes(b'{"text": "\xff"}\n')
    for path, words in (
        (truncated, "whole compressed file"),
        (not_utf8, "expected UTF-8"),
        (tmp_path / "none.jsonl", "readable file"),
        (write_lines(tmp_path / "a.csv", "x"), "ending in .jsonl"),
    ):
        with pytest.raises(RecordError, match=words):
            list(read_records([path], "text"))


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_records(tmp_path / "a.jsonl", [{"text": "old"}])
    with pytest.raises(TypeError):
        write_records(tmp_path / "a.jsonl", [{"text": "new"}, {"text": object()}])
    assert list(read_records([tmp_path / "a.jsonl"], "text")) == [{"text": "old"}]
    assert len(list(tmp_path.iterdir())) == 1
