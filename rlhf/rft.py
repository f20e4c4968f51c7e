"""Rejection-sampling fine-tuning: SFT on the best of n completions of each prompt (Llama 2, arXiv 2307.09288 section 3.2.3).

Two runs after each other in one work folder, each of which resumes by itself: best-of-n below output/best-of, then SFT of the same
policy on what was chosen. One turn; the next is another run that starts from the model of this one. A prompt of which no
completion ended by itself teaches nothing.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from rlhf.best_of import best_of
from rlhf.config import BestOfConfig, RftConfig, SftConfig
from rlhf.sft import train_sft
from rlhf.types import Report, ignore_report


def train_rft(
    config: RftConfig,
    *,
    policy: str | Path,
    reward: str | Path,
    prompts: list[Path],
    validation: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Fine-tunes `policy` on its own best completions; writes output/model and returns the SFT run's summary with best-of-n's in it.

    `validation` is files of demonstrations whose loss is measured.
    """
    sampling = BestOfConfig(
        completions_per_prompt=config.completions_per_prompt,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        missing_eos_score=config.missing_eos_score,
        batch_size=config.generation_batch_size,
        seed=config.seed,
        device=config.device,
        dtype=config.dtype,
        threads=config.threads,
        engine=config.engine,
    )
    chosen = best_of(sampling, policy=policy, reward=reward, prompts=prompts, output=output / "best-of", report=report)
    tuning = SftConfig(**{item.name: getattr(config, item.name) for item in fields(SftConfig)})
    summary = train_sft(
        tuning,
        base=policy,
        demonstrations=[output / "best-of" / "demonstrations.jsonl"],
        validation=validation,
        output=output,
        report=report,
    )
    return {**summary, "best_of": chosen}
