"""The digest: a short parent with the verdict first and the ask last, sections for its thread, charts with their gaps."""

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from schema.briefs import UNFIT, compose
from schema.gains import Place, place
from schema.insights import Topic
from schema.metrics import Audience, Unit
from schema.saying import places
from schema.standups import FEWEST_POINTS, MOST_CHARTS, MOST_LINES, charts, compose_standup
from schema.wording.checks import lonely_gain
from tests.demo_pages import PRODUCTS, demo_pages


def test_the_demo_has_these_seven_products() -> None:
    assert set(demo_pages()) == set(PRODUCTS)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_parent_is_short_begins_with_the_verdict_and_ends_with_the_ask(product) -> None:
    standup = compose_standup(demo_pages()[product])

    assert len(standup.parent) <= MOST_LINES
    assert ": " in str(standup.parent[0].text)
    last = str(standup.parent[-1].text)
    assert last == "No action needed." or last.startswith("Asked of ")
    assert str(standup.fallback) == f"{standup.parent[0].text} {last}"


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_gain_stands_alone_in_a_parent(product) -> None:
    for each in compose_standup(demo_pages()[product]).parent:
        assert not lonely_gain(each.text, each.statements), str(each.text)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_thread_says_what_the_parent_had_no_room_for_and_nothing_twice(product) -> None:
    page = demo_pages()[product]
    standup = compose_standup(page)

    titles = [section.title for section in standup.sections]
    assert len(set(titles)) == len(titles)
    if any(each.topic is Topic.NOT_FIT for each in page.ranked.said):
        assert titles[0] == UNFIT
    led = {str(each.text) for each in standup.parent}
    thread = [str(each.text) for section in standup.sections for each in section.paragraphs]
    assert not led & set(thread)
    said = {
        str(each.text)
        for section in compose(page, Audience.EXECUTIVE).sections
        for each in section.paragraphs
    }
    assert said <= led | set(thread)


COUNTED = re.compile(r"(\d+) (clear loss|clear gain|clear change|small change)")
NAMED = re.compile(r"\((clear loss|clear gain|clear change|small loss|small gain|small change)")


def told(standup):
    return [*standup.parent, *(each for section in standup.sections for each in section.paragraphs)]


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_the_headline_counts_is_found_under_that_label_or_by_name(product) -> None:
    standup = compose_standup(demo_pages()[product])
    found = Counter(
        kind
        for each in told(standup)
        for kind in (*NAMED.findall(str(each.text)), *re.findall(r"^(?:clear|small) \w+", each.label.lower()))
    )
    found["small change"] += found["small gain"] + found["small loss"]

    wanted = Counter[str]()
    for count, kind in COUNTED.findall(str(standup.parent[0].text)):
        wanted[kind] += int(count)
    assert wanted <= found


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_a_gain_points_to_as_above_stands_above_it(product) -> None:
    above: set[Place] = set()
    for each in told(compose_standup(demo_pages()[product])):
        if "The other side is a " in str(each.text):
            assert place(each.statements[1]) in above, str(each.text)
        above |= places(each)


def test_what_is_too_small_to_act_on_comes_after_what_is_larger() -> None:
    standup = compose_standup(demo_pages()["nearby-offers"])

    assert [each.label for each in standup.parent[1:-1]] == [
        "Clear loss",
        "Clear gain with a cost",
        "Small gain",
    ]
    assert "only 1 small change this week; since the pivot to opt-in: 2 clear losses, 6 clear gains." in str(
        standup.parent[0].text
    )


@pytest.mark.parametrize("product", PRODUCTS)
def test_charts_show_what_moved_with_as_many_labels_as_values(product) -> None:
    page = demo_pages()[product]
    drawn = charts(page)

    assert len(drawn) <= MOST_CHARTS
    for chart in drawn:
        assert len(chart.labels) == len(chart.values) == len(set(chart.labels))
        known = [value for value in chart.values if value is not None]
        assert len(known) >= FEWEST_POINTS
        scale = 100 if page.catalogue[chart.metric].unit is Unit.SHARE else 1
        assert [None if value is None else value / scale for value in chart.values] == list(
            page.judged[chart.metric].history[-len(chart.values) :]
        )


def test_a_gap_in_the_past_stays_a_gap_and_a_short_past_is_not_drawn() -> None:
    page = demo_pages()["fraud-detection"]
    shown = charts(page)[0].metric
    history = [Decimal("0.1")] * 10

    def drawn(past):
        judged = {**page.judged, shown: replace(page.judged[shown], history=tuple(past))}
        return {chart.metric: chart for chart in charts(replace(page, judged=judged))}

    assert drawn([*history[:4], None, *history])[shown].values[4] is None
    assert "these 14 weeks" in str(drawn([*history[:4], None, *history])[shown].words)
    assert shown not in drawn([None, *history[:3]])


def test_a_quiet_week_says_that_nothing_clearly_changed_and_asks_for_nothing() -> None:
    standup = compose_standup(demo_pages()["job-matching"])

    assert (
        str(standup.parent[0].text)
        == "Job matching, 16 to 22 November 2026: nothing has clearly changed this week."
    )
    assert str(standup.parent[-1].text) == "No action needed."
