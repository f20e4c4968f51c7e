"""What is said of a chat, as pure checks: verdicts on turns, the reply to go on with, the labels of a red team."""

import pytest

from labeling.feedback.answers import InvalidAnswer
from labeling.feedback.kinds.chat.answer import chosen_check, verdict_check, verdict_given, verdict_kept
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer
from labeling.feedback.kinds.red_team.answer import RedTeamAnswer, attack_check
from labeling.rounds.label_schemas import DEFAULT_SCHEMA, schema_check

SHOWN = [7, 8]
BETTER_8 = PairwiseAnswer(ranks={7: 2, 8: 1}, strength=2, flags={7: ["made_up_facts"]})


def fields_of(error):
    return list(error.value.fields)


def test_a_verdict_that_is_kept_is_read_again_as_it_was():
    assert verdict_given(verdict_kept(BETTER_8)) == BETTER_8
    assert verdict_given(verdict_kept(None)) is None


def test_a_verdict_fits_the_replies_of_its_turn():
    verdict_check(BETTER_8, SHOWN, DEFAULT_SCHEMA, is_required=True)
    verdict_check(None, SHOWN, DEFAULT_SCHEMA, is_required=False)
    with pytest.raises(InvalidAnswer) as error:
        verdict_check(BETTER_8, [7, 9], DEFAULT_SCHEMA, is_required=False)
    assert fields_of(error) == ["ranks", "flags"] or fields_of(error) == ["ranks"]
    with pytest.raises(InvalidAnswer) as error:
        verdict_check(None, SHOWN, DEFAULT_SCHEMA, is_required=True)
    assert fields_of(error) == ["verdict"]


def test_a_chat_goes_on_with_the_better_reply_and_a_red_team_with_either():
    chosen_check(BETTER_8, 8, SHOWN, is_best=True)
    chosen_check(BETTER_8, 7, SHOWN, is_best=False)
    chosen_check(PairwiseAnswer(ranks={7: 1, 8: 1}, all_bad=True), 7, SHOWN, is_best=True)
    for chosen in (7, 9, None):
        with pytest.raises(InvalidAnswer) as error:
            chosen_check(BETTER_8, chosen, SHOWN, is_best=True)
        assert fields_of(error) == ["chosen"]


@pytest.mark.parametrize("field", ["harm_category", "attack_kind", "success_level"])
def test_the_labels_of_a_red_team_are_in_the_schema(field):
    right = {"harm_category": "illicit", "attack_kind": "perspective", "success_level": "in_part"}
    attack_check(RedTeamAnswer(num_turns=1, verdict=None, **right), DEFAULT_SCHEMA)
    with pytest.raises(InvalidAnswer) as error:
        attack_check(RedTeamAnswer(num_turns=1, verdict=None, **{**right, field: "other"}), DEFAULT_SCHEMA)
    assert fields_of(error) == [field]


def test_the_default_schema_has_what_a_red_team_is_asked():
    assert schema_check(DEFAULT_SCHEMA) == DEFAULT_SCHEMA
    assert [len(DEFAULT_SCHEMA[name]) for name in ("harm_categories", "attack_kinds", "success_levels")] == [4, 8, 5]
