"""Briefs: verdict first, what is asked of whom last, no gain alone, and figures that rest on their own rows only."""

import ast
import asyncio
import re
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import duckdb
import pytest

from schema import briefs, headlines, pages, standups
from schema.briefs import Brief, Paragraph, compose
from schema.insights import Topic
from schema.metrics import Audience
from schema.statements import full as full_statements
from schema.statements import levels
from schema.statements import plain as plain_statements
from schema.statements.levels import PLAIN_READERS
from schema.verdicts import GAINS
from schema.wording.checks import claim_of, lonely_gain
from schema.wording.rules import Claim, broken
from schema.wording.words import VERDICTS
from tests.demo_pages import demo_pages, told

ROOT = Path(__file__).parent.parent
WEEK = "BETWEEN '2026-11-17' AND '2026-11-21'"
ALTERED = {  # product → database, one altered row of last week, and the queries that read what was altered
    "support-chatbot": (
        "warehouse.duckdb", "tickets", f"confirmed = 1 - confirmed WHERE opened_at {WEEK} AND reached_agent = 0",
        {"confirmed", "outcomes"},
    ),
    "feed-personalisation": (
        "feed.db", "checked_predictions", f"predicted = 0 WHERE at {WEEK} AND predicted = 1 AND opened = 1",
        {"checked"},
    ),
    "content-recommender": (
        "recommender.db", "editor_reviews", f"minutes = minutes + 10 WHERE at {WEEK}", {"review_time"},
    ),
    "fraud-detection": (
        "fraud.db", "cases", f"fraud = 1 WHERE decided_at {WEEK} AND flagged = 1 AND fraud = 0",
        {"outcomes", "by_card"},
    ),
    "writing-assistant": ("writing.db", "ratings", f"down = 1 - down WHERE at {WEEK}", {"rated_down"}),
    "nearby-offers": (
        "offers.db", "positions", f"without_area = without_area + 1 WHERE day {WEEK}", {"without_area"},
    ),
    "job-matching": (
        "warehouse.duckdb", "candidates", f"qualified = 1 - qualified WHERE seen_at {WEEK} AND suggested = 0",
        {"by_gender", "everybody"},
    ),
}  # fmt: skip


def alter(data: Path) -> None:
    for database, table, change, _ in ALTERED.values():
        setting, _, condition = change.partition(" WHERE ")
        statement = f"UPDATE {table} SET {setting} WHERE rowid = (SELECT MAX(rowid) FROM {table} WHERE {condition}) RETURNING 1"
        open_one = duckdb.connect if database.endswith("duckdb") else sqlite3.connect
        with closing(open_one(str(data / database))) as connection:
            assert connection.execute(statement).fetchall() == [(1,)], statement
            connection.commit()


@pytest.fixture(scope="module")
def altered(tmp_path_factory):
    return asyncio.run(told(tmp_path_factory.mktemp("altered"), altered=alter))


@pytest.mark.parametrize("product", ALTERED)
def test_one_altered_row_changes_exactly_the_figures_that_rest_on_it(product, altered) -> None:
    before, after = demo_pages()[product], altered[product]
    queries = ALTERED[product][3]
    expected = {key for key, asked in before.product.metrics.items() if asked.query in queries}

    def differ(value) -> set[str]:
        return {key for key in before.judged if value(before.judged[key]) != value(after.judged[key])}

    assert expected
    assert differ(lambda each: each.now and each.now.measurements) == expected
    changed = differ(lambda each: each.now and each.now.level.estimate)
    assert changed
    assert changed <= expected
    assert figures_now(before) - figures_now(after) | figures_now(after) - figures_now(before) <= {
        (key, function, value)
        for key, function, value in figures_now(before) | figures_now(after)
        if key in expected
    }


