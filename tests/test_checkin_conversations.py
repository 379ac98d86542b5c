"""A week's check-ins as people meet them: asked on Thursday, reminded on Friday, late on Monday."""

import copy
from datetime import timedelta

import pytest

from handlers import checkins
from handlers.checkin_answers import Place, Said, SaidBlocker, SaidDecision
from tests import builders
from tests.checkin_rooms import DEADLINE, FRIDAY, MONDAY, PERIOD, THURSDAY, a_room
from tests.conversations import MODES, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
A_WEEK = timedelta(days=7)


@pytest.fixture
async def room(tmp_path):
    async with a_room(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("mode", MODES)
async def test_a_person_is_asked_answers_and_sees_what_was_received(tmp_path, mode):
    async with a_room(tmp_path, mode=mode) as room:
        lea = room.talk.lea
        before = room.words(lea)
        await room.at(THURSDAY)
        [asked] = room.words(lea)
        await room.presses(lea, "checkin_open")
        await room.sends(
            lea, changed="New prompts.", learned="Recall holds.", blocker__new="No labels",
            unblocker__new=builders.BEN, holds_up__new="metric:recall", decision__new="Keep the limit",
            decision_metric__new="precision",
        )  # fmt: skip
        [received] = room.words(lea)
        kept = await room.answers(lea)

        assert before == []
        assert "your check-in for the standup, please, by" in asked
        assert "> Changed: New prompts." in received
        assert "You can change it until" in received
        assert (kept.blockers[0].unblocker, kept.blockers[0].metric) == (builders.BEN, "recall")
        assert (kept.decisions[0].text, kept.decisions[0].metric) == ("Keep the limit", "precision")
        assert room.modals(lea) == 0


async def test_answers_can_be_changed_until_the_deadline(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, changed="New prompts.", blocker__new="No labels")
    await room.presses(lea, "checkin_open")
    [blocker] = (await room.answers(lea)).blockers
    assert f"blocker.{blocker.id}" in room.blocks(lea)
    await room.sends(lea, changed="New prompts and data.", **{f"blocker__{blocker.id}": ""})
    turn = await room.turn(lea)

    assert turn.checkin.answers.changed == "New prompts and data."
    assert turn.checkin.answers.blockers == ()
    assert (turn.checkin.late, turn.checkin.edited_at is not None) == (False, True)
    assert len(room.heard(lea)) == 1


async def test_only_who_is_missing_is_reminded_and_only_once(room):
    lea, pia = room.talk.lea, room.talk.pia
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, changed="New prompts.")
    await room.at(FRIDAY - timedelta(minutes=1))
    early = len(room.heard(pia))
    await room.at(FRIDAY + timedelta(minutes=1))
    await room.at(FRIDAY + timedelta(hours=2))

    assert (early, len(room.heard(pia)), len(room.heard(lea))) == (1, 2, 1)
    assert "your check-in is still missing" in room.words(pia)[-1]


async def test_a_reminder_says_afterwards_that_the_answers_are_in(room):
    pia = room.talk.pia
    await room.at(THURSDAY)
    await room.at(FRIDAY + timedelta(minutes=1))
    await room.presses(pia, "checkin_open")
    await room.sends(pia, learned="Much.")

    assert room.words(pia)[-1] == "*Fraud detection*: your answers are in."


@pytest.mark.parametrize(
    ("action", "stamp", "state"),
    [("checkin_skip", "you skip this one", "skipped"), ("checkin_away", "you are away", "away")],
)
async def test_skipping_and_being_away_are_one_press_and_can_be_taken_back(room, action, stamp, state):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, action)
    [stamped] = room.words(lea)
    pressed = await room.turn(lea)
    await room.at(FRIDAY + timedelta(minutes=1))
    reminded = len(room.heard(lea)) > 1
    await room.presses(lea, "checkin_open")
    await room.sends(lea, learned="Back again.")

    assert stamp in stamped
    assert pressed.state(FRIDAY) == state
    assert not reminded
    assert (await room.turn(lea)).state(FRIDAY) == "answered"


async def test_the_next_week_asks_about_blockers_that_are_still_open(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, blocker__new="No labels")
    [blocker] = (await room.answers(lea)).blockers
    await room.at(THURSDAY + A_WEEK)
    await room.presses(lea, "checkin_open")
    asked = room.blocks(lea)
    await room.sends(lea, **{f"still__{blocker.id}": "solved", "learned": "Labels came."})

    assert f"still.{blocker.id}" in asked
    assert (await room.answers(lea, "2026-W48")).blockers == ()
    assert [each.text for each in (await room.answers(lea)).blockers] == ["No labels"]


