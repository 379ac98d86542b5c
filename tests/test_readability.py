"""Readability: sentences, words, syllables and the grade, and what may stand before an executive."""

import pytest

from schema.facts import name
from schema.texts import Text, plain
from schema.wording.readability import HIGHEST_GRADE, grade, is_easy, sentences, syllables, words_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It cost $97,925.50 in all. Yes.", ["It cost $97,925.50 in all.", "Yes."]),
        ("It was 4.7 minutes", ["It was 4.7 minutes"]),
        ("", []),
    ],
)
def test_a_decimal_point_ends_no_sentence(text, parts) -> None:
    assert sentences(text) == parts


def test_a_figure_with_its_sign_is_one_word() -> None:
    assert words_of("Of every 1,000 cases, 82.5% cost $97,925 on 22 November: well-known, people's own.") == [
        "Of", "every", "1,000", "cases", "82.5%", "cost", "$97,925", "on", "22", "November", "well-known", "people's",
        "own",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "count"),
    [("case", 1), ("people", 2), ("table", 2), ("flagged", 1), ("started", 2), ("the", 1), ("97,925", 1), ("estimated", 4), ("by", 1)],
)  # fmt: skip
def test_syllables_are_counted_by_ear(word, count) -> None:
    assert syllables(word) == count


def test_the_grade_is_the_published_formula() -> None:
    text = "The cat sat on the mat."

    assert grade(text) == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59)
    assert grade("") == 0


def test_long_sentences_many_sentences_and_hard_words_are_not_easy() -> None:
    assert is_easy(plain("Of every ten cases we saw, eight were caught. That is good."))
    assert not is_easy(plain("It " + "really " * 25 + "was."))
    assert not is_easy(plain("One. " * 5))
    assert is_easy(plain("One. " * 5), most_sentences=5)
    assert not is_easy(plain("Organisational reconfiguration necessitates interdepartmental deliberation."))


def test_names_that_people_chose_and_demanded_caveats_weigh_nothing() -> None:
    hard = "organisational reconfiguration deliberation"

    assert is_easy(Text(("The cost of ", name(hard), " was small.")))
    assert not is_easy(plain(f"The cost of {hard} was small."))
    assert grade("Estimated and provisional: the cost was low.") == grade("it and it: the cost was low.")
    assert grade("A plain text.") < HIGHEST_GRADE
