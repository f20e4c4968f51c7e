"""Messages to token ids, padding and positions. Knows chat templates; knows nothing of models, files or losses.

A conversation is rendered with sentinels in place of its contents; the template's pieces are encoded with their special tokens,
the contents without any, so that a special token typed by a user stays text. Masks are carried, never inferred from ids.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from rlhf.types import InputError, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""The template of tokenizers trained here: one special token opens a message, EOS closes the assistant's."""


class Encoded(NamedTuple):
    """One conversation as tokens.

    Example: "<bos><user>Hi<assistant>Yo<eos>" -> ids [1, 4, 50, 5, 61, 2], weights [0, 0, 0, 0, 1, 1]
    """

    ids: list[int]  # (T,)
    weights: list[int]  # (T,) 1 = a token to learn: content of a weight-1 message, and EOS where it is the assistant's


class Packed(NamedTuple):
    """Several conversations as one row, in which positions begin anew with each; attention stays within a conversation.

    Example: ids [1, 4, 9] and [1, 5] -> ids [1, 4, 9, 1, 5], positions [0, 1, 2, 0, 1]
    """

    ids: list[int]  # (T,)
    weights: list[int]  # (T,) as in Encoded, but 0 for each conversation's first token: nothing before it predicts it
    positions: list[int]  # (T,)


class Padded(NamedTuple):
    """Rows of unequal length as one rectangle."""

    ids: Tensor  # (B, T) int64
    mask: Tensor  # (B, T) bool, True = counts


_pieces_by_tokenizer: WeakKeyDictionary[Any, dict[tuple[tuple[str, ...], bool], list[list[int]]]] = WeakKeyDictionary()


def encode_prompt(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message]) -> list[int]:
    """Token ids of a conversation that the assistant is to continue: the generation prompt is the last piece."""
    return encode_prompts(tokenizer, [messages])[0]


def encode_prompts(tokenizer: "PreTrainedTokenizerBase", conversations: Sequence[Sequence[Message]]) -> list[list[int]]:
    """`encode_prompt` for many at once (contents go to the tokenizer as one batch)."""
    return [row.ids for row in _encode(tokenizer, conversations, add_generation_prompt=True)]


def encode_conversation(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message]) -> Encoded:
    """Token ids and learning weights of a conversation; it ends with EOS if the assistant spoke last."""
    return encode_conversations(tokenizer, [messages])[0]


def encode_conversations(
    tokenizer: "PreTrainedTokenizerBase", conversations: Sequence[Sequence[Message]]
) -> list[Encoded]:
    """`encode_conversation` for many at once."""
    return _encode(tokenizer, conversations, add_generation_prompt=False)