def figures_now(page) -> set[tuple[str, str, str]]:
    """List the figures of this period on the engineers' page."""
    return {
        (fact.of.partition("/")[0], fact.function, fact.shown)
        for paragraph in spoken(compose(page, Audience.ENGINEER))
        for fact in paragraph.text.facts
        if fact.of.endswith("/now")
    }


def spoken(brief: Brief) -> list[Paragraph]:
    return [paragraph for section in brief.sections for paragraph in section.paragraphs]


@lru_cache(maxsize=1)
def all_briefs() -> tuple[Brief, ...]:
    return tuple(compose(page, audience) for page in demo_pages().values() for audience in Audience)


def test_the_first_sentence_carries_the_verdict_and_the_last_is_an_ask_or_no_action() -> None:
    for brief in all_briefs():
        first, last = str(brief.headline), str(brief.closing)
        assert re.search(r": (?:\d+ .*|nothing has clearly changed(?: this week)?)\.$", first), first
        assert last == "No action needed." or last.startswith("Asked of "), last


def test_an_ask_names_the_owner_and_what_moved() -> None:
    brief = compose(demo_pages()["fraud-detection"], Audience.EXECUTIVE)

    assert re.fullmatch(
        r"Asked of U0ANA00001: say what is done about the share of .*, and about the share of .*\.",
        str(brief.closing),
    )


def test_what_is_not_fit_to_use_is_said_before_anything_else() -> None:
    for key, page in demo_pages().items():
        unfit = [insight for insight in page.ranked.said if insight.topic is Topic.NOT_FIT]
        for audience in Audience:
            titles = [section.title for section in compose(page, audience).sections]
            assert (briefs.UNFIT in titles) is bool(unfit), key
            if unfit:
                assert titles[0] == briefs.UNFIT
                assert "not fit to use" in str(compose(page, audience).headline)


def test_a_gain_never_stands_without_its_countermetric() -> None:
    gains = 0
    for brief in all_briefs():
        for paragraph in spoken(brief) if brief.audience in PLAIN_READERS else ():
            assert not lonely_gain(paragraph.text, paragraph.statements), str(paragraph.text)
            gains += bool(paragraph.statements and paragraph.statements[0].verdict.kind in GAINS)
    assert gains


def test_a_caveat_stands_once_in_a_paragraph() -> None:
    for brief in all_briefs():
        for paragraph in spoken(brief) if brief.audience in PLAIN_READERS else ():
            marks = re.findall(r"\b[Ee]stimated(?: and provisional)?:|\b[Pp]rovisional:", str(paragraph.text))
            own = [set(levels.marks(each.subject)) for each in paragraph.statements]
            if len(own) > 1 and own[1] <= own[0]:
                assert len(marks) <= 1, str(paragraph.text)


def test_every_sentence_of_every_page_keeps_the_rules_of_words() -> None:
    """Headlines, asks, targets, money lines and the rest, which are no statements of one metric."""
    for brief in all_briefs():
        others = [each.text for each in spoken(brief) if not each.statements]
        for text in (brief.headline, brief.closing, *others):
            assert broken(Claim(text=text, audience=brief.audience)) == (), str(text)


def test_money_names_where_its_conclusion_flips_and_its_assumptions_with_their_owners() -> None:
    page = demo_pages()["fraud-detection"]
    executive = " ".join(str(each.text) for each in spoken(compose(page, Audience.EXECUTIVE)))
    compliance = " ".join(str(each.text) for each in spoken(compose(page, Audience.COMPLIANCE)))

    assert "It pays while at least" in executive
    assert "It pays while a wrong alert costs under" in executive
    assert "The cost of stopping a good payment: $18, owned by U0ANA00001, holds until" in compliance


def test_engineers_read_how_many_changes_were_tested_together() -> None:
    for page in demo_pages().values():
        text = str(spoken(compose(page, Audience.ENGINEER))[-1].text)
        tested = max(each.verdict.tested for each in page.judged.values())
        assert text == f"{tested} changes tested together; a change is named where q is at most 0.1."


