"""Rows of public sets of human judgements as ranking rows of the file contract. Pure: a record in, a record out.

Three shapes are known by their fields: the contract's own (prompt, completions, ranks), ranked items (source, items: [{text, rank}], judge)
and labelled pairs (prompt, a, b, label: a, b or tie, annotator). What is wrong in a row is left for the import to refuse.
"""

from typing import Any

PAIR_RANKS = {"a": [1, 2], "b": [2, 1], "tie": [1, 1]}


def ranking_row(record: dict[str, Any]) -> dict[str, Any]:
    if isinstance(record.get("items"), list):
        return ranked_items_row(record)
    if "label" in record and "a" in record and "b" in record:
        return labelled_pair_row(record)
    return record


def ranked_items_row(record: dict[str, Any]) -> dict[str, Any]:
    """A labeler is a judge in a language: the same name may be another person elsewhere."""
    language = str(record.get("lang", ""))
    row = {
        "prompt": record.get("source"),
        "completions": [item.get("text") for item in record["items"]],
        "ranks": [item.get("rank") for item in record["items"]],
        "labeler": f"{record.get('judge', '')} {language}".strip(),
        "seconds": seconds_of(record.get("duration", "")),
        "metadata": {"language": language} if language else {},
    }
    if "segment" in record:
        row["prompt_id"] = f"{language}-{record['segment']}"
    return row


def labelled_pair_row(record: dict[str, Any]) -> dict[str, Any]:
    row = {
        "prompt": record.get("prompt"),
        "completions": [text_of(record["a"]), text_of(record["b"])],
        "ranks": PAIR_RANKS.get(record["label"], record["label"]),
        "labeler": record.get("annotator"),
        "metadata": {"source": record["source"]} if "source" in record else {},
    }
    if "group" in record:
        row["prompt_id"] = record["group"]
    return row


def text_of(value: Any) -> Any:
    return (
        str(value) if isinstance(value, bool | int | float) else value
    )  # such sets hold `True` where the text was "True"


def seconds_of(text: str) -> float:
    """ "00:01:02.7" -> 62.7; 0 for anything else."""
    try:
        hours, minutes, seconds = (float(part) for part in text.split(":"))
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds
