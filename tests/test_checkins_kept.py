"""Check-ins in the database: kept whole, edited in place, and gathered for the standup; on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integrations.store import checkins
from schema.checkins import Answers, Blocker, CheckIn, Decision, Member, ReadingRef, State, Turn
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

THURSDAY = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TURN = Turn(
    product="fraud", period="2026-W47", person="U1", deadline=FRIDAY, post_at=MONDAY, zone="UTC", asked_at=THURSDAY
)  # fmt: skip
REF = ReadingRef(
    metric="recall", period="2026-W46", source="warehouse", query_digest="q", definition="d", revision=1
)
STUCK = Blocker(
    id="b1", text="No labels <@U9> ```x```", by="U1", since="2026-W47", raised_at=THURSDAY, unblocker="U2",
    launch="fraud-1",
)  # fmt: skip
ANSWERS = Answers(
    changed="Naïve Bayes → größer 模型 مرحبا",
    learned="x" * 10_000,
    blockers=(STUCK,),
    decisions=(Decision(text="Raise the limit.", by="U1", period="2026-W47", metric="recall", based_on=REF),),
)
CHECKIN = CheckIn(product="fraud", period="2026-W47", person="U1", answers=ANSWERS, given_at=THURSDAY)


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, "w", *args, **kwargs))


def given(store, *kept, turn=TURN):
    do(store, checkins.put, turn)
    for each in kept:
        do(store, checkins.keep, each)


def a_turn(store, person="U1", period="2026-W47"):
    return do(store, checkins.turn, product="fraud", period=period, person=person)


def gathered(store, period="2026-W47", now=MONDAY):
    return do(store, checkins.gathered, product="fraud", period=period, now=now)


def test_answers_come_back_whole(store):
    given(store, CHECKIN)

    assert a_turn(store) == replace(TURN, checkin=CHECKIN)
    assert do(store, checkins.turns, product="fraud", period="2026-W47") == (a_turn(store),)


def test_planning_again_leaves_the_answers(store):
    given(store, CHECKIN)
    do(store, checkins.put, replace(TURN, away="on holiday"))

    assert a_turn(store) == replace(TURN, away="on holiday", checkin=CHECKIN)


def test_an_answer_takes_back_a_skip(store):
    given(store, CHECKIN, turn=replace(TURN, skipped_at=THURSDAY))

    assert a_turn(store).state(MONDAY) is State.ANSWERED


def test_a_blocker_stays_open_from_week_to_week_until_it_is_solved(store):
    given(store, CHECKIN)
    later = MONDAY + timedelta(days=3)
    for period in ("2026-W48", "2026-W49"):
        do(store, checkins.put, replace(TURN, period=period))
    silent = replace(CHECKIN, period="2026-W48", answers=Answers(blockers=(STUCK,)), given_at=later)
    solved = replace(CHECKIN, period="2026-W49", answers=Answers(learned="Done."), given_at=later)
    do(store, checkins.keep, silent)
    do(store, checkins.keep, solved)

    assert gathered(store).blockers == (replace(STUCK, resolved_at=later),)
    assert gathered(store, "2026-W48").blockers == (replace(STUCK, resolved_at=later),)
    assert gathered(store, "2026-W49").blockers == ()


def test_a_blocker_of_this_week_that_is_taken_out_was_never_there(store):
    given(store, CHECKIN, replace(CHECKIN, answers=replace(ANSWERS, blockers=()), edited_at=THURSDAY))

    assert gathered(store).blockers == ()


def test_a_standup_gathers_its_people_their_words_and_the_decisions_of_the_one_before(store):
    given(store, CHECKIN)
    do(store, checkins.put, replace(TURN, person="U2", away="on holiday"))
    do(store, checkins.put, replace(TURN, person="U3"))
    next_week = {"period": "2026-W49", "deadline": FRIDAY + timedelta(days=14)}
    do(store, checkins.put, replace(TURN, **next_week))

    assert gathered(store).members == (
        Member(person="U1", state=State.ANSWERED),
        Member(person="U2", state=State.AWAY, why="on holiday"),
        Member(person="U3", state=State.MISSING),
    )
    assert gathered(store).checkins == (CHECKIN,)
    assert gathered(store).decisions == ()
    assert gathered(store, "2026-W49").decisions == ANSWERS.decisions


def test_the_stamp_changes_with_everything_that_is_gathered(store):
    assert gathered(store).stamp == ""
    given(store)
    first = gathered(store).stamp
    do(store, checkins.keep, CHECKIN)
    second = gathered(store).stamp
    do(store, checkins.put, replace(TURN, away="ill"))

    assert len({first, second, gathered(store).stamp, ""}) == 4


def test_a_draft_waits_for_its_author_and_ends_with_the_answers(store):
    where = {"product": "fraud", "period": "2026-W47", "person": "U1"}
    given(store)
    do(store, checkins.put_draft, **where, draft={"changed": "Fixed."})
    before = do(store, checkins.draft, **where)
    do(store, checkins.keep, CHECKIN)

    assert before == {"changed": "Fixed."}
    assert do(store, checkins.draft, **where) is None


def test_a_person_has_their_turns_of_every_product_the_soonest_first(store):
    given(store)
    do(store, checkins.put, replace(TURN, product="chat", deadline=FRIDAY - timedelta(days=1)))
    do(store, checkins.put, replace(TURN, product="old", post_at=MONDAY - timedelta(days=21)))

    found = do(store, checkins.mine, "U1", since=MONDAY - timedelta(days=7))

    assert [each.product for each in found] == ["chat", "fraud"]


def test_trouble_with_a_roster_is_told_once_and_again_when_it_comes_back(store):
    guest = {"product": "fraud", "member": "U7", "trouble": "a guest"}

    told = [do(store, checkins.trouble, **guest, now=MONDAY) for _ in range(2)]
    other = do(store, checkins.trouble, **{**guest, "trouble": "deactivated"}, now=MONDAY)
    do(store, checkins.no_trouble, product="fraud", members=["U7"])

    assert [*told, other] == [True, False, True]
    assert do(store, checkins.trouble, **guest, now=MONDAY)
