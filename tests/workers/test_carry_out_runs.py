"""Runs on the real cluster: pretraining, SFT and sampling, cancel, a wrong code version, the sampling box."""

import pytest

from tests.workers.conftest import Site


def test_a_pretrained_base_is_registered_with_its_metrics_and_log(site: Site) -> None:
    got = site.execute("""
        from workers.store import sha256_of_folder
        checkpoint = base()
        run = checkpoint.made_by.get().run
        say({"state": run.state, "steps": run.summary["num_steps"], "parameters": checkpoint.num_parameters,
             "sha256_matches": sha256_of_folder(checkpoint.uri) == checkpoint.sha256,
             "points": MetricPoint.objects.filter(run=run, kind="metric").count(), "attempt": run.attempt,
             "log": store_open(settings.STORAGE_URL).read_text(f"runs/{run.pk}/1/log.txt")})
    """)
    assert (got["state"], got["steps"], got["attempt"]) == ("done", 20, 1)
    assert got["sha256_matches"]
    assert got["parameters"] > 10_000
    assert got["points"] >= 1
    assert "pretrain" in got["log"]


def test_sampled_completions_become_rows_once(site: Site) -> None:
    got = site.execute("""
        from workers.generation import completions_ingest
        prompts(40)
        snapshot = ended(snapshot_create(project=PROJECT, kind="prompts", filters={"splits": ["train"], "limit": 6}, actor=ADMIN))
        config = {"max_new_tokens": 6, "completions_per_prompt": 3, "threads": 1}
        run = ended(run_start("sample", config, {"policy": base(), "prompts": snapshot}))
        rows = Completion.objects.filter(run_id=run.pk)
        first = rows.count()
        files = store_open(settings.STORAGE_URL)
        completions_ingest(run, {"policy": files.uri(f"runs/{run.pk}/work/policy/completions.jsonl")})
        say([run.state, run.error, first, rows.count(), rows.filter(checkpoint=base(), logprob__lt=0).count()])
    """)
    assert got == ["done", "", 18, 18, 18]


@pytest.mark.slow
def test_reward_models_score_what_is_sampled_and_disagree(site: Site) -> None:
    got = site.execute("""
        from labeling.loop.disagreement import disagreement
        from rlhf.evaluate import score_completions
        prompts(40)
        judges = [reward(), reward(seed=2)]
        snapshot = ended(snapshot_create(project=PROJECT, kind="prompts", filters={"splits": ["train"], "limit": 4}, actor=ADMIN))
        config = {"max_new_tokens": 6, "completions_per_prompt": 3, "threads": 1, "seed": 7}
        inputs = {"policy": base(), "prompts": snapshot, "reward": judges[0], "reward_b": judges[1]}
        run = ended(run_start("sample", config, inputs))
        rows = list(Completion.objects.filter(run_id=run.pk).select_related("prompt").order_by("pk"))
        texts = [(row.prompt.messages, row.text) for row in rows]
        by_hand = [score_completions(reward=judge.uri.removeprefix("file://"), records=texts) for judge in judges]
        far = max(abs(row.scores[m] - by_hand[m][c]) for c, row in enumerate(rows) for m in range(2))
        groups = {}
        for row in rows:
            groups.setdefault(row.prompt_id, []).append(row.scores)
        say([run.state, run.error, len(rows), {len(row.scores) for row in rows} == {2}, far,
             [disagreement(group) for group in groups.values()]])
    """)
    state, error, num_rows, has_both, far, disagreements = got
    assert (state, error, num_rows, has_both) == ("done", "", 12, True)
    assert far < 1e-4
    assert len(disagreements) == 4
    assert all(0 < value < 0.5 for value in disagreements)


