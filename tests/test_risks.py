"""Ten risk questions and the tier that follows from them."""

from itertools import chain, combinations

import pytest

from schema.risks import ASKED, RiskQuestion, Tier, tier_of
from schema.wording.readability import grade, words_of

EVERY = [
    frozenset(each)
    for each in chain.from_iterable(combinations(RiskQuestion, size) for size in range(len(RiskQuestion) + 1))
]
HIGH = {"banned_practice", "annex_iii", "allocation", "at_risk_people"}


def test_the_tier_is_right_for_every_set_of_answers():
    for answers in EVERY:
        expected = "high" if {str(each) for each in answers} & HIGH else "medium" if answers else "low"
        assert tier_of(answers) == expected, answers


def test_one_more_yes_never_lowers_the_tier():
    for answers in EVERY:
        for more in RiskQuestion:
            assert tier_of(answers | {more}).reaches(tier_of(answers))


@pytest.mark.parametrize(
    ("tier", "reached"),
    [("low", ["low"]), ("medium", ["low", "medium"]), ("high", ["low", "medium", "high"])],
)
def test_a_tier_reaches_itself_and_what_lies_below(tier, reached):
    assert [str(other) for other in Tier if Tier(tier).reaches(other)] == reached


@pytest.mark.parametrize("question", RiskQuestion)
def test_each_question_is_one_short_question_with_an_example(question):
    asked = ASKED[question]

    assert asked.question.endswith("?")
    assert asked.example.startswith("Such as ")
    assert asked.example.endswith(".")
    assert len(words_of(asked.question)) <= 16
    assert grade(asked.question) <= 9
    assert not any(char.isdigit() for char in asked.question + asked.example)
