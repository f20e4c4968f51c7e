"""What is there already costs nothing: imports by the number of existing rows, exports by the number of exported ones."""

import multiprocessing
import resource
import time

import pytest
from django.db import connection, connections

from labeling.accounts.models import User
from labeling.bench.seed import copy_first_row, seed
from labeling.feedback.models import Ranking
from labeling.rounds.models import Import, Project, Prompt
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
from tests.labeling.feedback_cast import make_prompts
from tests.labeling.site_cast import cast_make, import_file, jsonl, store_url

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REPEATS = 7


@pytest.mark.timeout(600)
def test_importing_one_row_takes_as_long_beside_a_million_prompts_as_beside_ten_thousand(tmp_path, settings):
    settings.STORAGE_URL = store_url(tmp_path)
    cast = cast_make()
    make_prompts(cast.project, 1)
    seconds, there = {}, 1
    for existing in (10_000, 100_000, 1_000_000):
        numbers = f"generate_series({there}, {existing - 1}) AS i"
        copy_first_row(Prompt, numbers, {"id": "1000 + i", "external_id": "md5(i::text)"})
        there = existing
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE rounds_prompt")
        seconds[existing] = min(import_one(cast, f"{existing}-{repeat}") for repeat in range(REPEATS))
    assert seconds[1_000_000] < 1.5 * seconds[10_000] + 0.01, seconds


def import_one(cast, name):
    begun = time.perf_counter()
    found = import_file(cast, "prompts", "one.jsonl", jsonl([{"prompt_id": name, "prompt": "One more."}]))
    assert (found.state, found.rows_done) == (Import.State.DONE, 1)
    return time.perf_counter() - begun


@pytest.mark.timeout(600)
def test_memory_of_an_export_does_not_grow_with_its_rows(tmp_path, settings):
    settings.STORAGE_URL = store_url(tmp_path)
    User.objects.create_superuser(username="admin", password="quiet-otter-7-lamps")
    project = Project.objects.get(pk=seed(75_000).project_id)
    assert Ranking.objects.count() == 50_002
    peaks = [exported_peak(snapshot_create(project=project, kind="rankings", filters={"limit": rows}, actor=None).pk)
             for rows in (5_000, 50_000)]  # fmt: skip
    assert peaks[1] < peaks[0] + 20, peaks


def exported_peak(snapshot_id):
    """Megabytes that a fresh process held at most while it exported."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=export_and_tell, args=(snapshot_id, queue))
    process.start()
    process.join()
    assert process.exitcode == 0
    return queue.get()


def export_and_tell(snapshot_id, queue):
    assert export_run(snapshot_id, lambda progress: None).state == "sealed"
    queue.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
