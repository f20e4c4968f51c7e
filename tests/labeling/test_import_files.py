"""Imports: what enters, what is refused and why, and that nothing enters by halves."""

import gzip
import json
import lzma

import pytest

from labeling.feedback.imports import import_run
from labeling.feedback.models import Completion, Demonstration, RankedCompletion, Ranking
from labeling.jobs.models import Job
from labeling.rounds.imports import Tally, import_end, import_give_up
from labeling.rounds.models import Corpus, Import, Prompt
from labeling.rounds.splits import split_of
from labeling.store import store_open
from tests.labeling.site_cast import cast_make, import_file, jsonl, store_url, upload

pytestmark = pytest.mark.django_db(transaction=True)
PROMPTS = [{"prompt_id": f"p{i}", "prompt": f"How many legs have {i} hares?"} for i in range(30)]


@pytest.fixture
def cast(tmp_path, settings):
    settings.STORAGE_URL = store_url(tmp_path)
    return cast_make()


def test_upload_queues_one_job_and_stores_the_file(cast):
    reply = upload(cast, "prompts", "prompts.jsonl", jsonl(PROMPTS))
    found = Import.objects.get(pk=reply.json()["id"])
    assert Job.objects.filter(name="import_rows", key=str(found.pk)).count() == 1
    assert found.bytes_total == len(jsonl(PROMPTS))


@pytest.mark.parametrize(
    ("name", "pack"), [("a.jsonl", bytes), ("a.jsonl.gz", gzip.compress), ("a.jsonl.xz", lzma.compress)]
)
def test_prompts_enter_with_their_split_from_each_packing(cast, name, pack):
    found = import_file(cast, "prompts", name, pack(jsonl(PROMPTS)))
    assert (found.state, found.rows_done, found.reason) == ("done", 30, "")
    assert found.bytes_done == found.bytes_total
    prompt = Prompt.objects.get(external_id="p3")
    assert prompt.messages == [{"role": "user", "content": "How many legs have 3 hares?"}]
    assert prompt.split == split_of(prompt.messages)


def test_prompts_of_one_contributor_share_a_split(cast):
    rows = [{**row, "contributor": f"c{index % 3}"} for index, row in enumerate(PROMPTS)]
    import_file(cast, "prompts", "a.jsonl", jsonl(rows))
    pairs = set(Prompt.objects.values_list("contributor", "split"))
    assert len(pairs) == 3


def test_csv_with_a_header_enters(cast):
    rows = 'prompt_id,prompt,contributor\nx1,"Two lines\nof text",ada\nx2,Short,ada\n'
    found = import_file(cast, "prompts", "a.csv", rows.encode())
    assert (found.state, found.rows_done) == ("done", 2)
    assert Prompt.objects.get(external_id="x1").messages[0]["content"] == "Two lines\nof text"


def test_prompts_say_which_language_and_expertise_they_ask_for(cast):
    rows = "prompt_id,prompt,language,expertise\nx1,Was ist das?,DE,law\nx2,What is it?,,\n"
    assert import_file(cast, "prompts", "a.csv", rows.encode()).state == "done"
    asked = dict(Prompt.objects.values_list("external_id", "metadata"))
    assert asked == {"x1": {"language": "de", "expertise": "law"}, "x2": {}}
    in_metadata = [{"prompt": "Mitä?", "metadata": {"language": "FI", "source": "web"}}]
    assert import_file(cast, "prompts", "b.jsonl", jsonl(in_metadata)).state == "done"
    assert Prompt.objects.latest("pk").metadata == {"language": "fi", "source": "web"}


def test_a_language_or_expertise_that_is_no_code_is_refused(cast):
    rows = [{"prompt": "a", "language": "German"}, {"prompt": "b", "metadata": {"expertise": ["law"]}}]
    found = import_file(cast, "prompts", "a.jsonl", jsonl(rows))
    assert [(error["line"], error["field"]) for error in found.row_errors] == [(1, "language"), (2, "expertise")]
    assert "'german'" in found.row_errors[0]["message"]


def test_csv_of_rankings_has_numbered_columns(cast):
    rows = "prompt,completion_1,completion_2,rank_1,rank_2\nHi,a,b,2,1\nHo,a,b,2,\n"
    found = import_file(cast, "rankings", "a.csv", rows.encode())
    assert [(error["line"], error["field"]) for error in found.row_errors] == [(3, "ranks")]
    whole = import_file(cast, "rankings", "b.csv", (rows[:-4] + ",2,1\n").encode())
    assert (whole.state, whole.rows_done) == ("done", 2), whole.row_errors