async def test_the_home_tab_lists_what_one_has_not_answered(room):
    lea, slack = room.talk.lea, room.talk.slack
    await room.at(THURSDAY)
    await slack.open_home(lea)
    await slack.settled()
    await room.at()
    before = words(slack.home(lea))
    await room.presses(lea, "checkin_open")
    await room.sends(lea, learned="Much.")
    await slack.open_home(lea)
    await slack.settled()
    await room.at()

    assert "Your check-ins\n*Fraud detection*: by" in before
    assert "Your check-ins" not in words(slack.home(lea))


async def test_the_home_tab_is_drawn_anew_once_what_was_opened_from_it_is_sent(room):
    lea, slack = room.talk.lea, room.talk.slack
    await room.posts(MONDAY)
    await room.at(THURSDAY + A_WEEK)
    await slack.open_home(lea)
    await slack.settled()
    await room.at()
    before = words(slack.home(lea))
    await slack.click_view(lea, slack.home(lea)["id"], "checkin_open")
    await room.sends(lea, learned="Precision fixed.")
    warned = words(slack.home(lea))
    await room.sends(lea)

    assert [words_.count("Your check-ins") for words_ in (before, warned, words(slack.home(lea)))] == [
        1,
        1,
        0,
    ]


# --- on demand ---


async def test_the_command_opens_the_same_form_for_who_is_on_the_roster(room):
    lea = room.talk.lea
    await room.talk.types(lea, "checkin")
    await room.sends(lea, learned="Before anybody asked.")
    await room.at(THURSDAY)

    assert (await room.answers(lea)).learned == "Before anybody asked."
    [received] = room.words(lea)
    assert "Before anybody asked." in received


async def test_who_is_on_no_roster_gets_a_sentence(room):
    [anywhere] = await room.talk.types(room.talk.ana, "checkin")
    [named] = await room.talk.types(room.talk.ana, "checkin fraud detection")
    [unknown] = await room.talk.types(room.talk.lea, "checkin nothing")

    assert "You are on no roster" in words(anywhere)
    assert "You are not on the roster of Fraud detection." in words(named)
    assert "There is no product" in words(unknown)


# --- late ---


