"""What each kind of stage does. `step` looks at a running stage and does the next thing that can be done; it never waits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labeling.feedback.models import LabelingTask, Place
from labeling.feedback.routing import waiting_for_nobody
from labeling.feedback.services import places_close
from labeling.loop import tasks
from labeling.loop.disagreement import RANDOM
from labeling.loop.evaluation import evaluations_create
from labeling.rounds.models import Checkpoint, Round, RoundStage
from labeling.training.models import DatasetSnapshot, RunOutput, TrainingRun
from labeling.training.services import run_create, snapshot_create

Kind = RoundStage.Kind
PPO_VALUE = "value"
JUDGE_ROLES = ("reward", "reward_b", "reward_c")
RIVAL_ROLES = ("policy_b", "policy_c")


class StageFailed(Exception):
    """The stage cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Progress:
    """Where a running stage stands: what it has made so far, and why it is not done (empty when it is)."""

    outputs: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_done(self) -> bool:
        return not self.reason


def why_not_yet(stage: RoundStage) -> str:
    """Why a waiting stage, whose turn it is, cannot start; empty when it can."""
    if stage.kind == Kind.SFT and base_of(stage.round) is None:
        return "Waits for a base checkpoint: pretrain one, or register one under Checkpoints."
    if stage.kind == Kind.SAMPLE and sampler_of(stage.round) is None:
        return "Waits for a policy to sample from: publish one, or let the stage sft run."
    if stage.kind == Kind.REWARD and sft_of(stage.round) is None:
        return "Waits for an SFT policy: the stage sft, here or in an earlier round, must have made one."
    if stage.kind == Kind.PPO and None in (sft_of(stage.round), _made(stage.round, Kind.REWARD)):
        return "Waits for an SFT policy and this round's reward model: the stages sft and reward must have made them."
    return ""


def step(stage: RoundStage) -> Progress:
    """The next thing of a running stage. Raises StageFailed or a DomainError when it cannot go on."""
    return _STEPS[stage.kind](stage)


def abandon(stage: RoundStage) -> None:
    """Takes back what a skipped stage still offers to labelers."""
    places_close(stage=stage)


def base_of(owner: Round) -> Checkpoint | None:
    """The newest base of the project."""
    bases = Checkpoint.objects.filter(project_id=owner.project_id, role=Checkpoint.Role.BASE)
    return bases.exclude(state=Checkpoint.State.RETIRED).order_by("-pk").first()


def published_of(owner: Round) -> Checkpoint | None:
    """The project's published policy."""
    policies = Checkpoint.objects.filter(project_id=owner.project_id, role=Checkpoint.Role.POLICY)
    return policies.filter(state=Checkpoint.State.PUBLISHED).order_by("-published_at").first()


def sampler_of(owner: Round) -> Checkpoint | None:
    """Whose completions people rank: the published policy, in the first round this round's SFT policy."""
    return published_of(owner) or sft_of(owner)


def policy_of_round(owner: Round) -> Checkpoint | None:
    """The policy that this round offers for publishing: PPO's, else SFT's."""
    return _made(owner, Kind.PPO) or _made(owner, Kind.SFT)


def sft_of(owner: Round) -> Checkpoint | None:
    """This round's SFT policy; that of the newest earlier round that made one when this round leaves sft out or skipped it."""
    return _made_by(_sft_stage(owner))


def _sft_stage(owner: Round) -> RoundStage | None:
    """The stage that made, or will make, the SFT policy of a round."""
    kept = RoundStage.objects.filter(kind=Kind.SFT).exclude(state=RoundStage.State.SKIPPED)
    earlier = kept.filter(
        round__project_id=owner.project_id, round__number__lt=owner.number, state=RoundStage.State.DONE
    )
    return kept.filter(round=owner).first() or earlier.order_by("-round__number").first()


def _made(owner: Round, kind: str) -> Checkpoint | None:
    return _made_by(RoundStage.objects.filter(round=owner, kind=kind).first())


def _made_by(stage: RoundStage | None) -> Checkpoint | None:
    if stage is None or stage.state != RoundStage.State.DONE:
        return None
    return Checkpoint.objects.filter(pk=stage.outputs.get("checkpoint_id")).first()


def _demonstrate(stage: RoundStage) -> Progress:
    wanted = int(stage.options.get("num_tasks", 0))
    if "num_tasks" not in stage.outputs:
        num_tasks = tasks.demonstration_tasks_create(stage, wanted) if wanted else 0
        num_tasks += tasks.writing_tasks_create(stage)
        return _labeled(stage, {"num_tasks": num_tasks})
    return _labeled(stage, stage.outputs)


def _sft(stage: RoundStage) -> Progress:
    outputs, snapshot, reason = _snapshot(
        stage, dict(stage.outputs), "snapshot_id", DatasetSnapshot.Kind.DEMONSTRATIONS, {}
    )
    if snapshot is None:
        return Progress(outputs, reason)
    return _trained(stage, outputs, "sft", {"base": base_of(stage.round), "demonstrations": snapshot}, "policy")