def test_what_only_looks_like_a_number_is_refused_with_its_line(cast):
    """A superscript two is a digit to str.isdigit(), and none to int()."""
    rows = "prompt,completion_1,completion_2,rank_1,rank_2,seconds\nHi,a,b,\u00b2,1,\nHo,a,b,2,1,1\u00b2\n"
    found = import_file(cast, "rankings", "a.csv", rows.encode())
    assert [(error["line"], error["field"]) for error in found.row_errors] == [(2, "ranks"), (3, "seconds")]


def test_values_nested_without_end_are_refused_with_their_line(cast):
    nested = "[" * 300 + "]" * 300
    content = jsonl([PROMPTS[0]]) + f'{{"prompt": "Hi", "metadata": {{"a": {nested}}}}}\n'.encode()
    found = import_file(cast, "prompts", "a.jsonl", content)
    assert (found.state, [error["line"] for error in found.row_errors]) == ("refused", [2])
    shallow = content.replace(nested.encode(), b"[" * 90 + b"]" * 90)
    assert import_file(cast, "prompts", "b.jsonl", shallow).state == "done"


def test_one_wrong_row_keeps_all_rows_out_and_is_named(cast):
    rows = [*PROMPTS[:5], {"prompt": ""}, {"text": "no prompt"}]
    content = jsonl(rows) + b'{"prompt": "a\\u0000b"}\n{broken\n'
    found = import_file(cast, "prompts", "a.jsonl", content)
    assert (found.state, found.rows_done, found.rows_refused) == ("refused", 0, 4)
    assert [(error["line"], error["field"]) for error in found.row_errors] == [
        (6, "prompt.0"),
        (7, "prompt"),
        (8, "prompt"),
        (9, ""),
    ]
    assert "Mend" in found.reason
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("a.csv", b'prompt,use_case\n"",open_qa\n', 2, "Expected a field 'prompt' that is not empty, got only 'use_case'."),
        ("a.jsonl", b"not json\n", 1, "Expected one JSON object, got 'not json': Expecting value, character 1."),
        ("a.jsonl", b"\xff\xd8\xff", 1, "Expected text in UTF-8, got other bytes. Save the file as JSON lines or CSV in UTF-8."),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_in_words_of_the_file(cast, name, content, line, message):
    found = import_file(cast, "prompts", name, content)
    assert [(error["line"], error["message"]) for error in found.row_errors] == [(line, message)]
    assert found.reason.startswith("One row is wrong")


def test_only_the_first_200_wrong_rows_are_kept(cast):
    found = import_file(cast, "prompts", "a.jsonl", b"[]\n" * 300)
    assert (found.rows_refused, len(found.row_errors)) == (300, 200)


def test_truncated_gzip_is_refused_with_a_reason(cast):
    found = import_file(cast, "prompts", "a.jsonl.gz", gzip.compress(jsonl(PROMPTS) * 50)[:-20])
    assert found.state == "refused"
    assert "compressed" in found.reason
    assert not Prompt.objects.exists()


def test_running_the_job_again_changes_nothing(cast):
    found = import_file(cast, "prompts", "a.jsonl", jsonl(PROMPTS))
    import_run(found.pk, lambda progress: True)
    assert Prompt.objects.count() == 30


def test_crash_in_the_middle_leaves_nothing_and_a_second_run_finishes(cast, monkeypatch):
    monkeypatch.setattr("labeling.rounds.imports.BATCH_ROWS", 10)
    monkeypatch.setattr("labeling.rounds.imports.PROGRESS_SECONDS", 0)
    reply = upload(cast, "prompts", "a.jsonl", jsonl(PROMPTS))
    seen = []

    def heartbeat(progress):
        state = Import.objects.get(pk=reply.json()["id"])
        seen.append((state.rows_done, Prompt.objects.count()))
        if len(seen) == 2:
            raise ConnectionError("the worker dies")

    with pytest.raises(ConnectionError):
        import_run(reply.json()["id"], heartbeat)
    assert seen == [(10, 0), (20, 0)], "progress is visible before the rows are"
    assert not Prompt.objects.exists()
    import_run(reply.json()["id"], lambda progress: True)
    assert Prompt.objects.count() == 30
    assert Import.objects.get().state == "done"


def test_same_prompt_again_is_shared_and_another_text_under_its_id_is_refused(cast):
    import_file(cast, "prompts", "a.jsonl", jsonl(PROMPTS))
    assert import_file(cast, "prompts", "b.jsonl", jsonl(PROMPTS[:3])).state == "done"
    assert Prompt.objects.count() == 30
    other = import_file(cast, "prompts", "c.jsonl", jsonl([{"prompt_id": "p1", "prompt": "Something else"}]))
    assert other.row_errors[0]["field"] == "prompt_id"


