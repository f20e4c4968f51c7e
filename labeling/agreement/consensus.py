"""One ranking of each prompt's completions from those of all its labelers, weighted by how reliable they are."""

import itertools
from collections import defaultdict
from typing import Any

from labeling.agreement.labeler_reports import consensus_of
from labeling.agreement.tables import RankingTable
from labeling.among import among
from labeling.feedback.models import Completion
from labeling.rounds.models import Prompt

TIE_GAP = 1e-3  # of log strength: nearer ones are as good as equal


def consensus_rankings(table: RankingTable) -> list[dict[str, Any]]:
    """Ranking records of the file contract, best completion first, with the log strength of each."""
    strengths = consensus_of(table).log_strength
    units: dict[int, set[int]] = defaultdict(set)
    votes: dict[int, int] = defaultdict(int)
    for answer in table.answers:
        units[answer.item].update(answer.units)
        votes[answer.item] += 1
    prompts = {prompt.pk: prompt for prompt in Prompt.objects.filter(pk__in=among(table.prompt_ids))}
    texts = dict(Completion.objects.filter(pk__in=among(table.completion_ids)).values_list("pk", "text"))
    rows = []
    for item, found in units.items():
        order = sorted(found, key=lambda unit: -strengths[unit])
        ranks = [1]
        for before, unit in itertools.pairwise(order):
            ranks.append(ranks[-1] + int(strengths[before] - strengths[unit] > TIE_GAP))
        prompt = prompts[table.prompt_ids[item]]
        rows.append(
            {
                "prompt": prompt.messages,
                "prompt_id": prompt.external_id,
                "split": prompt.split,
                "completions": [texts[table.completion_ids[unit]] for unit in order],
                "ranks": ranks,
                "labeler": "aggregated",
                "num_rankings": votes[item],
                "log_strengths": [round(float(strengths[unit]), 4) for unit in order],
            }
        )
    return rows