def test_plain_readers_are_told_what_the_line_means_and_no_counts_of_nothing() -> None:
    for page in demo_pages().values():
        thread = [str(p.text) for each in standups.compose_standup(page).sections for p in each.paragraphs]
        tested = max(each.verdict.tested for each in page.judged.values())
        assert (
            f"{tested} changes tested together. Of every 100 named so, at most 10 are expected to be no real change."
            in thread
        )
        assert not [text for text in thread if re.search(r"[:,] 0 (about|not)|\bq\b", text)]


def test_advice_stands_once_on_a_page_where_it_is_due_first() -> None:
    for page in demo_pages().values():
        told = spoken(compose(page, Audience.SUPPORT))
        due = {str(advice) for paragraph in told for advice in paragraph.advice}
        assert due
        for advice in due:
            assert sum(advice in str(paragraph.text) for paragraph in told) == 1, advice


def test_a_full_page_shows_every_metric_of_the_product() -> None:
    for page in demo_pages().values():
        for audience in set(Audience) - PLAIN_READERS:
            named = [key for paragraph in spoken(compose(page, audience)) for key in paragraph.metrics]
            assert sorted(named) == sorted(page.product.shown)


def test_the_labels_are_the_verdicts_that_the_text_names() -> None:
    for brief in all_briefs():
        for paragraph in spoken(brief) if brief.audience is Audience.ENGINEER else ():
            if paragraph.label and paragraph.statements:
                named = VERDICTS.findall(str(paragraph.text))
                assert named[0].replace("real but ", "") == paragraph.label.lower()
                assert named == list(claim_of(paragraph.statements[0]).labels)


TEMPLATE = re.compile(r"\{[a-z_:]+\}|[a-z]{2,} [a-z]{2,}")
LANGUAGE = (briefs, full_statements, headlines, levels, pages, plain_statements, standups)


def typed_digits(source: str) -> list[str]:
    """Find words for readers, constants and parts of f-strings alike, that hold a digit; docstrings are not for readers."""
    tree = ast.parse(source)
    documented = {id(node.body[0].value) for node in ast.walk(tree) if has_docstring(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
        if TEMPLATE.search(node.value) and re.search(r"\d", node.value)
    ]


def has_docstring(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node) is not None


@pytest.mark.parametrize("module", LANGUAGE, ids=lambda each: each.__name__)
def test_no_template_holds_a_digit(module) -> None:
    assert typed_digits(Path(module.__file__).read_text("utf-8")) == []


def test_a_template_with_a_digit_is_found() -> None:
    assert typed_digits('X = "the 95% range of {value}"') == ["the 95% range of {value}"]
    assert typed_digits('def f():\n    "Take 3 words."\n    return f"{x} of every 100 cases"') == [
        " of every 100 cases"
    ]


def test_no_phrase_of_the_catalogue_holds_a_digit() -> None:
    texts = ("plain", "what", "not_meaning", "misreading", "note")
    for page in demo_pages().values():
        for metric in page.catalogue:
            phrases = [getattr(metric, name) for name in texts] + list(metric.words.model_dump().values())
            slots = [re.sub(r"\{[^}]*\}", "", phrase) for phrase in phrases]
            assert [phrase for phrase in slots if re.search(r"\d", phrase)] == [], metric.key
        break


def test_another_sides_figures_stand_once_in_a_section_and_are_pointed_to_from_then_on() -> None:
    brief = compose(demo_pages()["support-chatbot"], Audience.EXECUTIVE)
    [over] = [each for each in brief.sections if each.title == "Over a longer time"]
    gains = [str(each.text) for each in over.paragraphs if "came back" in str(each.text)]

    assert len(gains) > 2
    assert ["it may be anything from" in text for text in gains] == [True] + [False] * (len(gains) - 1)
    assert all(
        "the share of customers who came back with the same problem; see above." in text for text in gains[1:]
    )
