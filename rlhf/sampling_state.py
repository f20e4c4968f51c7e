"""What it takes to sample from a policy that learns and to score what it wrote: shared by PPO, RLOO and GRPO.

Completions come from the engine of decoding.py, which reads the policy itself, or from vLLM, which is handed the policy's weights
before each batch and runs from the first batch to the end of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel

from rlhf.config import OnlineOptions
from rlhf.decoding import Completions, Request, generate
from rlhf.passes import uncompiled
from rlhf.types import Report, ignore_report
from rlhf.vllm_engine import VllmEngine


@dataclass(kw_only=True)
class SamplingState:
    """What it takes to sample from a policy that learns, and to score what it wrote."""

    config: OnlineOptions
    policy: PreTrainedModel
    ref_policy: PreTrainedModel
    reward_model: PreTrainedModel
    policy_optimizer: torch.optim.Optimizer
    eos_token_id: int
    pad_token_id: int
    update: int = 0
    """Updates done."""
    report: Report = ignore_report
    other_rewards: list[PreTrainedModel] = field(default_factory=list)
    """Reward models whose scores are averaged with reward_model's."""
    heldout_reward: PreTrainedModel | None = None
    """Scores the answers to the fixed prompts, and pays for nothing."""
    score_spread: float = 0.0
    """Mean deviation of the reward models' scores in the batch that was scored last."""
    vllm: VllmEngine | None = None
    """Runs from the first completions on, where the config asks for it."""

    def complete(self, requests: Sequence[Request]) -> Completions:
        """Completions by the policy as it is now, in the order of the requests."""
        config, max_new_tokens = self.config, self.config.max_new_tokens
        with uncompiled(self.policy):
            if config.engine == "vllm":
                return self._pushed_engine().generate(
                    requests,
                    max_new_tokens=max_new_tokens,
                    eos_token_id=self.eos_token_id,
                    pad_token_id=self.pad_token_id,
                )
            return generate(
                self.policy,
                requests,
                max_new_tokens=max_new_tokens,
                eos_token_id=self.eos_token_id,
                pad_token_id=self.pad_token_id,
                dtype=config.dtype,
                max_rows=config.generation_batch_size,
            )

    def end_sampling(self) -> None:
        """Gives back what a sampler beside the policy holds."""
        if self.vllm is not None:
            self.vllm.close()
            self.vllm = None

    def _pushed_engine(self) -> VllmEngine:
        """vLLM with the weights that the policy has now; started if it does not run yet."""
        if self.vllm is not None:
            self.vllm.load()
            return self.vllm
        self.vllm = VllmEngine(
            self.policy,
            device=self.policy.device,
            dtype=self.config.dtype,
            max_length=self.config.max_prompt_length + self.config.max_new_tokens,
            max_rows=self.config.generation_batch_size,
        )
        return self.vllm
