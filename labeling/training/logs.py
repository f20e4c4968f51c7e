"""The log of a run, read from the store in pieces while the run writes it."""

from django.conf import settings

from labeling.store import store_open
from labeling.training.models import TrainingRun

MAX_BYTES = 64 * 1024


def log_read(run: TrainingRun, offset: int) -> tuple[str, int]:
    """Text of the current attempt's log from a byte offset, and the offset to go on from. Never cuts a character in two."""
    name = f"runs/{run.pk}/{run.attempt}/log.txt"
    piece = store_open(settings.STORAGE_URL).read_from(name, offset, MAX_BYTES)
    for cut in range(min(4, len(piece) + 1)):
        try:
            text = piece[: len(piece) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return text, offset + len(piece) - cut
    return piece.decode("utf-8", errors="replace"), offset + len(piece)
