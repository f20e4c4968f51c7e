"""The bundled domain is repeatable, divided by meaning, and readable by its own judge."""

import itertools

import pytest

from demo import domain, judge, words


def test_same_seed_makes_the_same_text() -> None:
    assert domain.prompts(1, 50) == domain.prompts(1, 50)
    assert domain.prompts(1, 50) != domain.prompts(2, 50)
    assert domain.demonstrations(1, 20) == domain.demonstrations(1, 20)
    assert list(domain.pretraining_texts(1, 20)) == list(domain.pretraining_texts(1, 20))


def test_prompts_are_distinct_and_bounded() -> None:
    records = domain.prompts(1, 4000)
    assert len({record["prompt_id"] for record in records}) == 4000
    assert len({record["prompt"][0]["content"] for record in records}) == 4000
    with pytest.raises(ValueError, match="ask for fewer"):
        domain.prompts(1, 10**6)


def test_no_request_is_shared_between_stages() -> None:
    asked = {judge.read_brief(record["prompt"]) for record in domain.prompts(1, 4000)}
    shown = {judge.read_brief(record["messages"]) for record in domain.demonstrations(1, 1500)}
    assert not asked & shown
    assert {brief.share for brief in asked} == {"prompts"}
    num_requests = 0
    for record in itertools.islice(domain.pretraining_texts(1), 500):
        lines = record["text"].splitlines()
        for above, line in itertools.pairwise(lines):
            if f"{above}\n" in [before for before, _ in domain.REQUEST_FORMATS]:
                brief = judge.read_brief([{"role": "user", "content": line}])
                assert brief.share == "pretraining"
                num_requests += 1
    assert num_requests > 500


def test_judge_reads_every_wording_of_a_request() -> None:
    for wording in words.REQUESTS:
        for tone, purpose, count in itertools.product(words.TONES, words.PURPOSES, words.COUNTS):
            phrase = words.PURPOSE_REQUESTS[purpose]
            text = wording.format(name="Anna", item="kettle", tone=tone, purpose=phrase, sentences=count)
            assert judge.read_brief([{"role": "user", "content": text}]) == ("Anna", "kettle", tone, purpose, count)


def test_demonstrations_are_of_mixed_quality() -> None:
    gold = [judge.gold(r["messages"][:1], r["messages"][1]["content"]) for r in domain.demonstrations(1, 400)]
    assert min(gold) < 0.3
    assert max(gold) > 0.95
    assert 0.5 < sum(gold) / len(gold) < 0.75


def test_few_shot_prompt_ends_where_the_reply_begins() -> None:
    prompt = domain.prompts(1, 1)[0]["prompt"]
    text = domain.few_shot_prompt(prompt)
    assert text.endswith(f"Request:\n{prompt[0]['content']}\nReply:\n")
    assert text.count("Request:\n") == 3
    assert domain.few_shot_reply(" Dear Anna, hello.\n\nRequest: more") == "Dear Anna, hello."
