"""What is there already costs nothing: imports by the number of existing rows, exports by the number of exported ones."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from labeling.accounts.models import User
from labeling.bench.seed import copy_first_row, seed
from labeling.feedback.models import Ranking
from labeling.local.site import child_environment
from labeling.rounds.models import Import, Project, Prompt
from labeling.training.services import snapshot_create
from tests.labeling.feedback_cast import make_prompts
from tests.labeling.site_cast import cast_make, import_file, jsonl, store_url

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
# A process of its own: a forked one would inherit the pool, and the server threads of earlier tests talk through that.
EXPORT_AND_TELL = """
import sys, django
django.setup()
from labeling.training.exports import export_run
state = export_run(int(sys.argv[1]), lambda progress: None).state
print(state, *(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.timeout(600)
def test_importing_one_row_reads_as_much_beside_a_million_prompts_as_beside_ten_thousand(tmp_path, settings):
    settings.STORAGE_URL = store_url(tmp_path)
    cast = cast_make()
    make_prompts(cast.project, 1)
    read, there = {}, 1
    for existing in (10_000, 1_000_000):
        new_id = "nextval(pg_get_serial_sequence('rounds_prompt', 'id'))"
        numbers = f"generate_series({there}, {existing - 1}) AS i"
        copy_first_row(Prompt, numbers, {"id": new_id, "external_id": "md5(i::text)"})
        there = existing
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE rounds_prompt")
        before = rows_read()
        found = import_file(
            cast, "prompts", "one.jsonl", jsonl([{"prompt_id": f"beside-{existing}", "prompt": "One more."}])
        )
        assert (found.state, found.rows_done) == (Import.State.DONE, 1)
        read[existing] = rows_read() - before
    assert read[1_000_000] <= read[10_000] + 10, read


def rows_read():
    """Prompts that PostgreSQL has looked at so far, through an index or without one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT 1")  # the flush comes at the end of a statement's transaction
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'rounds_prompt'"
        )
        return cursor.fetchone()[0]


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
    made = connection.settings_dict
    address = f"postgresql://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{made['NAME']}"
    environment = {**child_environment(), "DATABASE_URL": address, "STORAGE_URL": settings.STORAGE_URL}
    command = [sys.executable, "-c", EXPORT_AND_TELL, str(snapshot_id)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    state, peak = ended.stdout.split()
    assert state == "sealed"
    return int(peak) / 1024
