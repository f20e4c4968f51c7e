"""The likely true value of each unit and how each labeler errs, from labelers who disagree (Dawid and Skene 1979)."""

from dataclasses import dataclass

import numpy as np

from labeling.agreement.judgements import FloatArray, IntArray, Judgements

NUM_STEPS = 100
TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Truth:
    """posterior[u, v] = probability that unit u has value v; confusion[k, v, w] = how often labeler k says w where v is true."""

    units: IntArray
    labelers: IntArray
    values: IntArray
    posterior: FloatArray
    prior: FloatArray
    confusion: FloatArray

    @property
    def likely(self) -> IntArray:
        """The most probable value of each unit."""
        return np.asarray(self.values[self.posterior.argmax(axis=1)])


def dawid_skene(judgements: Judgements, smoothing: float = 0.0) -> Truth:
    """Expectation-maximization from the majority's shares; stops when no probability moves by more than 1e-6, or at 100 steps.

    `smoothing` is added to every cell of every labeler's confusion: with few judgements of a labeler, 0 says more than is known.
    """
    units, unit = np.unique(judgements.unit, return_inverse=True)
    labelers, labeler = np.unique(judgements.labeler, return_inverse=True)
    values, value = np.unique(judgements.value, return_inverse=True)
    num_values = len(values)
    votes = np.bincount(unit * num_values + value, minlength=len(units) * num_values).reshape(len(units), num_values)
    posterior = votes / votes.sum(axis=1, keepdims=True)
    for _ in range(NUM_STEPS):
        prior = posterior.mean(axis=0)
        confusion = confusion_of(posterior, unit, labeler, value, len(labelers), smoothing)
        before, posterior = posterior, posterior_of(prior, confusion, unit, labeler, value, len(units))
        if np.abs(posterior - before).max(initial=0.0) < TOLERANCE:
            break
    confusion = confusion_of(posterior, unit, labeler, value, len(labelers), smoothing)
    return Truth(
        units=units, labelers=labelers, values=values, posterior=posterior, prior=posterior.mean(axis=0), confusion=confusion
    )  # fmt: skip


def confusion_of(
    posterior: FloatArray, unit: IntArray, labeler: IntArray, value: IntArray, num_labelers: int, smoothing: float
) -> FloatArray:
    """(labelers, true value, said value); a labeler who never met a value is taken to say anything alike."""
    num_values = posterior.shape[1]
    cell = labeler * num_values + value
    counts = np.stack(
        [np.bincount(cell, posterior[unit, true], minlength=num_labelers * num_values) for true in range(num_values)],
        axis=1,
    )
    table = counts.reshape(num_labelers, num_values, num_values).transpose(0, 2, 1) + smoothing
    total = table.sum(axis=2, keepdims=True)
    return np.where(total > 0, table / np.where(total > 0, total, 1.0), 1.0 / num_values)


def posterior_of(
    prior: FloatArray, confusion: FloatArray, unit: IntArray, labeler: IntArray, value: IntArray, num_units: int
) -> FloatArray:
    floor = np.finfo(np.float64).tiny
    said = np.log(np.maximum(confusion, floor))[labeler, :, value]
    scores = np.stack(
        [np.bincount(unit, said[:, true], minlength=num_units) for true in range(len(prior))], axis=1
    ) + np.log(np.maximum(prior, floor))
    scores -= scores.max(axis=1, keepdims=True)
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