async def test_late_answers_are_taken_and_marked_until_the_digest_is_prepared(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.at(DEADLINE + timedelta(hours=1))
    await room.presses(lea, "checkin_open")
    assert "mark your answers as late" in room.seen(lea)
    await room.sends(lea, learned="Late.")

    assert (await room.turn(lea)).checkin.late
    assert "marks it as late" in room.words(lea)[0]


async def test_answers_after_the_digest_go_into_its_thread_and_change_there(room):
    lea, slack, fraud = room.talk.lea, room.talk.slack, room.talk.fraud
    await room.at(THURSDAY)
    parent = await room.posts(MONDAY)
    before = len(slack.thread(fraud, parent["ts"]))
    await room.presses(lea, "checkin_open", room.heard(lea)[0])
    assert "go into its thread" in room.seen(lea)
    await room.sends(lea, learned="Later <!channel> than late.")
    [late] = copy.deepcopy(slack.thread(fraud, parent["ts"])[before:])
    await room.presses(lea, "checkin_open", room.heard(lea)[0])
    await room.sends(lea, learned="Never mind.")
    [changed] = slack.thread(fraud, parent["ts"])[before:]

    assert "&lt;!channel&gt; than late." in words(late)
    assert f"<@{lea.id}> (late)" in words(late)
    assert (late["ts"], "Never mind." in words(changed)) == (changed["ts"], True)
    assert "it goes into its thread" in room.words(lea)[0]


async def test_late_answers_stay_inside_when_another_company_reads_the_channel(room):
    lea, slack, fraud = room.talk.lea, room.talk.slack, room.talk.fraud
    await room.at(THURSDAY)
    parent = await room.posts(MONDAY)
    before = len(slack.thread(fraud, parent["ts"]))
    await slack.change_channel(fraud, ext_shared=True)
    await room.presses(lea, "checkin_open", room.heard(lea)[0])
    await room.sends(lea, learned="Late.")

    assert len(slack.thread(fraud, parent["ts"])) == before
    assert "check-ins stay inside" in room.words(lea)[-1]


async def test_a_week_after_the_post_the_standup_is_over(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    room.clock.move(MONDAY + A_WEEK)
    [told] = await room.presses(lea, "checkin_open", room.heard(lea)[0])

    assert "That standup is over." in words(told)


# --- what the numbers say ---


async def test_a_claim_that_the_numbers_contradict_is_shown_to_its_author_first(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.posts(MONDAY)  # precision fell from 82 to 70 % that week
    await room.talk.types(lea, "checkin")
    await room.sends(lea, learned="Precision fixed. Recall holds.")
    warned, stacked = room.seen(lea), room.modals(lea)
    unsaved = (await room.turn(lea, "2026-W48")).checkin
    await room.sends(lea)
    again = room.modals(lea)

    assert "*Precision* fell from 82.0% to 70.0% in 16 to 22 November 2026 (clear loss)." in warned
    assert "“Precision fixed”" in warned
    assert (stacked, unsaved, again) == (2, None, 0)
    assert (await room.answers(lea, "2026-W48")).learned == "Precision fixed. Recall holds."


async def test_who_is_warned_may_go_back_and_change_it(room):
    lea, slack = room.talk.lea, room.talk.slack
    await room.posts(MONDAY)
    await room.talk.types(lea, "checkin")
    await room.sends(lea, learned="Precision is up by a lot", changed="Prompts.")
    await slack.close_view(lea, room.view(lea).id)
    await room.sends(lea, learned="Precision fell.")

    kept = await room.answers(lea, "2026-W48")
    assert (kept.learned, kept.changed) == ("Precision fell.", "Prompts.")


async def test_nothing_is_contradicted_where_nothing_was_measured(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, learned="Precision fixed, latency fixed.")

    assert (await room.answers(lea)).learned == "Precision fixed, latency fixed."


async def test_a_decision_remembers_the_reading_that_it_is_based_on(room):
    lea = room.talk.lea
    await room.posts(MONDAY)
    await room.talk.types(lea, "checkin")
    await room.sends(lea, decision__new="Lower the limit", decision_metric__new="recall")
    first = (await room.answers(lea, "2026-W48")).decisions
    await room.talk.types(lea, "checkin")
    await room.sends(lea, learned="Also this.")

    [ref] = [each.based_on for each in first]
    assert (ref.metric, ref.period, ref.source, ref.revision) == ("recall", PERIOD, "warehouse", 1)
    assert (await room.answers(lea, "2026-W48")).decisions == first


async def test_who_is_on_the_roster_without_a_role_answers_and_sees_no_figures(tmp_path):
    async with a_room(tmp_path, readers="roles") as room:
        lea, pia = room.talk.lea, room.talk.pia
        await room.posts(MONDAY)
        await room.talk.types(lea, "checkin fraud-detection")
        theirs = room.blocks(lea)
        await room.sends(lea, learned="Precision fixed.")
        await room.talk.types(pia, "checkin")

        assert not any("metric" in block or "holds" in block for block in theirs)
        assert "decision_metric.new" in room.blocks(pia)
        assert (await room.answers(lea, "2026-W48")).learned == "Precision fixed."


# --- odd words ---


ODD = (
    "<@U0ANA00001> <!channel> & <https://evil.example|click>", "```drop\ntable``` *bold",
    "مرحبا بالعالم 模型 größer 👩‍👩‍👧", "ignore the rules\n\nand post this",
)  # fmt: skip


async def test_any_words_are_kept_whole_and_shown_safely(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    for typed in ODD:
        await room.presses(lea, "checkin_open")
        await room.sends(lea, learned=typed)
        await room.presses(lea, "checkin_open")
        await room.sends(lea, changed="Something else.")
        kept, [received] = await room.answers(lea), room.words(lea)

        assert (kept.learned, kept.changed) == (typed, "Something else.")
        assert "<!channel>" not in received
        assert "<https" not in received
        assert "<@U0ANA" not in received


async def test_ten_thousand_characters_are_kept_cut_and_one_press_away(room):
    lea, services = room.talk.lea, room.talk.desk.services
    await room.at(THURSDAY)
    snapshot = await services.snapshot(builders.WORKSPACE)
    place = Place(
        snapshot=snapshot, product=snapshot.product("fraud-detection"), period=PERIOD, person=lea.id
    )
    long = Said(
        learned="word " * 2_000,
        blockers=(SaidBlocker(text="stuck " * 1_000),),
        decisions=(SaidDecision(text="say " * 1_000),),
    )
    await checkins.answer(services, place, long, key="k1")  # a field takes 3,000; what came otherwise is kept
    await room.at()
    await room.presses(lea, "checkin_open")
    asked = room.seen(lea)
    await room.sends(lea, changed="Something.")
    kept = await room.answers(lea)
    await room.presses(lea, "checkin_whole")

    assert (kept.learned, kept.changed) == ("word " * 2_000, "Something.")
    assert [each.text for each in kept.blockers] == ["stuck " * 1_000]
    assert [each.text for each in kept.decisions] == ["say " * 1_000]
    assert len(room.words(lea)[0]) < 1_000
    assert room.seen(lea).count("word") == 2_000
    assert "word" not in asked


# --- double presses ---


async def test_a_doubled_submission_has_one_effect(room):
    lea, slack = room.talk.lea, room.talk.slack
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    sent = await room.sends(lea, learned="Once.", blocker__new="No labels")
    first = await room.turn(lea)
    await slack.replay(sent)
    await room.at()

    assert await room.turn(lea) == first
    assert len(room.heard(lea)) == 1


async def test_an_empty_form_is_not_sent(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea)

    assert "Say one thing at least" in str(room.view(lea).errors)
    assert (await room.turn(lea)).checkin is None
