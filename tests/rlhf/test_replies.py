"""Replies that are streamed: the same words as the engine draws at once, two writers in turn, cut where the context ends."""

import pytest

from rlhf.decoding import Request, generate
from rlhf.replies import Writer, write_replies
from rlhf.sequences import encode_prompt
from rlhf.types import InputError

MESSAGES = [{"role": "user", "content": "The cat eats"}]


def whole_replies(writers, messages):
    return {place: written for place, written in write_replies(writers, messages) if written.is_whole}


def test_a_streamed_reply_is_what_the_engine_draws_with_the_same_seed(policy, tokenizer):
    seeds = (3, 4)
    found = whole_replies([Writer(policy, tokenizer, 0.9, 0.95, 12, seed) for seed in seeds], MESSAGES)
    prompt = encode_prompt(tokenizer, MESSAGES)
    expected = generate(
        policy,
        [Request(prompt, 0.9, 0.95, seed) for seed in seeds],
        max_new_tokens=12,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    for place in range(2):
        kept = expected.mask[place]
        assert found[place].token_ids == expected.tokens[place][kept].tolist()
        assert found[place].logprob == pytest.approx(float(expected.logprobs[place][kept].sum()), abs=1e-4)
        assert found[place].text == tokenizer.decode(found[place].token_ids, skip_special_tokens=True)


def test_two_writers_take_turns_and_each_grows(policy, tokenizer):
    steps = list(write_replies([Writer(policy, tokenizer, 1.0, 1.0, 5, seed) for seed in (1, 2)], MESSAGES))
    assert [place for place, _ in steps[:4]] == [0, 1, 0, 1]
    first = [written for place, written in steps if place == 0]
    assert [len(written.token_ids) for written in first] == list(range(1, len(first) + 1))
    assert [written.is_whole for written in first] == [False] * (len(first) - 1) + [True]


def test_a_reply_is_cut_where_the_context_ends_and_refused_beyond_it(policy, tokenizer):
    words = "The cat eats by the "
    length = len(encode_prompt(tokenizer, [{"role": "user", "content": ""}]))
    content = ""
    while len(encode_prompt(tokenizer, [{"role": "user", "content": content + words}])) < 62:
        content += words
    messages = [{"role": "user", "content": content}]
    room = 64 - len(encode_prompt(tokenizer, messages))
    assert 1 <= room < 64 - length
    found = whole_replies([Writer(policy, tokenizer, 0.0, 1.0, 60, 1)], messages)
    assert len(found[0].token_ids) <= room
    with pytest.raises(InputError, match="reads 64 at most"):
        next(
            write_replies(
                [Writer(policy, tokenizer, 1.0, 1.0, 8, 1)], [{"role": "user", "content": content + words * 4}]
            )
        )
