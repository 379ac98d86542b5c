"""Texts: figures keep their slots through filling and joining, and words between them are known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.facts import Fact, Kind, name
from schema.texts import Text, fields, fill, join, plain


def fact(shown: str) -> Fact:
    return Fact(of="m/now", function="level", kind=Kind.LEVEL, value=Decimal(1), shown=shown)


def test_a_template_is_filled_with_figures_phrases_and_words() -> None:
    text = fill("{subject:cap} was {value}, {when}.", {
        "subject": plain("the cost of cases"), "value": fact("$5"), "when": "before",
    })  # fmt: skip

    assert str(text) == "The cost of cases was $5, before."
    assert text.pieces == ("The cost of cases was ", fact("$5"), ", before.")
    assert text.facts == (fact("$5"),)
    assert text.words == "The cost of cases was  , before."


@pytest.mark.parametrize(
    ("filling", "shown"),
    [(name("iPhone users"), "IPhone users"), (plain("some"), "Some"), ("some", "Some"), (Text((name("ab"), " c")), "Ab c"), (Text(()), "")],
)  # fmt: skip
def test_a_sentence_starts_with_a_capital_whatever_fills_it(filling, shown) -> None:
    assert str(fill("{it:cap}", {"it": filling})) == shown


def test_a_capital_changes_what_is_shown_and_nothing_else() -> None:
    [figure] = fill("{it:cap}", {"it": fact("about 5")}).facts

    assert (figure.shown, figure.of, figure.value) == ("About 5", "m/now", Decimal(1))


def test_a_slot_without_a_filling_is_a_defect() -> None:
    with pytest.raises(KeyError):
        fill("{it}", {})


def test_the_slots_of_a_template_are_known() -> None:
    assert fields("{a} of {b:cap} and {label.sample}") == {"a", "b", "label.sample"}
    assert fields("none") == frozenset()


def test_joining_leaves_out_what_is_empty() -> None:
    assert str(join((plain("One."), Text(()), "", fact("2"), "Three.")[:3])) == "One."
    assert str(join((plain("One."), Text((fact("2"), " more.")), "Three."))) == "One. 2 more. Three."
    assert not join(())
    assert plain("x")


WORDS = st.text(alphabet="ab {}.", max_size=8).filter(lambda words: "{" not in words and "}" not in words)
TEXTS = st.lists(st.one_of(WORDS, st.builds(fact, st.sampled_from(["1", "2%", "$3"]))), max_size=5)


@given(st.lists(TEXTS, max_size=4))
def test_filling_and_joining_keep_every_figure_in_its_order(lists) -> None:
    texts = [Text(tuple(each)) for each in lists]

    joined = join([fill("{it}", {"it": each}) for each in texts], " ")

    assert joined.facts == tuple(figure for each in texts for figure in each.facts)
    assert not any(
        isinstance(a, str) and isinstance(b, str)
        for a, b in zip(joined.pieces, joined.pieces[1:], strict=False)
    )
