"""Corrections: what a source restates within a week is told below the post that used it, once, and first in the next."""

import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import corrections, digests
from handlers.pages import closed_period, load_page
from handlers.pulls import pull
from integrations.store import due
from schema.corrections import as_body, corrected, from_body, told_now
from schema.corrections import corrections as differing
from schema.insights import Restated, Topic
from schema.restatements import restated_together
from schema.texts import Text
from schema.wording.readability import is_easy
from tests import builders
from tests.conversations import a_talk, words
from tests.demo_pages import demo_pages

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")

A_DAY = timedelta(days=1)
FIRST = (700, 300, 100, 9000)
RESTATED = (600, 400, 100, 9000)


class Clock:
    """The time of the bot and of its sender; the test moves it."""

    def __init__(self):
        self.at = builders.NOW

    def __call__(self):
        return self.at


@asynccontextmanager
async def a_posted_standup(folder, **more):
    """Post the standup of the newest week; gives the talk, its clock, and what changes the source's answer."""
    clock = Clock()
    async with a_talk(folder, beside={"now": clock}, **more) as talk:
        talk.sender = replace(talk.sender, now=clock)
        await talk.types(talk.pia, "standup now")
        await talk.sends()
        yield talk, clock, lambda counts: restate(folder, counts)


def restate(folder, counts):
    """Let the warehouse say something else of the newest week."""
    with sqlite3.connect(folder / "fraud.db") as database:
        newest = "(SELECT max(day) FROM outcomes)"
        database.execute(f"UPDATE outcomes SET tp = ?, fp = ?, fn = ?, tn = ? WHERE day = {newest}", counts)
    database.close()


async def next_day(talk, clock):
    """Let a day pass: the sources are asked again, and what follows is sent; gives what was said of corrections."""
    clock.at += A_DAY
    await talk.sends()
    return said(talk)


def said(talk):
    [parent] = talk.slack.messages(talk.fraud)
    thread = talk.slack.thread(talk.fraud, parent["ts"])
    return [words(each) for each in thread if "Correction" in words(each)]


