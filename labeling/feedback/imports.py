"""How imported demonstrations and rankings are stored; the entry of the job `import_rows`."""

from collections.abc import Sequence

from labeling.copy_rows import rows_copy
from labeling.feedback.models import Completion, Demonstration, RankedCompletion, Ranking
from labeling.rounds.import_rows import DemonstrationRow, PromptRow, RankingRow
from labeling.rounds.imports import Heartbeat, Tally, import_execute, prompts_write
from labeling.rounds.models import Import


def import_run(import_id: int, heartbeat: Heartbeat) -> None:
    """Read the rows of an uploaded file; see import_execute for what becomes true."""
    import_execute(
        import_id,
        heartbeat,
        {"prompts": prompt_rows_write, "demonstrations": demonstrations_write, "rankings": rankings_write},
    )


def prompt_rows_write(found: Import, batch: Sequence[tuple[int, PromptRow]], tally: Tally) -> None:
    prompts_write(found, batch, tally)


def demonstrations_write(found: Import, batch: Sequence[tuple[int, DemonstrationRow]], tally: Tally) -> None:
    prompt_ids = prompts_write(found, [(line, row.prompt) for line, row in batch], tally)
    rows_copy(
        [
            Demonstration(
                project=found.project,
                prompt_id=prompt_ids[line],
                imported_from=found,
                import_line=line,
                labeler_name=row.labeler,
                seconds=row.seconds,
                messages=row.messages,
            )
            for line, row in batch
        ]
    )


def rankings_write(found: Import, batch: Sequence[tuple[int, RankingRow]], tally: Tally) -> None:
    """Each row's completions become Completions of no checkpoint, ordered by one Ranking."""
    prompt_ids = prompts_write(found, [(line, row.prompt) for line, row in batch], tally)
    rankings = [
        Ranking(
            project=found.project,
            prompt_id=prompt_ids[line],
            imported_from=found,
            import_line=line,
            labeler_name=row.labeler,
            seconds=row.seconds,
            all_bad=row.all_bad,
            margin=row.margin,
        )
        for line, row in batch
    ]
    rows_copy(rankings)
    completions = [
        Completion(project=found.project, prompt_id=prompt_ids[line], text=text)
        for line, row in batch
        for text in row.completions
    ]
    rows_copy(completions)
    each = iter(completions)
    rows_copy(
        [
            RankedCompletion(ranking=ranking, completion=completion, rank=rank, ratings=ratings, flags=flags)
            for ranking, (_, row) in zip(rankings, batch, strict=True)
            for rank, ratings, flags, completion in zip(row.ranks, row.ratings, row.flags, each, strict=False)
        ]
    )
