"""Exports of labels as immutable snapshots, for the worker: labeling.training.exports does the work, the job carries progress."""

from labeling.training.exports import export_run, snapshot_fail
from workers.work import Heartbeat


def snapshot_export(snapshot_id: int, heartbeat: Heartbeat) -> None:
    """Freeze, write and seal; goes on after the last whole part when a worker died."""
    export_run(snapshot_id, heartbeat)


def snapshot_give_up(snapshot_id: int, error: str) -> None:
    """The job has no attempt left: the snapshot says why."""
    snapshot_fail(snapshot_id, f"The export failed: {error}. Mend the cause and make a new snapshot.")
