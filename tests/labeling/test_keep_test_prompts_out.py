"""Test prompts and texts for pretraining: whichever comes second is refused when it holds, or is in, the other."""

import pytest

from labeling.rounds import imports
from labeling.rounds.held_out import HeldOut
from labeling.rounds.models import Corpus, Import, Prompt
from labeling.rounds.splits import split_of
from tests.labeling.site_cast import cast_make, import_file, jsonl, store_url, upload

pytestmark = pytest.mark.django_db(transaction=True)


def asked(number):
    return f"How many of the {number} lamps along the harbour wall burn at night?"


def first_of(split):
    return next(n for n in range(1000) if split_of([{"role": "user", "content": asked(n)}]) == split)


TEST, TRAIN = asked(first_of("test")), asked(first_of("train"))


@pytest.fixture
def cast(tmp_path, settings):
    settings.STORAGE_URL = store_url(tmp_path)
    return cast_make()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("She said: how many of the\n3 LAMPS burn at night -- tell me! And left.", "long"),
        ("How many of the 4 lamps burn at night, tell me", ""),
        ("How many of the 3 lamps burn at night tell you", ""),
        ("how many of the 3", ""),
        ("Good  morning.", "short"),
        ("Good morning, she said when he came into the kitchen.", ""),
        ("", ""),
    ],
)
def test_a_message_is_found_whatever_its_spacing_case_and_punctuation(text, name):
    held_out = HeldOut([("long", "How many of the 3 lamps burn at night, tell me"), ("short", "Good morning!")])
    assert held_out.found_in(text) == name


def test_a_text_that_holds_a_test_prompt_is_refused_by_line_and_no_corpus_appears(cast):
    import_file(cast, "prompts", "p.jsonl", jsonl([{"prompt_id": "t", "prompt": TEST}, {"prompt": TRAIN}]))
    texts = [{"text": f"A note. {TRAIN}"}, {"text": f"Question:\n{TEST.upper()}\nAnswer: all."}]
    found = import_file(cast, "texts", "a.jsonl", jsonl(texts))
    assert (found.state, [(error["line"], error["field"]) for error in found.row_errors]) == ("refused", [(2, "text")])
    assert "'t'" in found.row_errors[0]["message"]
    assert not Corpus.objects.exists()
    assert import_file(cast, "texts", "b.jsonl", jsonl(texts[:1])).state == "done"


def test_a_test_prompt_that_a_text_holds_is_refused_and_a_train_prompt_is_not(cast):
    texts = [{"text": f"Two questions: {TRAIN} {TEST}"}]
    assert import_file(cast, "texts", "harbour.jsonl", jsonl(texts)).state == "done"
    found = import_file(cast, "prompts", "p.jsonl", jsonl([{"prompt": TRAIN}, {"prompt": TEST}]))
    assert (found.state, [error["line"] for error in found.row_errors]) == ("refused", [2])
    assert "'harbour'" in found.row_errors[0]["message"]
    assert not Prompt.objects.exists()
    assert import_file(cast, "prompts", "q.jsonl", jsonl([{"prompt": TRAIN}])).state == "done"


def test_a_prompt_imported_while_the_texts_are_read_is_seen_too(cast, monkeypatch):
    reply = upload(cast, "texts", "a.jsonl", jsonl([{"text": TEST}]))
    copy = imports.texts_copy

    def copy_slowly(*arguments):
        result = copy(*arguments)
        assert import_file(cast, "prompts", "p.jsonl", jsonl([{"prompt": TEST}])).state == "done"
        return result

    monkeypatch.setattr(imports, "texts_copy", copy_slowly)
    imports.import_execute(reply.json()["id"], lambda progress: True, {})
    found = Import.objects.get(pk=reply.json()["id"])
    assert (found.state, Corpus.objects.count()) == ("refused", 0)
    assert "at the same time" in found.reason
