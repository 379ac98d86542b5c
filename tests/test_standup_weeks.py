"""The Monday post with its people: blockers, what decisions did, check-ins, the record; and weeks composed again."""

from datetime import timedelta

import pytest

from integrations.store import checkins, told
from integrations.store import deliveries as stored
from schema.checkins import Answers, Blocker, CheckIn, Decision, ReadingRef, Turn
from schema.deliveries import DeliveryState
from tests import builders
from tests.conversations import a_talk, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")

NOW, PRODUCT = builders.NOW, "fraud-detection"
A_DAY = timedelta(days=1)


@pytest.fixture
async def talk(tmp_path):
    async with a_talk(tmp_path) as opened:
        yield opened


def turn(person, *, period="2026-W47", **more):
    deadline = NOW - 3 * A_DAY
    asked = {"ask_at": deadline - A_DAY, "asked_at": deadline - A_DAY} | more
    return Turn(
        product=PRODUCT, period=period, person=person, deadline=deadline, post_at=NOW, zone="UTC", **asked
    )


def checkin(person, *, period="2026-W47", late=False, **answers):
    return CheckIn(
        product=PRODUCT, period=period, person=person, answers=Answers(**answers), given_at=NOW - 3 * A_DAY, late=late
    )  # fmt: skip


def blocker(person, text, *, days, **more):
    return Blocker(
        id=f"b-{text[:8]}", text=text, by=person, since="2026-W46", raised_at=NOW - days * A_DAY, **more
    )


def decision(person, text, *, known_then="2026-W45"):
    based = ReadingRef(
        metric="precision", period=known_then, source="warehouse", query_digest="", definition="", revision=1
    )
    return Decision(text=text, by=person, period="2026-W46", metric="precision", based_on=based)


async def gather(talk, turns, given):
    def write(session):
        for each in turns:
            checkins.put(session, "main", each)
        for each in given:
            checkins.keep(session, "main", each)

    await talk.desk.services.store.write(write)


async def posted(talk):
    """Post the standup; gives its parent and its thread as people read them."""
    await talk.types(talk.pia, "standup now")
    await talk.sends()
    [parent] = talk.slack.messages(talk.fraud)
    thread = talk.slack.thread(talk.fraud, parent["ts"])[1:]
    return words(parent), "\n".join(words(each) for each in thread)


async def test_a_week_without_a_roster_says_nothing_of_people(talk):
    parent, thread = await posted(talk)

    assert "Blocked" not in parent + thread
    assert "Check-ins" not in thread
    assert parent.splitlines()[-3].startswith("Asked of")
    assert thread.endswith("This is the first standup planned here.")


async def test_the_oldest_blocker_stands_in_the_parent_with_who_can_solve_it(talk):
    await gather(talk, [turn(talk.lea.id), turn(builders.BEN)], [
        checkin(talk.lea.id, blockers=(blocker(talk.lea.id, "No labels since the move", days=12, unblocker=talk.pia.id),)),
        checkin(builders.BEN, blockers=(blocker(builders.BEN, "The contract is unsigned", days=2),)),
    ])  # fmt: skip
    parent, thread = await posted(talk)

    assert (
        f"*Blocked*  for 12 days: “No labels since the move” (<@{talk.lea.id}>). <@{talk.pia.id}> can solve it."
        in parent
    )
    assert f"Of <@{talk.pia.id}>: solve what blocks <@{talk.lea.id}>." in parent
    assert "The contract is unsigned" not in parent
    assert f"*Blocked*  for 2 days: “The contract is unsigned” (<@{builders.BEN}>). Nobody is named" in thread
    assert len([line for line in parent.splitlines() if line.strip()]) <= 8  # six lines and two buttons


async def test_people_are_quoted_as_they_wrote_and_harmlessly(talk):
    nasty = "<!channel> deployed *v7*\n```unclosed & <https://x.example|click>"
    await gather(talk, [turn(talk.lea.id), turn(builders.BEN)], [
        checkin(talk.lea.id, changed=nasty, learned="שלום"),
        checkin(builders.BEN, changed="x" * 10_000, late=True),
    ])  # fmt: skip
    _, thread = await posted(talk)

    assert "> &lt;!channel&gt; deployed ∗v7∗\n> ˋˋˋunclosed &amp; &lt;https://x.example|click&gt;" in thread
    assert "> שלום" in thread
    assert f"*<@{builders.BEN}>* (late)" in thread
    assert "x" * 400 in thread
    assert "x" * 600 not in thread


async def test_one_line_says_who_answered_who_is_away_and_who_is_missing(talk):
    turns = [turn(talk.lea.id), turn(builders.BEN, away="on holiday"), turn(talk.ana.id)]
    await gather(talk, turns, [checkin(talk.lea.id, changed="A new threshold")])
    _, thread = await posted(talk)

    assert (
        f"3 on the roster. Answered: <@{talk.lea.id}>. Away: <@{builders.BEN}>. No answer: <@{talk.ana.id}>."
        in thread
    )


