"""Replies to one conversation while they are written, for a chat: several writers take a step in turn, so that all of them show.

Settings are as in generate.py; what is drawn is what generate.py would draw with the same seed.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch

from rlhf.decoding import Decoding, Request, is_small_step
from rlhf.lanes import one_thread
from rlhf.sequences import encode_prompt
from rlhf.types import InputError

REPLACEMENT = "\ufffd"
"""What the decoder shows for a character of which not every byte is drawn yet."""


class Writer(NamedTuple):
    """Who writes a reply, and how."""

    policy: Any
    tokenizer: Any
    temperature: float
    top_p: float
    max_new_tokens: int
    seed: int


class Written(NamedTuple):
    """A reply after a token was drawn."""

    text: str
    token_ids: list[int]
    logprob: float
    """Sum of the log-probabilities at the sampling temperature."""
    is_whole: bool
    """True = the last there is of this reply."""


def write_replies(writers: Sequence[Writer], messages: list[dict[str, Any]]) -> Iterator[tuple[int, Written]]:
    """(place of the writer, what it has written), token after token, until all replies are whole.

    A reply is cut where the model's context ends. Raises InputError when the conversation leaves no room for one token.
    """
    under_way = {place: write_reply(writer, messages) for place, writer in enumerate(writers)}
    while under_way:
        for place, steps in list(under_way.items()):
            written = next(steps)
            yield place, written
            if written.is_whole:
                del under_way[place]


@torch.no_grad()
def write_reply(writer: Writer, messages: list[dict[str, Any]]) -> Iterator[Written]:
    """One reply; the last item is whole."""
    policy, tokenizer = writer.policy, writer.tokenizer
    prompt = encode_prompt(tokenizer, messages)
    context = getattr(policy.config.get_text_config(), "max_position_embeddings", None)
    room = writer.max_new_tokens if context is None else min(writer.max_new_tokens, context - len(prompt))
    if room < 1:
        raise InputError(
            f"The conversation has {len(prompt)} tokens, and this model reads {context} at most. Submit it as it is."
        )
    decoding = Decoding(
        policy,
        [Request(prompt, writer.temperature, writer.top_p, writer.seed)],
        max_new_tokens=room,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    step_threads = one_thread if is_small_step(policy, 1) else nullcontext
    ids: list[int] = []
    logprob = 0.0
    while True:
        with step_threads():
            step = decoding.step()
        ids.append(int(step.tokens[0]))
        logprob += float(step.logprobs[0])
        is_whole = ids[-1] == tokenizer.eos_token_id or len(ids) == room
        text = tokenizer.decode(ids, skip_special_tokens=True)
        yield Written(text if is_whole else text.rstrip(REPLACEMENT), list(ids), logprob, is_whole)
        if is_whole:
            return
