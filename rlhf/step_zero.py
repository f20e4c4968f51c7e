"""The check before the first step: a policy that is not itself, or not its reference, stops the run. Knows no optimizer and no data."""

from typing import TYPE_CHECKING

from torch import nn

from rlhf.types import StepZeroError

if TYPE_CHECKING:
    from rlhf.sampling_state import SamplingState

STEP_ZERO_TOLERANCE = {"float32": 1e-5, "bfloat16": 2e-2}


def check_step_zero(state: "SamplingState", *, log_ratio: float, clip_fraction: float, reference_gap: float) -> None:
    """Stop a run whose policy, before its first step, is not itself or not its reference.

    log_ratio: mean |log new - log old|; reference_gap: mean |log policy - log reference|, per token. Raises StepZeroError.
    """
    tolerance = STEP_ZERO_TOLERANCE[state.config.dtype]
    faults = []
    if not log_ratio <= tolerance:
        faults.append(f"the log of the probability ratio is {log_ratio:.2e} on average instead of 0 (ratio not 1)")
    if clip_fraction != 0.0:
        faults.append(f"the clip fraction is {clip_fraction:.2e} instead of 0")
    if not reference_gap <= tolerance:
        faults.append(f"policy and reference differ by {reference_gap:.2e} per token (KL not 0)")
    if faults:
        raise StepZeroError(
            f"stopped before the first step: {'; '.join(faults)}; tolerance {tolerance:g} in {state.config.dtype}. "
            f"{_suspicion(state)}"
        )


def _suspicion(state: "SamplingState") -> str:
    """The likeliest cause, found by looking."""
    for name, model in (("policy", state.policy), ("reference", state.ref_policy)):
        rates = {key: rate for key, rate in vars(model.config).items() if key.endswith(("dropout", "_pdrop")) and rate}
        has_dropout = any(isinstance(module, nn.Dropout) and module.p > 0 for module in model.modules())
        if model.training and (rates or has_dropout):
            return f"Dropout is on in the {name} ({rates or 'Dropout modules in training mode'}): call eval() on it."
    return (
        "Check that policy and reference come from one folder, and that the temperature and the precision are the same."
    )
