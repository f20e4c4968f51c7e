"""The gold judge rewards what was asked, not length, and cannot be won by nonsense."""

import random
import statistics

import pytest

from demo import domain, judge

PROMPT = [
    {
        "role": "user",
        "content": "In two sentences, and saying why, say thank you for the kettle in a warm note to Anna.",
    }
]
GOOD = (
    "My dear Anna, thank you from my heart for the kettle because mine broke last Monday. "
    "With all my love until we meet."
)


def test_perfect_note_scores_one() -> None:
    assert judge.gold(PROMPT, GOOD) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("attribute", "worse"),
    [
        ("item", GOOD.replace("the kettle", "the thing")),
        ("item", GOOD.replace("the kettle", "the ladder")),
        ("addressee", GOOD.replace("Anna", "friend")),
        ("tone", GOOD.replace("My dear", "Good day").replace("from my heart ", "")),
        ("purpose", GOOD.replace("thank you", "I ask you")),
        ("sentences", GOOD + " See you soon for some fun!"),
        ("sentences", GOOD.replace("Monday. ", "Monday ")),
        ("reason", GOOD.replace("because mine broke last Monday", "or something like that")),
        ("close", GOOD.replace("With all my love until we meet.", "Anyway I have to go.")),
    ],
)
def test_each_failing_lowers_its_attribute_and_the_score(attribute: str, worse: str) -> None:
    assert judge.attributes(PROMPT, worse)[attribute] < judge.attributes(PROMPT, GOOD)[attribute]
    assert judge.gold(PROMPT, worse) < judge.gold(PROMPT, GOOD) - 0.03


def test_repetition_padding_and_nonsense_lose() -> None:
    half = GOOD.split(". ", 1)[0] + ". "
    padding = " and so on and so forth" * 5
    nonsense = "Anna kettle because heart love dear warm hug thank you with all my love."
    assert judge.gold(PROMPT, half + half) < 0.8
    assert judge.gold(PROMPT, GOOD[:-1] + padding + ".") < 0.8
    assert judge.gold(PROMPT, nonsense) < 0.6
    assert judge.gold(PROMPT, "") <= -0.4


def test_same_note_for_another_request_scores_less() -> None:
    other = [{"role": "user", "content": PROMPT[0]["content"].replace("Anna", "Leo").replace("kettle", "tent")}]
    assert judge.gold(other, GOOD) == pytest.approx(judge.gold(PROMPT, GOOD) - 0.21)  # the thing and the addressee


def test_gold_rises_with_quality_and_length_does_not() -> None:
    rng = random.Random(3)
    prompts = [record["prompt"] for record in domain.prompts(3, 300)]
    notes = {
        quality: [domain.note_text(rng, judge.read_brief(prompt), quality) for prompt in prompts]
        for quality in (0.3, 0.6, 1.0)
    }
    gold = {
        quality: [judge.gold(p, t) for p, t in zip(prompts, texts, strict=True)] for quality, texts in notes.items()
    }
    means = [statistics.mean(gold[quality]) for quality in (0.3, 0.6, 1.0)]
    assert means[0] + 0.15 < means[1] < means[2] - 0.15
    assert means[2] > 0.97
    lengths = [statistics.mean(len(text) for text in notes[quality]) for quality in (0.3, 0.6, 1.0)]
    assert max(lengths) < 1.15 * min(lengths)


def test_request_of_another_domain_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a request"):
        judge.gold([{"role": "user", "content": "What is the capital of France?"}], "Paris.")
