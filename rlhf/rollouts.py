"""Rollouts: prompts and their completions as tensors, and what a policy or a value model says about each completion token.

Each row is one contiguous sequence, prompt then completion, padded on the right, so a forward pass needs neither a padding mask
nor shifted positions. The state of completion token t is the position just before it. B = episodes, L = longest sequence,
T = longest completion.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.decoding import Completions, join_completions
from rlhf.models import hidden_states, selected_logits, token_scores
from rlhf.parallel import gather, num_workers, own
from rlhf.passes import plain_head
from rlhf.ppo_losses import head_statistics, token_statistics
from rlhf.sequences import right_pad


class Rollouts(NamedTuple):
    """Completed episodes; every field has B rows."""

    input_ids: Tensor
    """(B, L) int64, prompt then completion, right-padded."""
    prompt_lengths: Tensor
    """(B,) int64."""
    lengths: Tensor
    """(B,) int64, prompt and completion."""
    completion_tokens: Tensor
    """(B, T) int64, right-padded; ends with EOS where has_eos."""
    completion_mask: Tensor
    """(B, T) bool, True = a sampled token."""
    sampler_logprobs: Tensor
    """(B, T) float32, as the sampler saw them."""
    has_eos: Tensor
    """(B,) bool."""

    def to(self, device: torch.device) -> "Rollouts":
        """All fields on a device."""
        return Rollouts(*(field.to(device) for field in self))

    def take(self, index: Tensor) -> "Rollouts":
        """Some of the rows, cut to the longest sequence among them; T stays."""
        picked = Rollouts(*(field[index] for field in self))
        return picked._replace(input_ids=picked.input_ids[:, : int(picked.lengths.max())])

    def sequence_mask(self) -> Tensor:
        """(B, L) bool, True = prompt or completion."""
        return torch.arange(self.input_ids.shape[1], device=self.lengths.device) < self.lengths[:, None]

    def state_mask(self) -> Tensor:
        """(B, L) bool, True = the position just before a completion token; as many per row as completion_mask has."""
        columns = torch.arange(self.input_ids.shape[1], device=self.lengths.device)
        return (columns >= self.prompt_lengths[:, None] - 1) & (columns < self.lengths[:, None] - 1)


def join_rollouts(prompts: Sequence[Sequence[int]], completions: Completions, *, pad_token_id: int) -> Rollouts:
    """Prompts (token ids) and the completions of the same rows as Rollouts on the completions' device."""
    device = completions.tokens.device
    counts = completions.mask.sum(dim=1).tolist()
    tokens = completions.tokens.tolist()
    rows = [[*prompt, *row[:count]] for prompt, row, count in zip(prompts, tokens, counts, strict=True)]
    return Rollouts(
        input_ids=right_pad(rows, pad_token_id).ids.to(device),
        prompt_lengths=torch.tensor([len(prompt) for prompt in prompts], device=device),
        lengths=torch.tensor([len(row) for row in rows], device=device),
        completion_tokens=completions.tokens,
        completion_mask=completions.mask,
        sampler_logprobs=completions.logprobs,
        has_eos=completions.has_eos,
    )


def given_rollouts(rows: Sequence[list[int]], completion_lengths: Sequence[int], *, pad_token_id: int) -> Rollouts:
    """Completions that were written elsewhere, as Rollouts: each row is prompt + completion + EOS. No sampler knows them."""
    completions = [row[-length:] for row, length in zip(rows, completion_lengths, strict=True)]
    tokens, mask = right_pad(completions, pad_token_id)
    prompts = [row[:-length] for row, length in zip(rows, completion_lengths, strict=True)]
    unknown = torch.zeros(mask.shape)
    has_eos = torch.ones(len(rows), dtype=torch.bool)
    return join_rollouts(prompts, Completions(tokens, mask, unknown, has_eos), pad_token_id=pad_token_id)


def gather_completions(completions: Completions, pad_token_id: int) -> Completions:
    """All workers' completions in the order of the prompts, of which each worker has every num_workers-th."""
    if num_workers() == 1:
        return completions
    device = completions.tokens.device
    shares = gather(Completions(*(field.cpu() for field in completions)))
    rows = range(sum(len(share.tokens) for share in shares))
    together = join_completions([rows[place :: len(shares)] for place in range(len(shares))], shares, pad_token_id)
    return Completions(*(field.to(device) for field in together))


def policy_logprobs(policy: PreTrainedModel, rollouts: Rollouts, *, temperature: float) -> Tensor:
    """Log-probability of each completion token -> (B, T) float32, 0 where nothing counts."""
    return policy_statistics(policy, rollouts, temperature=temperature, has_entropy=False)[0]


def policy_statistics(
    policy: PreTrainedModel, rollouts: Rollouts, *, temperature: float, has_entropy: bool = True
) -> tuple[Tensor, Tensor]:
    """Log-probability of each completion token and the entropy at its place -> two (B, T) float32, 0 where nothing counts.

    Logits are computed at completion positions only, and in chunks unless the model changes them after its head. The entropy
    carries no gradient; without has_entropy it is 0.
    """
    states, mask = rollouts.state_mask(), rollouts.completion_mask
    taken, head = rollouts.completion_tokens[mask], plain_head(policy)
    if head is None:
        logits = selected_logits(policy, rollouts.input_ids, states)
        logprobs, entropy = token_statistics(logits, taken, temperature=temperature)
    else:
        hidden = hidden_states(policy, rollouts.input_ids)[states]
        logprobs, entropy = head_statistics(
            hidden, head.weight, head.bias, taken, temperature=temperature, has_entropy=has_entropy
        )
    return _spread(logprobs, mask), _spread(entropy, mask)


def state_values(value_model: PreTrainedModel, rollouts: Rollouts) -> Tensor:
    """Value of the state before each completion token -> (B, T) float32, 0 where nothing counts."""
    values = token_scores(value_model, rollouts.input_ids)
    return _spread(values[rollouts.state_mask()], rollouts.completion_mask)


def in_chunks(compute: Callable[[Rollouts], Tensor], rollouts: Rollouts, *, chunk_size: int) -> Tensor:
    """Run `compute` (rows in, one tensor with as many rows out) over rows of similar length at a time; order is kept.

    The workers share the chunks, and each gets all results.
    """
    order = rollouts.lengths.argsort(stable=True)
    chunk_size = min(chunk_size, -(-len(order) // num_workers()))
    computed = [(index, compute(rollouts.take(index))) for index in own(order.split(chunk_size))]
    if num_workers() > 1:
        device = order.device
        shares = gather([(index.cpu(), part.cpu()) for index, part in computed])
        computed = [(index.to(device), part.to(device)) for share in shares for index, part in share]
    parts = torch.cat([part for _, part in computed])
    result = torch.empty_like(parts)
    result[torch.cat([index for index, _ in computed])] = parts
    return result


def _spread(values: Tensor, mask: Tensor) -> Tensor:
    """(N,) values at the True entries of mask (B, T), in row order -> (B, T) with 0 elsewhere."""
    return torch.zeros(mask.shape, dtype=values.dtype, device=values.device).masked_scatter(mask, values)
