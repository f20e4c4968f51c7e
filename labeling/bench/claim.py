"""How long a labeler waits for a task and for the next one, by the number of tasks; and how many cycles a site carries."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from labeling.bench.load import Tally, closed_loop, labelers_make, open_loop, percentile_ms, warm_up
from labeling.bench.seed import Seeded, seed
from labeling.bench.site import BenchSite, bench_site
from labeling.feedback.claims import MAX_LIVE_LEASES
from labeling.feedback.models import Place
from labeling.local.processes import LocalServiceError

_VIOLATIONS = {
    "task answered by more people than it has places": """
        SELECT count(*) FROM (
          SELECT task_id FROM feedback_ranking WHERE is_counted GROUP BY task_id
          HAVING count(*) > (SELECT count(*) FROM feedback_place place WHERE place.task_id = feedback_ranking.task_id)) found""",
    "task answered twice by one person": """
        SELECT count(*) FROM (
          SELECT 1 FROM feedback_ranking GROUP BY task_id, labeler_id HAVING count(*) > 1) found""",
    "filled place without its one answer": """
        SELECT count(*) FROM feedback_place place WHERE state = 'filled' AND
          (SELECT count(*) FROM feedback_ranking answer
           WHERE answer.place_id = place.id AND is_counted AND answer.labeler_id = place.labeler_id) <> 1""",
    "answer whose place is not filled": """
        SELECT count(*) FROM feedback_ranking answer JOIN feedback_place place ON place.id = answer.place_id
        WHERE is_counted AND place.state <> 'filled'""",
    "lease left over": "SELECT count(*) FROM feedback_place WHERE state = 'leased'",
}


def bench_claim(
    folder: Path, *, num_tasks: int, rate: float, seconds: float, is_saturating: bool, say: Callable[[str], object]
) -> dict[str, Any]:
    """Measures, then counts what must not be. `cycles_per_second` alone when saturating."""
    with bench_site(folder, f"bench_{num_tasks}", has_worker=False, say=say) as site:
        say(f"{num_tasks:,} tasks")
        seeded = seed(num_tasks)
        if not is_saturating:
            open_places_check(int(rate * seconds), len(seeded.sessions), folder)
        say("load")
        tally = asyncio.run(load(site, seeded, rate=None if is_saturating else rate, seconds=seconds))
        violations = tally.violations + violations_stored(tally.answers)
    for line in violations[:20]:
        say(f"violation: {line}")
    report: dict[str, Any] = {"tasks": num_tasks}
    if not is_saturating:
        for name, sample in (("claim", tally.claims), ("submit", tally.submits)):
            report |= {f"{name}_p{percent}_ms": percentile_ms(sample, percent) for percent in (50, 95)}
    return report | {
        "cycles_per_second": round(tally.num_cycles / tally.seconds, 1),
        "violations": len(violations),
        "labelers": len(seeded.sessions),
        "web_processes": settings.WEB_PROCESSES,
    }


def open_places_check(num_cycles: int, num_labelers: int, folder: Path) -> None:
    """Raises LocalServiceError when earlier runs on this database left too little to do."""
    # Each labeler warms up with a cycle and ends with what they hold.
    needed = num_cycles + (1 + MAX_LIVE_LEASES) * num_labelers
    num_open = Place.objects.filter(state=Place.State.OPEN).count()
    if num_open < needed:
        raise LocalServiceError(
            f"Expected {needed:,} open places for this load, found {num_open:,}: there are too few tasks, or earlier runs"
            f" answered them. Name more --tasks, or remove {folder} to have it filled anew."
        )


async def load(site: BenchSite, seeded: Seeded, *, rate: float | None, seconds: float) -> Tally:
    tally = Tally()
    labelers = labelers_make(site, seeded, tally)
    await warm_up(labelers)
    if rate is None:
        tally.seconds = await closed_loop(labelers, seconds=seconds)
    else:
        tally.seconds = await open_loop(labelers, rate=rate, seconds=seconds)
    for labeler in labelers:
        labeler.person.close()
    return tally


def violations_stored(acknowledged: Sequence[int]) -> list[str]:
    """What the database should not hold, and answers that were acknowledged and are not there."""
    found = []
    with connection.cursor() as cursor:
        for name, count in _VIOLATIONS.items():
            cursor.execute(count)
            (number,) = cursor.fetchone()
            found += [name] * number
        cursor.execute("SELECT count(*) FROM feedback_ranking WHERE id = ANY(%s)", [list(acknowledged)])
        (number,) = cursor.fetchone()
    lost = len(acknowledged) - number
    return found + ["answer lost, or acknowledged twice"] * lost