def encode_contents(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> list[list[int]]:
    """Token ids of plain texts: nothing added, and no special token is ever read out of the text."""
    if not texts:
        return []
    batch = tokenizer(
        list(texts), add_special_tokens=False, split_special_tokens=True, return_attention_mask=False, verbose=False
    )
    return list(batch["input_ids"])


def left_pad(rows: Sequence[Sequence[int]], pad_id: int) -> Padded:
    """(B, T) ids that end together, for prompts about to be continued."""
    return _pad(rows, pad_id, left=True)


def right_pad(rows: Sequence[Sequence[int]], pad_id: int) -> Padded:
    """(B, T) ids that begin together, for training; causal attention needs no mask over padding that comes after."""
    return _pad(rows, pad_id, left=False)


def pack(rows: Sequence[Encoded], length: int) -> list[Packed]:
    """Puts conversations together to rows of at most `length` tokens, the longest first, each where it fits; a longer one goes alone."""
    groups: list[list[Encoded]] = []
    room: list[int] = []
    for row in sorted(rows, key=lambda row: -len(row.ids)):
        place = next((place for place, left in enumerate(room) if left >= len(row.ids)), len(groups))
        if place == len(groups):
            groups.append([])
            room.append(length)
        groups[place].append(row)
        room[place] -= len(row.ids)
    return [
        Packed(
            ids=[token for row in group for token in row.ids],
            weights=[weight for row in group for weight in (0, *row.weights[1:])],
            positions=[position for row in group for position in range(len(row.ids))],
        )
        for group in groups
    ]


def position_ids(mask: Tensor) -> Tensor:
    """(B, T) int64: the number of counted tokens before each one, so that padding on the left shifts nothing; 0 at padding."""
    counted = mask.long()
    return (counted.cumsum(-1) - counted) * counted


def _encode(
    tokenizer: "PreTrainedTokenizerBase", conversations: Sequence[Sequence[Message]], *, add_generation_prompt: bool
) -> list[Encoded]:
    contents = encode_contents(tokenizer, [message["content"] for messages in conversations for message in messages])
    encoded, place = [], 0
    for messages in conversations:
        pieces = _template_pieces(tokenizer, tuple(message["role"] for message in messages), add_generation_prompt)
        encoded.append(_join(pieces, messages, contents[place : place + len(messages)], tokenizer.eos_token_id))
        place += len(messages)
    return encoded


def _join(pieces: list[list[int]], messages: Sequence[Message], contents: list[list[int]], eos_id: int) -> Encoded:
    ids = list(pieces[0])
    weights = [0] * len(ids)
    for message, content, piece in zip(messages, contents, pieces[1:], strict=True):
        is_assistant = message["role"] == "assistant"
        weight = message.get("weight")
        weight = int(is_assistant) if weight is None else weight
        spoken = [*content, eos_id] if is_assistant else content
        ids += [*spoken, *piece]
        weights += [weight] * len(spoken) + [0] * len(piece)
    return Encoded(ids, weights)


def _template_pieces(
    tokenizer: "PreTrainedTokenizerBase", roles: tuple[str, ...], add_generation_prompt: bool
) -> list[list[int]]:
    """Token ids of the template's text before, between and after the contents (len(roles) + 1 pieces).

    EOS after an assistant's content belongs to the content (see `_join`), so it is taken out of the piece that follows; what
    the template puts after the assistant's last EOS is dropped.
    """
    cache = _pieces_by_tokenizer.setdefault(tokenizer, {})
    if (roles, add_generation_prompt) not in cache:
        texts = _template_texts(tokenizer, roles, add_generation_prompt)
        pieces = [list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else [] for text in texts]
        for place, role in enumerate(roles, start=1):
            if role == "assistant":
                pieces[place] = _after_eos(texts[place], pieces[place], tokenizer)
        if roles[-1] == "assistant" and not add_generation_prompt:
            pieces[-1] = []
        cache[roles, add_generation_prompt] = pieces
    return cache[roles, add_generation_prompt]


def _template_texts(
    tokenizer: "PreTrainedTokenizerBase", roles: tuple[str, ...], add_generation_prompt: bool
) -> list[str]:
    sentinels = [f"\ue000{place}\ue001" for place in range(len(roles))]
    messages = [{"role": role, "content": sentinel} for role, sentinel in zip(roles, sentinels, strict=True)]
    try:
        rendered = str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
        )
    except Exception as error:  # a template is a program of the tokenizer's author: it may raise anything
        raise InputError(f"the tokenizer's chat template refuses the roles {', '.join(roles)}: {error}") from error
    texts = []
    for role, sentinel in zip(roles, sentinels, strict=True):
        if rendered.count(sentinel) != 1:
            raise InputError(
                f"expected the chat template to write the {role} message once, got {rendered.count(sentinel)} times"
            )
        before, rendered = rendered.split(sentinel)
        texts.append(before)
    return [*texts, rendered]


def _after_eos(text: str, piece: list[int], tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    if text.lstrip().startswith(str(tokenizer.eos_token)):
        return piece[piece.index(tokenizer.eos_token_id) + 1 :]
    return piece


def _pad(rows: Sequence[Sequence[int]], pad_id: int, *, left: bool) -> Padded:
    length = max((len(row) for row in rows), default=0)
    ids = torch.full((len(rows), length), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(rows), length), dtype=torch.bool)
    for place, row in enumerate(rows):
        span = slice(length - len(row), length) if left else slice(0, len(row))
        ids[place, span] = torch.tensor(row, dtype=torch.int64)
        mask[place, span] = True
    return Padded(ids, mask)