async def test_a_decision_comes_back_with_what_its_number_did(talk):
    await gather(talk, [turn(talk.lea.id, period="2026-W46")], [
        checkin(talk.lea.id, period="2026-W46", decisions=(decision(talk.lea.id, "We loosen the limit"),)),
    ])  # fmt: skip
    _, thread = await posted(talk)

    assert "*What the week before decided, and its numbers since*" in thread
    assert (
        f":red_circle: *Clear loss*  <@{talk.lea.id}> wrote “We loosen the limit”. Of every 100 alerts, 70 were fraud cases"
        " and 30 were good payments, down from 82 in the week to 8 November, which is bad."
    ) in thread


async def test_each_decision_is_told_by_the_number_that_it_was_based_on(talk):
    made = {
        talk.lea.id: decision(talk.lea.id, "We loosen the limit"),
        builders.BEN: decision(builders.BEN, "We wait", known_then="2026-W47"),  # came late, and knew more
    }
    await gather(talk, [turn(each, period="2026-W46") for each in made], [
        checkin(each, period="2026-W46", decisions=(said,)) for each, said in made.items()
    ])  # fmt: skip
    _, thread = await posted(talk)
    first = next(line for line in thread.splitlines() if "We loosen the limit" in line)
    second = next(line for line in thread.splitlines() if "We wait" in line)

    assert "down from 82 in the week to 8 November" in first
    assert "There is no newer figure" in second


async def test_a_decision_on_what_is_the_newest_still_says_that_nothing_is_known_yet(talk):
    await gather(talk, [turn(talk.lea.id, period="2026-W46")], [
        checkin(talk.lea.id, period="2026-W46", decisions=(decision(talk.lea.id, "We wait", known_then="2026-W47"),)),
    ])  # fmt: skip
    _, thread = await posted(talk)

    assert "There is no newer figure for the share of alerts that were right yet." in thread


async def test_the_record_counts_the_posts_before_this_one(talk):
    services = talk.desk.services
    product = (await services.snapshot("main")).product(PRODUCT)
    newest = product.calendar.last_complete(NOW)

    def write(session):
        for ago, state in ((1, DeliveryState.SENT), (2, DeliveryState.SKIPPED), (3, DeliveryState.SENT)):
            period = product.calendar.shift(newest, -ago)
            made, _ = stored.create_or_get(
                session, "main", kind="standup", product=PRODUCT, period=period, channel=talk.fraud.id, due_at=NOW
            )  # fmt: skip
            late = "Late by 2 h because Muster was not running." if ago == 1 else ""
            session.execute(stored.DELIVERIES.update().where(stored.D.id == made.id).values(
                state=state, late_line=late, doubled=0 if ago == 1 else None,
            ))  # fmt: skip

    await services.store.write(write)
    _, thread = await posted(talk)

    assert (
        "Of the 3 planned before this one: 1 on time, 1 late, 1 skipped; 0 posted twice (1 not looked at)."
        in thread
    )


# --- preview, and weeks composed again ---


async def test_a_preview_holds_all_of_it_and_posts_nothing(talk):
    await gather(talk, [turn(talk.lea.id)], [checkin(talk.lea.id, changed="A new threshold")])
    shown = "\n".join(words(each) for each in await talk.types(talk.lea, "standup preview"))

    assert "> A new threshold" in shown
    assert "Composed again" not in shown
    assert talk.slack.messages(talk.fraud) == []


@pytest.mark.parametrize(
    "typed", ["standup preview 2026-W45", "standup fraud-detection 2026-w45", "standup 2026-W45 preview"]
)
async def test_a_past_week_is_composed_again_and_says_so(talk, typed):
    await gather(
        talk,
        [turn(talk.lea.id, period="2026-W45")],
        [checkin(talk.lea.id, period="2026-W45", changed="Old news")],
    )
    shown = "\n".join(words(each) for each in await talk.types(talk.lea, typed))

    assert "Fraud detection, 2 to 8 November 2026: nothing has clearly changed." in shown
    assert "Composed again on 23 November 2026: figures are as they are known now" in shown
    assert "> Old news" in shown


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("standup preview 2026-W48", "2026-W48 is not over yet; the newest one that is over is 2026-W47."),
        ("standup preview 2026-W77", "`2026-W77` is no week of Fraud detection; try 2026-W47."),
        ("standup preview 2026-10", "`2026-10` is no week of Fraud detection; try 2026-W47."),
        (
            "standup now 2026-W45",
            "Only the newest standup is posted. To see another: `/muster standup preview 2026-W45`.",
        ),
    ],
)
async def test_what_is_no_past_week_gets_one_that_works(talk, typed, answer):
    *_, shown = await talk.types(talk.pia, typed)

    assert answer in words(shown)


async def test_a_post_keeps_every_figure_that_it_says(talk):
    await posted(talk)
    services = talk.desk.services

    def kept(session):
        [delivery] = stored.record(session, "main", product=PRODUCT)
        return {each.told.metric: each.posted.words for each in told.of(session, "main", delivery.id)}

    found = await services.store.read(kept)
    assert "of every 100 alerts, 70 were fraud cases" in found["precision"]