@pytest.mark.slow
def test_sft_on_demonstrations_makes_a_policy_whose_parent_is_the_base(site: Site) -> None:
    got = site.execute("""
        demonstrations(40)
        snapshot = ended(snapshot_create(project=PROJECT, kind="demonstrations", filters={}, actor=ADMIN))
        config = {"max_steps": 4, "batch_size": 4, "max_length": 64, "threads": 1}
        run = ended(run_start("sft", config, {"base": base(), "demonstrations": snapshot}))
        made = run.outputs.get()
        say([run.state, made.role, [parent.pk for parent in made.checkpoint.parents.all()] == [base().pk],
             run.summary["heldout_loss_after"] < run.summary["heldout_loss_before"]])
    """)
    assert got == ["done", "policy", True, True]


@pytest.mark.slow
def test_a_cancelled_run_leaves_the_cluster(site: Site) -> None:
    got = site.execute("""
        from labeling.training.services import run_cancel
        from workers.ray_jobs import job_status
        run = run_start("pretrain", {**TINY, "max_seconds": 100.0}, {"texts": corpus()})
        until(run, ("running",), 60)
        run_cancel(run, ADMIN)
        deadline = time.monotonic() + 20
        while (status := job_status(f"run-{run.pk}-1")) not in ("STOPPED", "FAILED") and time.monotonic() < deadline:
            time.sleep(0.2)
        run.refresh_from_db()
        say([run.state, status])
    """)
    assert got == ["cancelled", "STOPPED"]


@pytest.mark.slow
def test_a_cancelled_run_whose_worker_died_after_ray_took_the_job_leaves_the_cluster(site: Site) -> None:
    got = site.execute("""
        from workers.ray_jobs import job_status
        from workers.training import run_submit
        run = run_start("pretrain", {**TINY, "max_seconds": 100.0}, {"texts": corpus()})
        until(run, ("running",), 60)
        TrainingRun.objects.filter(pk=run.pk).update(state="cancelled")  # nobody has told Ray
        run_submit(run.pk)  # the job that the dead worker left comes round again
        deadline = time.monotonic() + 20
        while (status := job_status(f"run-{run.pk}-1")) not in ("STOPPED", "FAILED") and time.monotonic() < deadline:
            time.sleep(0.2)
        say(status)
    """)
    assert got == "STOPPED"


def test_a_job_of_another_code_version_ends_with_a_clear_error(site: Site) -> None:
    got = site.execute("""
        from workers import ray_jobs, training
        spec = {"code_version": "0.0.0+other", "run_id": 0, "attempt": 1, "config": {}}
        files = store_open(settings.STORAGE_URL)
        name = f"runs/0/{time.time_ns()}"
        files.write_bytes(f"{name}/spec.json", json.dumps(spec).encode())
        ray_jobs.job_submit(f"run-0-{time.time_ns()}", ["run", files.uri(f"{name}/spec.json")])
        deadline = time.monotonic() + 30
        while not files.exists(f"{name}/result.json") and time.monotonic() < deadline:
            time.sleep(0.1)
        say(json.loads(files.read_text(f"{name}/result.json")))
    """)
    assert got["state"] == "failed"
    assert "0.0.0+other" in got["error"]
    assert "Install the same version" in got["error"]


def test_an_impossible_option_fails_the_run_with_its_reason_and_without_a_retry(site: Site) -> None:
    got = site.execute("""
        run = ended(run_start("pretrain", {**TINY, "tokens_per_batch": 100, "max_steps": 1}, {"texts": corpus()}))
        say([run.state, run.attempt, run.error])
    """)
    assert got[:2] == ["failed", 1]
    assert "multiple of context_length" in got[2]


def test_the_sampling_box_shows_probabilities(site: Site) -> None:
    got = site.execute("""
        from labeling.training.sampling import sample_text
        request = {"messages": [{"role": "user", "content": "Where?"}], "temperature": 0.0, "top_p": 1.0, "max_new_tokens": 3, "seed": 1}
        first, second = sample_text(base(), request), sample_text(base(), request)
        say([first == second, len(first["tokens"]), [len(token["top"]) for token in first["tokens"]]])
    """)
    assert got == [True, 3, [5, 5, 5]]