def _sample(stage: RoundStage) -> Progress:
    filters = {
        "splits": ["train", "validation"],
        "limit": stage.options.get("num_prompts", 0),
        "seed": stage.round.number,
    }
    outputs, snapshot, reason = _snapshot(
        stage, dict(stage.outputs), "snapshot_id", DatasetSnapshot.Kind.PROMPTS, filters
    )
    if snapshot is None:
        return Progress(outputs, reason)
    config = {"completions_per_prompt": stage.options.get("completions_per_prompt", 4)}
    inputs = {"policy": sampler_of(stage.round), "prompts": snapshot, **_judges(stage.round)}
    progress = _run(stage, outputs, "sample", inputs, config)
    return _with_completions(progress)


def _judges(owner: Round) -> dict[str, Checkpoint]:
    """The newest reward models, by input role, that score what is sampled: at least two, and where the stage rank asks for it."""
    if not RoundStage.objects.filter(round=owner, kind=Kind.RANK, options__has_key="random_share").exists():
        return {}
    rewards = Checkpoint.objects.filter(project_id=owner.project_id, role=Checkpoint.Role.REWARD)
    newest = rewards.exclude(state=Checkpoint.State.RETIRED).order_by("-pk")[: len(JUDGE_ROLES)]
    return dict(zip(JUDGE_ROLES, newest, strict=False)) if len(newest) >= 2 else {}


def _rank(stage: RoundStage) -> Progress:
    if "num_tasks" not in stage.outputs:
        sampled = RoundStage.objects.get(round=stage.round, kind=Kind.SAMPLE)
        num_tasks = tasks.ranking_tasks_create(stage, sampled.outputs.get("run_id"))
        if not num_tasks:
            raise StageFailed(
                "The stage sample left no prompt with two or more completions to rank. Retry sample, or skip."
            )
        num_random = LabelingTask.objects.filter(stage=stage, chosen=RANDOM).values("prompt").distinct().count()
        active = {"num_random": num_random} if "random_share" in stage.options else {}
        return _labeled(stage, {"num_tasks": num_tasks, **active})
    return _labeled(stage, stage.outputs)


def _reward(stage: RoundStage) -> Progress:
    outputs, rankings, reason = _snapshot(stage, dict(stage.outputs), "snapshot_id", DatasetSnapshot.Kind.RANKINGS, {})
    if rankings is None:
        return Progress(outputs, reason)
    inputs: dict[str, Any] = {"base": sft_of(stage.round), "rankings": rankings}
    sft = _sft_stage(stage.round)
    demonstrations = DatasetSnapshot.objects.filter(pk=sft.outputs.get("snapshot_id")).first() if sft else None
    if demonstrations is not None:
        inputs["demonstrations"] = demonstrations
    return _trained(stage, outputs, "reward", inputs, "reward")


def _ppo(stage: RoundStage) -> Progress:
    filters = {"splits": ["train"], "limit": stage.options.get("num_prompts", 0), "seed": 1000 + stage.round.number}
    outputs, snapshot, reason = _snapshot(
        stage, dict(stage.outputs), "snapshot_id", DatasetSnapshot.Kind.PROMPTS, filters
    )
    if snapshot is None:
        return Progress(outputs, reason)
    policy, reward = sft_of(stage.round), _made(stage.round, Kind.REWARD)
    return _trained(stage, outputs, "ppo", {"policy": policy, "reward": reward, "prompts": snapshot}, "policy")


def _evaluate(stage: RoundStage) -> Progress:
    """Samples test prompts from the new policy and its rivals, asks people which they prefer, and stores the win rates."""
    wanted = int(stage.options.get("num_prompts", 0))
    new, rivals = _contestants(stage)
    if not wanted or new is None or not rivals:
        return Progress(dict(stage.outputs))
    filters = {"splits": ["test"], "limit": wanted, "seed": 2000 + stage.round.number}
    outputs, snapshot, reason = _snapshot(
        stage, dict(stage.outputs), "snapshot_id", DatasetSnapshot.Kind.PROMPTS, filters
    )
    if snapshot is None:
        return Progress(outputs, reason)
    roles = dict(zip(RIVAL_ROLES, rivals, strict=False))
    sampled = _run(
        stage, outputs, "sample", {"policy": new, "prompts": snapshot, **roles}, {"completions_per_prompt": 1}
    )
    if not sampled.is_done:
        return sampled
    outputs = dict(sampled.outputs)
    if "num_tasks" not in outputs:
        outputs["num_tasks"] = tasks.evaluation_tasks_create(stage, outputs["run_id"], new, rivals)
    progress = _labeled(stage, outputs)
    if progress.is_done:
        outputs["evaluation_ids"] = evaluations_create(stage, new, rivals)
    return Progress(outputs, progress.reason)


def _contestants(stage: RoundStage) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """The new policy and those it is compared with; once sampled they stay, whatever is published meanwhile."""
    run = TrainingRun.objects.filter(pk=stage.outputs.get("run_id", 0)).first()
    if run is not None:
        sampled = {given.role: given.checkpoint for given in run.inputs.select_related("checkpoint")}
        return sampled["policy"], [rival for role in RIVAL_ROLES if (rival := sampled.get(role)) is not None]
    new = policy_of_round(stage.round)
    found = {rival.pk: rival for rival in (published_of(stage.round), sft_of(stage.round)) if rival is not None}
    return new, [rival for pk, rival in found.items() if new is None or pk != new.pk]


def _approve(stage: RoundStage) -> Progress:
    return Progress(dict(stage.outputs), "Waits for a person to approve or reject the new policy.")


_STEPS: dict[str, Callable[[RoundStage], Progress]] = {
    Kind.DEMONSTRATE: _demonstrate, Kind.SFT: _sft, Kind.SAMPLE: _sample, Kind.RANK: _rank, Kind.REWARD: _reward,
    Kind.PPO: _ppo, Kind.EVALUATE: _evaluate, Kind.APPROVE: _approve,
}  # fmt: skip


def _labeled(stage: RoundStage, outputs: dict[str, Any]) -> Progress:
    """Done when no place of the stage is open or leased. A closed stage also closes what comes back."""
    if stage.inputs.get("is_closed"):
        places_close(stage=stage)
    places = Place.objects.filter(task__stage=stage)
    num_open = places.filter(state=Place.State.OPEN).count()
    num_leased = places.filter(state=Place.State.LEASED).count()
    if num_open or num_leased:
        reason = f"Waits for labelers: {num_open} answers open, {num_leased} in work."
        missing = waiting_for_nobody(places.filter(state=Place.State.OPEN), stage.round.project)
        return Progress(dict(outputs), " ".join([reason, *map(_nobody, missing)]))
    return Progress(dict(outputs))


def _nobody(needs: dict[str, Any]) -> str:
    asked = [f"{name} {needs[name]}" for name in ("language", "expertise") if needs[name]]
    return f"{needs['num_tasks']} tasks ask for {' and '.join(asked)}, which no labeler here has: see People."


def _snapshot(
    stage: RoundStage, outputs: dict[str, Any], name: str, kind: str, filters: dict[str, Any]
) -> tuple[dict[str, Any], DatasetSnapshot | None, str]:
    """The stage's sealed snapshot, made on the first call; None with the reason while it is being exported."""
    snapshot = DatasetSnapshot.objects.filter(pk=outputs.get(name, 0)).first()
    if snapshot is None:
        snapshot = snapshot_create(
            project=stage.round.project, kind=kind, filters=filters, actor=None, round=stage.round
        )
        outputs[name] = snapshot.pk
    if snapshot.state == DatasetSnapshot.State.FAILED:
        raise StageFailed(f"The export of {kind} failed: {snapshot.reason}")
    if snapshot.state != DatasetSnapshot.State.SEALED:
        return outputs, None, f"Exports {kind} (snapshot {snapshot.pk})."
    return outputs, snapshot, ""


def _run(
    stage: RoundStage, outputs: dict[str, Any], kind: str, inputs: dict[str, Any], config: dict[str, Any] | None = None
) -> Progress:
    """The stage's run, made on the first call; done when it is."""
    run = TrainingRun.objects.filter(pk=outputs.get("run_id", 0)).first()
    if run is None:
        name = f"round {stage.round.number} {stage.kind}"
        run = run_create(
            project=stage.round.project, kind=kind, config={**(config or {}), **stage.options.get("config", {})}, inputs=inputs,
            actor=None, name=name, round=stage.round, stage=stage,
        )  # fmt: skip
        outputs["run_id"] = run.pk
    if run.state in (TrainingRun.State.FAILED, TrainingRun.State.CANCELLED):
        raise StageFailed(run.error or f"Run {run.pk} was {run.state}. Retry it, or skip the stage.")
    if run.state != TrainingRun.State.DONE:
        return Progress(outputs, f"Run {run.pk} is {run.state}.")
    return Progress(outputs)


def _trained(stage: RoundStage, outputs: dict[str, Any], kind: str, inputs: dict[str, Any], role: str) -> Progress:
    """A training run; when done, the checkpoints it made are the stage's outputs."""
    progress = _run(stage, outputs, kind, inputs)
    if not progress.is_done:
        return progress
    made = dict(RunOutput.objects.filter(run_id=progress.outputs["run_id"]).values_list("role", "checkpoint_id"))
    if role not in made:
        raise StageFailed(f"Run {progress.outputs['run_id']} ended without a checkpoint of role {role}.")
    outputs = {**progress.outputs, "checkpoint_id": made[role]}
    if PPO_VALUE in made:
        outputs["value_checkpoint_id"] = made[PPO_VALUE]
    return Progress(outputs)


def _with_completions(progress: Progress) -> Progress:
    if not progress.is_done:
        return progress
    return Progress({**progress.outputs, "num_completions": tasks.completions_count(progress.outputs["run_id"])})