def test_lopsided_import_is_refused_and_a_dominant_contributor_is_not(cast):
    few = [{"prompt": f"Question {i}", "contributor": f"c{i % 12}"} for i in range(240)]
    shares = {split_of([], f"c{i}") for i in range(12)}
    found = import_file(cast, "prompts", "a.jsonl", jsonl(few))
    assert ("test" in shares and "validation" in shares) or found.state == "refused", "no contributor fell into a split"
    one = [{"prompt": f"Riddle {i}", "contributor": "solo"} for i in range(240)]
    assert import_file(cast, "prompts", "b.jsonl", jsonl(one)).state == "done"


def test_demonstrations_make_their_prompts(cast):
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = [{"messages": talk, "labeler": "ann"}, {"prompt": "Bye", "completion": "See you"}]
    assert import_file(cast, "demonstrations", "a.jsonl", jsonl(rows)).state == "done"
    first = Demonstration.objects.get(import_line=1)
    assert first.messages[-1] == {"role": "assistant", "content": "Hello", "weight": 1}
    assert first.prompt.messages == [{"role": "user", "content": "Hi"}]
    assert first.labeler_name == "ann"
    assert Demonstration.objects.count() == Prompt.objects.count() == 2


def test_rankings_make_completions_with_dense_ranks(cast):
    row = {"prompt": "Hi", "completions": ["a", "b", "c"], "ranks": [3, 1, 1], "ratings": [{"helpful": 1}, {}, {}]}
    assert import_file(cast, "rankings", "a.jsonl", jsonl([row])).state == "done"
    ranking = Ranking.objects.get()
    placed = RankedCompletion.objects.filter(ranking=ranking).order_by("id")
    assert [(item.completion.text, item.rank) for item in placed] == [("a", 2), ("b", 1), ("c", 1)]
    assert placed[0].ratings == {"helpful": 1}
    assert Completion.objects.filter(checkpoint=None).count() == 3


def test_ranking_without_a_rank_for_each_completion_is_refused(cast):
    row = {"prompt": "Hi", "completions": ["a", "b"], "ranks": [1]}
    found = import_file(cast, "rankings", "a.jsonl", jsonl([row]))
    assert found.row_errors == [
        {"line": 1, "field": "ranks", "message": "Expected one rank for each of 2 completions, got 1."}
    ]


def test_texts_become_a_corpus_in_the_store(cast, settings):
    found = import_file(cast, "texts", "stories.jsonl", jsonl([{"text": "Once.", "title": "A"}, {"text": "Twice."}]))
    assert found.state == "done", found.reason
    corpus = Corpus.objects.get()
    assert (corpus.name, corpus.num_documents, corpus.num_characters) == ("stories", 2, 11)
    store = store_open(settings.STORAGE_URL)
    lines = gzip.decompress(store.read_bytes(store.name(corpus.uri))).decode().splitlines()
    assert json.loads(lines[0]) == {"text": "Once.", "title": "A"}


def test_unknown_ending_is_refused_at_upload(cast):
    reply = upload(cast, "prompts", "a.xlsx", b"x")
    assert reply.status_code == 400
    assert ".jsonl" in reply.json()["error"]["message"]


def test_prompts_are_found_by_split_and_text(cast):
    import_file(cast, "prompts", "a.jsonl", jsonl(PROMPTS))
    client = cast.client("engineer")
    found = client.get(f"{cast.path}/prompts?search=have 7 HARES").json()
    assert [row["external_id"] for row in found["results"]] == ["p7"]
    whole = {
        split: client.get(f"{cast.path}/prompts?split={split}").json()["count"]
        for split in ("train", "validation", "test")
    }
    assert sum(whole.values()) == 30


def test_a_late_error_of_an_attempt_that_was_given_up_does_not_undo_a_done_import(cast):
    found = import_file(cast, "prompts", "a.jsonl", jsonl(PROMPTS))
    import_end(found, Import.State.FAILED, Tally(), "JobTaken: it went on in another worker")
    import_give_up(found.pk, "the worker died 5 times")
    found.refresh_from_db()
    assert (found.state, found.rows_done, found.reason) == ("done", 30, "")


def test_an_import_whose_workers_died_says_so(cast):
    reply = upload(cast, "prompts", "prompts.jsonl", jsonl(PROMPTS))
    Import.objects.update(state=Import.State.RUNNING)
    import_give_up(reply.json()["id"], "the worker died 5 times")
    found = Import.objects.get()
    assert (found.state, Prompt.objects.count()) == ("failed", 0)
    assert "given up: the worker died 5 times" in found.reason


def test_ratings_that_are_no_whole_numbers_are_refused(cast):
    """They would break every page that shows the ranking."""
    row = {"prompt": "Hi", "completions": ["a", "b"], "ranks": [1, 2]}
    rows = [{**row, "ratings": [{"helpful": "great"}, {}]}, {**row, "flags": [[1], []]}]
    found = import_file(cast, "rankings", "a.jsonl", jsonl(rows))
    assert [(error["line"], error["field"]) for error in found.row_errors] == [(1, "ratings"), (2, "flags")]
