"""Which split a prompt belongs to: a hash decides, so that the same contributor or the same text always lands in one split."""

import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

SHARES = {"train": 80, "validation": 10, "test": 10}  # percent
MIN_PROMPTS = 200  # fewer say nothing about shares
DOMINANT_SHARE = 0.10  # above it one contributor's fall moves the shares, and the hash is not to blame
MIN_TOLERANCE = 0.05
TOLERANCE_SIGMAS = 4


def normalised(messages: list[dict[str, Any]]) -> str:
    """The conversation without differences of case, spacing and Unicode form, so that near copies share one split."""
    parts = [f"{message['role']}:{message['content']}" for message in messages]
    return " ".join(unicodedata.normalize("NFKC", "\n".join(parts)).casefold().split())


def split_of(messages: list[dict[str, Any]], contributor: str = "") -> str:
    """train, validation or test (80/10/10), by the contributor when there is one, else by the normalised conversation."""
    key = f"contributor:{contributor}" if contributor else f"prompt:{normalised(messages)}"
    bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 100
    for split, share in SHARES.items():
        if bucket < share:
            return split
        bucket -= share
    raise AssertionError("the shares add up to 100")


def splits_refusal(by_split: Mapping[str, int], by_contributor: Counter[str]) -> str:
    """Why new prompts that fall like this are refused; "" when they are not.

    The rule: of at least 200 new prompts, none of whose contributors brought more than a tenth, each split must hold its
    share (80/10/10 %) within 5 points or four standard deviations of a fair draw, whichever is more.
    """
    total = sum(by_split.values())
    if total < MIN_PROMPTS or any(count > DOMINANT_SHARE * total for count in by_contributor.values()):
        return ""
    for split, percent in SHARES.items():
        expected, came = percent / 100, by_split.get(split, 0) / total
        tolerance = max(MIN_TOLERANCE, TOLERANCE_SIGMAS * math.sqrt(expected * (1 - expected) / total))
        if abs(came - expected) > tolerance:
            return (
                f"Expected {percent} % of the {total:,} new prompts in {split}, within {100 * tolerance:.1f} points; "
                f"got {100 * came:.1f} %. Few contributors or many copies of one prompt cause this: import them together "
                "with more contributors, or remove the copies."
            )
    return ""
