"""What may happen to a stage, and who may make it happen."""

from labeling.rounds.models import Membership, RoundStage

State = RoundStage.State
Kind = RoundStage.Kind
MANAGER = Membership.Role.MANAGER
ENGINEER = Membership.Role.ENGINEER
ACTIONS = ["start", "close", "skip", "retry", "approve", "reject"]
ROUND_STATES = ["running", "waiting", "failed", "done", "rejected"]
ROLES: dict[str, set[str]] = {
    "start": {MANAGER},
    "close": {MANAGER},
    "skip": {MANAGER},
    "retry": {MANAGER, ENGINEER},
    "approve": {MANAGER, ENGINEER},
    "reject": {MANAGER},
}
LABELED = (Kind.DEMONSTRATE, Kind.RANK, Kind.EVALUATE)


def actions_open(stage: RoundStage) -> list[str]:
    """The actions that the stage's state allows, whoever asks."""
    if stage.kind == Kind.APPROVE:
        return ["approve", "reject"] if stage.state == State.RUNNING else []
    if stage.state == State.WAITING:
        return ["start", "skip"] if waits_for_start(stage) else ["skip"]
    if stage.state == State.RUNNING:
        has_tasks = stage.kind in LABELED and "num_tasks" in stage.outputs and not stage.inputs.get("is_closed")
        return ["close", "skip"] if has_tasks else ["skip"]
    return ["retry", "skip"] if stage.state == State.FAILED else []


def actions_of(stage: RoundStage, roles: set[str]) -> list[str]:
    """The actions that a person with these roles may take now."""
    return [action for action in actions_open(stage) if ROLES[action] & roles]


def waits_for_start(stage: RoundStage) -> bool:
    """True while a manual stage waits for a manager."""
    return bool(stage.options.get("manual")) and not stage.inputs.get("is_started")