async def test_a_restated_figure_is_corrected_below_its_post_once(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        assert await next_day(talk, clock) == []
        restated(RESTATED)
        [told] = await next_day(talk, clock)
        assert await next_day(talk, clock) == [told]

    assert (
        "This post said: of every 100 alerts, 70 were fraud cases and 30 were good payments. It is: of every 100 alerts, 60"
        in told
    )
    assert (
        "The reason: asked again on 25 November 2026, warehouse gave other figures for the same time" in told
    )
    assert told.count("Correction") == 2  # the other figure of the same cases


async def test_the_post_itself_only_points_to_its_correction(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        before = [(words(each), each["ts"]) for each in talk.slack.messages(talk.fraud)]
        restated(RESTATED)
        await next_day(talk, clock)
        after = [(words(each), each["ts"]) for each in talk.slack.messages(talk.fraud)]

    told = "Some of these figures were corrected since; the thread says which, and why."
    assert told in after[0][0]
    assert [(said.replace(f"{told}\n", ""), ts) for said, ts in after] == before


async def test_a_figure_that_comes_back_is_corrected_a_second_time(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        restated(RESTATED)
        await next_day(talk, clock)
        restated(FIRST)
        first, second = await next_day(talk, clock)

    assert "It is: of every 100 alerts, 60" in first
    assert "This post said: of every 100 alerts, 60" in second
    assert "It is: of every 100 alerts, 70" in second


async def test_what_no_shown_digit_tells_is_not_corrected(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        restated((701, 300, 100, 9000))
        assert await next_day(talk, clock) == []


async def test_the_reason_names_the_cases_where_they_differ(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        restated((700, 500, 100, 9000))
        [told] = await next_day(talk, clock)

    assert "warehouse counts 1,200 cases for the same time; it had counted 1,000" in told


async def test_after_seven_days_nothing_is_asked_and_nothing_corrected(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        for _ in range(8):
            await next_day(talk, clock)
        restated(RESTATED)
        assert await next_day(talk, clock) == []


async def test_what_another_pull_saw_is_corrected_on_the_next_day(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        restated(RESTATED)
        services, snapshot = talk.desk.services, await talk.desk.services.snapshot("main")
        product = snapshot.product("fraud-detection")
        await pull(services, snapshot, product, period=closed_period(product, clock()))
        assert said(talk) == []
        assert len(await next_day(talk, clock)) == 1


async def test_two_who_correct_at_once_tell_it_once(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        services, snapshot = talk.desk.services, await talk.desk.services.snapshot("main")
        product = snapshot.product("fraud-detection")
        period = closed_period(product, clock())
        restated(RESTATED)
        await pull(services, snapshot, product, period=period)
        counts = [await corrections.correct(services, snapshot, product, period) for _ in range(2)]
        await talk.sends()
        assert len(said(talk)) == 1

    assert counts == [2, 0]


@pytest.mark.parametrize(
    ("readers", "change", "works"),
    [
        ("workspace", {"ext_shared": True}, "end the sharing"),
        ("workspace", {"archived": True}, "open it again"),
        ("roles", {}, "make it private"),
    ],
)
async def test_a_channel_that_may_not_have_a_correction_gets_none_and_both_owners_are_told(
    tmp_path, readers, change, works
):
    document = builders.document(fraud_detection={"readers": readers})
    async with a_posted_standup(tmp_path, document=document) as (talk, clock, restated):
        await talk.slack.change_channel(talk.fraud, **change)
        restated(RESTATED)
        assert await next_day(talk, clock) == []
        owners = (talk.ana, talk.slack.user("ben"))
        direct = [talk.slack.messages(talk.slack.direct(each, talk.app.bot_user_id)) for each in owners]

    for each in direct:
        told = " ".join(map(words, each))
        assert "A correction of the standup of fraud-detection could not be posted" in told
        assert works in told


async def test_the_next_standup_says_first_what_was_corrected(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, clock, restated):
        restated(RESTATED)
        await next_day(talk, clock)
        clock.at = builders.NOW + timedelta(days=7)
        services, snapshot = talk.desk.services, await talk.desk.services.snapshot("main")
        product = snapshot.product("fraud-detection")
        page = await load_page(services, snapshot, product, closed_period(product, clock()))
        *_, shown = await talk.types(talk.lea, "standup preview")

    assert page.ranked.said[0].topic is Topic.CORRECTION
    assert "2 figures corrected" in words(shown)
    assert (
        "2 figures of the week before were corrected, among them the share of alerts that were right."
        in words(shown)
    )
    assert (
        "The week before was told as: of every 100 alerts, 70 were fraud cases and 30 were good payments. It was: of every 100 alerts, 60"
        in words(shown)
    )
    assert "check what was decided on the figures that were corrected" in words(shown)


async def test_a_post_that_somebody_asked_for_is_watched_like_one_by_schedule(tmp_path):
    async with a_posted_standup(tmp_path) as (talk, *_):
        planned = await talk.desk.services.store.read(
            lambda session: due.planned(session, "main", kind=digests.PULL_AGAIN)
        )

    assert len(planned) == digests.DAYS_AGAIN


# --- the rules alone ---


@pytest.fixture(scope="module")
def fraud():
    return demo_pages()["fraud-detection"]


def test_what_was_told_is_read_back_as_it_was(fraud):
    told = [told_now(fraud, key) for key in fraud.judged]

    for each in [each for each in told if each]:
        assert from_body(as_body(each)) == each
        assert each.words
        assert each.label


def test_a_provisional_figure_is_corrected_when_its_outcomes_are_known(fraud):
    told = replace(told_now(fraud, "precision"), words="of every 100 alerts, 50 were fraud cases")
    ripe = replace(
        fraud, judged={**fraud.judged, "precision": replace(fraud.judged["precision"], provisional=False)}
    )

    assert fraud.judged["precision"].provisional
    assert differing(fraud, [told]) == ()
    assert [each.metric for each in differing(ripe, [told])] == ["precision"]


def test_another_question_is_no_restatement(fraud):
    told = replace(told_now(fraud, "net_benefit"), words="it was something else", question="another.one")

    assert differing(fraud, [told]) == ()


def test_a_figure_that_was_taken_back_is_said_so(fraud):
    told = replace(told_now(fraud, "precision"), open=False)
    gone = replace(fraud.judged["precision"], now=None, compared=())
    [found] = differing(replace(fraud, judged={**fraud.judged, "precision": gone}), [told])

    assert not found.new.words


def plainly(text):
    """Put a short word for figures and names: neither is ours to simplify."""
    return Text(tuple(each if isinstance(each, str) else replace(each, shown="it") for each in text.pieces))


@pytest.mark.parametrize(
    "edits",
    [
        {"words": "it was more", "cases": None, "open": False},
        {"words": "it was more", "open": True},
        {"words": "it was more", "cases": 7, "open": False, "label": "Small loss"},
        {"label": "Clear gain", "fetched_at": "2026-11-20T08:00:00+00:00", "open": False},
    ],
)
def test_a_correction_is_read_at_once(fraud, edits):
    ripe = {**fraud.judged, "precision": replace(fraud.judged["precision"], provisional=False)}
    page = replace(fraud, judged=ripe)
    [found] = differing(page, [replace(told_now(fraud, "precision"), **edits)])
    said = corrected(page, found)

    assert is_easy(plainly(said.text))
    assert said.label == "Correction"
    assert "The reason: " in str(said.text)


def test_the_next_standup_names_one_of_several_corrected_figures(fraud):
    restated = {key: Restated(posted="more", now="less") for key in ("precision", "recall", "net_benefit")}
    page = replace(fraud, restated=restated)

    assert is_easy(plainly(restated_together(page, list(restated))))
    assert str(restated_together(page, list(restated))).startswith(
        "3 figures of the week before were corrected"
    )
