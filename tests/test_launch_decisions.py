"""Decisions about a launch beside its signatures: exceptions, ends, emergencies, rules, and what comes after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schema.attempts import Code
from schema.deadlines import business_days_after, is_business_day, knows_country
from schema.emergencies import Emergency, break_glass, review_bypass
from schema.endings import reject, revoke, withdraw
from schema.exceptions import WaiverAsked, override, waive
from schema.histories import fold
from schema.items import ItemState
from schema.launches import State
from schema.openings import change_tier, rebase
from schema.policies import Policy
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.uses import use
from schema.votes import Intent
from schema.watches import signers_of
from tests.launch_stage import (
    EVE,
    GOOD,
    LEA,
    MANIFEST,
    MEL,
    MEMBERS,
    NOW,
    QUESTIONS,
    RAY,
    RECALL,
    REQUESTER,
    SAM,
    TARGET,
    Stage,
    declined,
    finding,
    objected,
    person,
    question,
)  # fmt: skip

A_DAY = timedelta(days=1)
OWNER = person("ona", owner=True)


def waiver(stage, **edits):
    plain = {"item": "LR-03", "digest": stage.launch.revision.items["LR-03"].digest, "owner": "mel", "reason": "t", "metric": "recall", "until": stage.now + 9 * A_DAY}  # fmt: skip
    return WaiverAsked(**{**plain, **edits})


# --- exceptions ---


@pytest.mark.parametrize(
    ("who", "edits", "words"),
    [
        (MEL, {}, "You may not waive an item here; ask somebody from responsible AI."),
        (person("pia", Role.RAI), {}, "You asked for this launch; somebody else has to waive."),
        (RAY, {"item": "ETH-01"}, "ETH-01 cannot be waived at the low tier; it needs its evidence and signatures."),
        (RAY, {"item": "ETH-99"}, "ETH-99 is not asked here; waive one of the items that are."),
        (RAY, {"digest": "old"}, "LR-03 has changed since this was shown to you; open it again."),
        (RAY, {"reason": ""}, "Say why, in a sentence, to waive."),
        (RAY, {"owner": ""}, "Name who answers for the waiver until it ends."),
        (RAY, {"metric": ""}, "Name the metric that is watched while the waiver holds."),
        (RAY, {"until": NOW}, "Choose a day from tomorrow on, within 90 days."),
        (RAY, {"until": NOW + 91 * A_DAY}, "Choose a day from tomorrow on, within 90 days."),
    ],
)  # fmt: skip
def test_a_waiver_is_whole_and_by_the_right_person_or_refused(who, edits, words):
    stage = Stage()

    assert (
        declined(lambda: waive(stage.launch, who, waiver(stage, **edits), findings=GOOD, now=NOW))[1] == words
    )


def test_a_waiver_is_of_this_evidence_and_given_once():
    stage = Stage()
    stage.tick(finding(passed=False), GOOD[1])
    stage.do(waive(stage.launch, RAY, waiver(stage), findings=stage.findings, now=stage.now))

    assert waive(stage.launch, RAY, waiver(stage), findings=stage.findings, now=stage.now) == ()
    assert stage.gate().items["LR-03"] == "waived"
    stage.tick(finding(digest="worse", passed=False), GOOD[1])
    assert stage.gate().items["LR-03"] == "auto_fail"


def test_who_accepts_the_rest_signs_again_when_more_is_waived():
    stated = replace(RECALL, name="risk", states=("open_waivers",))
    stage = Stage(questions=(TARGET, question("ETH-22", Role.EXEC, requirements=(stated,))))
    stage.tick(finding(passed=False), finding("ETH-22", "risk"))
    stage.say(EVE, "ETH-22")

    stage.do(waive(stage.launch, RAY, waiver(stage), findings=stage.findings, now=stage.now))
    assert stage.words() == ["ETH-22 has changed since it was signed; it waits for management again."]
    assert stage.say(EVE, "ETH-22") == ["signed", "approved"]
    assert fold(stage.events) == stage.launch

    stage.do(use(stage.launch, "release", MANIFEST.digest, findings=stage.findings, now=stage.now))
    stage.pass_time(9 * A_DAY)
    assert stage.tick() == ["waiver_ended", "looked_back"]
    assert signers_of(stage.launch.revision, "ETH-22") == ("eve",)  # it stays what went out


def test_at_the_highest_tier_a_hard_item_is_not_waived_and_management_may_waive_others():
    hard = replace(TARGET, hard_from=Tier.HIGH)
    stage = Stage(answers={RiskQuestion.ALLOCATION}, questions=(hard, replace(TARGET, id="LR-04")))
    stage.tick(finding(), finding("LR-04"))

    assert (
        "at the high tier"
        in declined(lambda: waive(stage.launch, RAY, waiver(stage), findings=(), now=NOW))[1]
    )
    other = waiver(stage, item="LR-04", digest=stage.launch.revision.items["LR-04"].digest)
    assert waive(stage.launch, EVE, other, findings=(), now=NOW)


def test_an_overridden_objection_stays_visible():
    stage, seq = objected()
    for who, item in ((person("leo", Role.LEG), "ETH-01"), (RAY, "ETH-01"), (MEL, "LR-03")):
        stage.say(who, item)

    kinds = stage.do(
        override(stage.launch, EVE, seq, text="t-because", findings=stage.findings, now=stage.now)
    )

    assert kinds == ["overridden", "approved"]
    assert [vote.pid for vote in stage.gate().dissent] == ["lea"]
    assert override(stage.launch, EVE, seq, text="t", findings=stage.findings, now=stage.now) == ()


def test_an_override_holds_only_for_what_its_item_was():
    stage = Stage()
    stage.say(MEL, "LR-03", Intent.OBJECT)
    seq = stage.events[-1].seq
    stage.do(override(stage.launch, EVE, seq, text="t", findings=stage.findings, now=NOW))
    assert stage.gate().items["LR-03"] is ItemState.NEEDS_SIGN

    stage.tick(finding(digest="e2"), GOOD[1])

    assert stage.gate().items["LR-03"] is ItemState.OBJECTED  # of this nobody has said to go on
    assert stage.do(override(stage.launch, EVE, seq, text="t", findings=stage.findings, now=NOW)) == ["overridden"]  # fmt: skip
    assert stage.gate().items["LR-03"] is ItemState.NEEDS_SIGN


def test_an_override_is_by_somebody_else_with_a_reason():
    stage, seq = objected()
    stage.say(person("exa", Role.EXEC, Role.LEG), "ETH-01", Intent.OBJECT)
    own = stage.events[-1].seq

    def refusal(who, objection=seq, text="t"):
        return declined(lambda: override(stage.launch, who, objection, text=text, findings=GOOD, now=NOW))

    assert refusal(RAY)[0] is Code.NO_RIGHT
    assert refusal(person("pia", Role.EXEC))[0] is Code.SELF
    assert (
        refusal(person("exa", Role.EXEC, Role.LEG), own)[1]
        == "This is your own objection; take it back instead."
    )
    assert refusal(EVE, text="")[1] == "Say why, in a sentence, to override an objection."
    assert refusal(EVE, 999)[1] == "That objection does not stand any more; there is nothing to override."


# --- ends ---


def test_rejecting_needs_the_right_and_a_reason():
    stage = Stage()

    assert (
        "ask somebody from legal or responsible AI"
        in declined(lambda: reject(stage.launch, MEL, text="t", now=NOW))[1]
    )
    assert (
        declined(lambda: reject(stage.launch, LEA, text="", now=NOW))[1]
        == "Say why, in a sentence, to reject."
    )
    stage.do(reject(stage.launch, LEA, text="t-harm", now=NOW))

    assert (stage.launch.state, stage.launch.revision.ending.text) == (State.REJECTED, "t-harm")
    assert declined(lambda: stage.say(LEA, "ETH-01")) == (Code.ENDED, "This launch is rejected; nothing can be said to it any more.")  # fmt: skip
    assert declined(stage.resubmit)[1] == "This launch takes no new revision any more; open a new launch."
    assert declined(lambda: reject(stage.launch, LEA, text="t", now=NOW))[0] is Code.ENDED


def test_the_requester_withdraws_whenever_it_has_not_gone_out():
    stage = Stage().all_sign()

    assert "ask an admin" in declined(lambda: withdraw(stage.launch, MEL, policy=Policy()))[1]
    assert withdraw(stage.launch, person("ada", admin=True), policy=Policy())
    assert withdraw(stage.launch, REQUESTER, policy=Policy())
    stage.do(use(stage.launch, "release", MANIFEST.digest, findings=GOOD, now=NOW))
    assert declined(lambda: withdraw(stage.launch, REQUESTER, policy=Policy()))[0] is Code.STATE


def test_revoking_is_for_what_is_approved_or_out():
    stage = Stage()

    assert declined(lambda: revoke(stage.launch, RAY, text="t"))[0] is Code.STATE
    stage.all_sign()
    [drafted] = revoke(stage.launch, OWNER, text="t")
    assert drafted.payload["incident"] is False


def test_a_deadline_ends_a_launch_though_nobody_ran():
    stage = Stage(policy=Policy(deadline_days=2))
    assert stage.launch.revision.deadline == NOW + 2 * A_DAY
    stage.pass_time(2 * A_DAY)

    assert declined(lambda: stage.say(LEA, "ETH-01"))[0] is Code.LATE
    assert declined(stage.resubmit)[0] is Code.LATE
    assert declined(lambda: reject(stage.launch, LEA, text="t", now=stage.now))[0] is Code.LATE
    assert "expired" in declined(lambda: break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=1), stage.now))[1]  # fmt: skip
    assert stage.tick() == ["expired"]
    assert stage.tick() == []


def test_who_reopens_a_launch_after_its_deadline_gives_time_again():
    stage = Stage(policy=Policy(deadline_days=1)).all_sign()
    stage.pass_time(8 * A_DAY)

    assert stage.say(LEA, "ETH-01", Intent.TAKE_BACK) == ["taken_back", "reopened"]
    assert stage.launch.revision.deadline == stage.now + A_DAY


def test_business_days_leave_out_weekends_and_holidays_and_keep_the_wall_time():
    friday = datetime(2026, 12, 18, 8, 30, tzinfo=UTC)

    assert business_days_after(friday, 1, zone="UTC").date() == date(2026, 12, 21)
    assert business_days_after(friday, 5, zone="UTC").date() == date(2026, 12, 25)
    assert business_days_after(friday, 5, zone="Europe/Berlin", country="DE").date() == date(2026, 12, 28)
    assert not is_business_day(date(2026, 12, 25), "DE")
    spring = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # ten in Berlin, where clocks move on Sunday
    assert business_days_after(spring, 1, zone="Europe/Berlin") == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
    assert knows_country("DE")
    assert not knows_country("Germany")


# --- emergencies ---


@pytest.mark.parametrize(
    ("who", "edits", "words"),
    [
        (MEL, {}, "You may not let a launch pass in an emergency here; ask somebody from operations or management."),
        (EVE, {"reason": ""}, "Say why, in a sentence, to let a launch pass in an emergency."),
        (EVE, {"incident": "it burns"}, "Give the incident's id, such as INC-2041."),
        (EVE, {"hours": 25}, "An emergency lasts from one hour to 24; choose a number in between."),
        (EVE, {"hours": 0}, "An emergency lasts from one hour to 24; choose a number in between."),
    ],
)  # fmt: skip
def test_an_emergency_is_named_short_and_by_the_right_person(who, edits, words):
    emergency = Emergency(**{"reason": "t", "incident": "INC-1", "hours": 2, **edits})

    assert declined(lambda: break_glass(Stage().launch, who, emergency, NOW))[1] == words


def test_no_emergency_lets_pass_what_somebody_calls_banned_whatever_the_requester_ticked():
    stage, _ = objected()
    emergency = Emergency(reason="t", incident="INC-1", hours=2)

    assert declined(lambda: break_glass(stage.launch, EVE, emergency, NOW)) == (
        Code.BANNED,
        "Somebody objects to ETH-01, and no emergency lets a banned practice pass; ask them to take it back.",
    )
    seq = stage.launch.revision.dissent[0].seq
    stage.do(override(stage.launch, EVE, seq, text="t", findings=stage.findings, now=NOW))
    assert (
        declined(lambda: break_glass(stage.launch, EVE, emergency, NOW))[0] is Code.BANNED
    )  # one person alone
    stage.say(LEA, "ETH-01", Intent.TAKE_BACK)
    assert stage.do(break_glass(stage.launch, EVE, emergency, NOW)) == ["bypass_started"]


def test_who_signs_during_an_emergency_is_told_how_it_ends():
    stage = Stage()
    stage.do(break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=2), NOW))

    assert (
        declined(lambda: stage.say(MEL, "LR-03"))[1]
        == "It was let through in an emergency; two other people end that with their review."
    )


def test_two_other_people_look_at_an_emergency_and_close_it():
    stage = Stage()
    stage.do(break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=2), NOW))
    assert stage.launch.revision.bypass.review_by == NOW + timedelta(hours=2) + 2 * A_DAY

    assert declined(lambda: review_bypass(stage.launch, EVE, text="t"))[0] is Code.SELF
    assert declined(lambda: review_bypass(stage.launch, REQUESTER, text="t"))[0] is Code.SELF
    assert declined(lambda: review_bypass(stage.launch, LEA, text=""))[0] is Code.NO_REASON
    assert stage.do(review_bypass(stage.launch, LEA, text="t")) == ["bypass_reviewed"]
    assert review_bypass(stage.launch, LEA, text="t") == ()
    stage.pass_time(3 * A_DAY)
    assert stage.tick() == ["bypass_ended"]
    assert stage.tick() == []
    assert stage.do(review_bypass(stage.launch, RAY, text="t")) == ["bypass_reviewed", "closed"]
    assert declined(lambda: review_bypass(stage.launch, SAM, text="t"))[0] is Code.STATE


def test_what_is_approved_needs_no_emergency():
    stage = Stage().all_sign()

    assert declined(lambda: break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=1), NOW))[0] is Code.STATE  # fmt: skip


# --- rules and tier ---


def test_other_rules_hold_only_after_a_rebase():
    stage = Stage().all_sign()
    stricter = replace(
        stage.submission, specs=(*QUESTIONS, question("OWN-1", Role.EXEC)), policy=Policy(deadline_days=9)
    )

    assert stage.gate().open is True
    assert declined(lambda: rebase(stage.launch, stricter, MEL, NOW))[1] == "You may not move a launch to the new rules here; ask the product's owner or an admin."  # fmt: skip
    assert stage.do(rebase(stage.launch, stricter, OWNER, NOW)) == ["rebased"]
    assert stage.launch.state is State.CHECKING
    stage.tick()
    assert stage.words() == ["OWN-1 has 0 of 1 signatures and waits for management."]  # the others still hold
    assert stage.launch.revision.deadline == business_days_after(NOW, 9, zone="UTC")


def test_anybody_with_a_role_raises_the_tier_and_only_responsible_ai_lowers_it_again():
    stage = Stage(questions=(*QUESTIONS, question("ETH-22", Role.EXEC, applies_from=Tier.MEDIUM))).all_sign()

    def move(who, tier, text="t"):
        return change_tier(
            stage.launch, who, tier, text=text, members=MEMBERS, findings=stage.findings, now=stage.now
        )

    assert stage.do(move(SAM, Tier.MEDIUM)) == ["tier_raised", "reopened"]
    assert move(SAM, Tier.MEDIUM) == ()
    assert declined(lambda: move(SAM, Tier.LOW))[0] is Code.NO_RIGHT
    assert declined(lambda: move(RAY, Tier.LOW, text=""))[0] is Code.NO_REASON
    assert stage.do(move(RAY, Tier.LOW)) == ["tier_lowered", "approved"]


def test_a_raised_tier_outlives_a_new_revision():
    stage = Stage()
    stage.do(change_tier(stage.launch, SAM, Tier.HIGH, text="", members=MEMBERS, findings=GOOD, now=NOW))

    def resubmitted(**edits):
        stage.resubmit(**edits)
        stage.tick()
        return stage.launch.revision.tier

    assert resubmitted() is Tier.HIGH
    assert resubmitted(answers=frozenset({RiskQuestion.GENERATIVE})) is Tier.HIGH
    assert declined(lambda: stage.resubmit(tier=Tier.MEDIUM))[1] == (
        "The tier of this launch was raised to high; choose high, or ask somebody from responsible AI to lower it with a reason."
    )
    stage.submission = replace(stage.submission, tier=None)
    stage.do(change_tier(stage.launch, RAY, Tier.MEDIUM, text="t", members=MEMBERS, findings=GOOD, now=NOW))
    assert resubmitted() is Tier.MEDIUM
    assert resubmitted(answers=frozenset()) is Tier.LOW  # nobody raises it above its answers any more


LONE = {**MEMBERS, Role.EXEC: frozenset({"lea"})}
BOTH = question("ETH-22", Role.LEG, Role.EXEC, applies_from=Tier.MEDIUM)


def raised(stage, members):
    return change_tier(
        stage.launch, SAM, Tier.MEDIUM, text="t", members=members, findings=stage.findings, now=stage.now
    )


def test_raising_the_tier_works_out_again_what_a_small_team_signs_alone():
    stage = Stage(questions=(*QUESTIONS, BOTH), policy=Policy(small_team=True), members=LONE)
    assert stage.launch.revision.unseparated == frozenset()

    stage.do(raised(stage, LONE))
    stage.tick()
    stage.say(person("lea", Role.LEG, Role.EXEC), "ETH-22")

    assert stage.gate().unseparated == ("ETH-22",)
    assert stage.gate().items["ETH-22"] == "signed"


def test_a_tier_whose_seats_nobody_could_fill_is_refused_and_names_the_seat():
    stage = Stage(questions=(*QUESTIONS, BOTH))

    code, words = declined(lambda: raised(stage, LONE))
    assert code is Code.NOBODY
    assert words.startswith("ETH-22 needs somebody from management other than you who sits on no other seat")
    words = declined(lambda: raised(stage, {**MEMBERS, Role.EXEC: frozenset()}))[1]
    assert words == "Nobody who may decide is from management, which ETH-22 needs; give somebody that role."


def test_the_tier_is_not_lowered_below_the_answers_nor_by_the_requester():
    stage = Stage(answers={RiskQuestion.GENERATIVE}, who=person("pia", Role.PM, Role.RAI))
    stage.do(change_tier(stage.launch, SAM, Tier.HIGH, text="", members=MEMBERS, findings=GOOD, now=NOW))

    def lower(who, tier):
        return declined(
            lambda: change_tier(stage.launch, who, tier, text="t", members=MEMBERS, findings=GOOD, now=NOW)
        )

    assert (
        lower(RAY, Tier.LOW)[1]
        == "The answers make the tier medium; a wrong answer is corrected in a new revision."
    )
    assert lower(person("pia", Role.RAI), Tier.MEDIUM)[0] is Code.SELF


# --- after launch ---


def out():
    stage = Stage().all_sign()
    stage.do(use(stage.launch, "release", MANIFEST.digest, findings=stage.findings, now=stage.now))
    return stage


def test_a_promise_that_breaks_is_told_once_and_so_is_its_return():
    stage = out()
    worse = finding(digest="e2", passed=False, statement="Of 100 real cases it finds 82.")

    assert stage.tick(worse, GOOD[1]) == ["promise_broken"]
    assert stage.events[-1].payload["real"] == "Of 100 real cases it finds 82."
    assert stage.events[-1].payload["promised"] == "Of 100 real cases it finds 92."
    assert stage.tick() == []
    assert signers_of(stage.launch.revision, "LR-03") == ("mel",)
    assert stage.tick(finding(digest="e3"), GOOD[1]) == ["promise_kept"]
    assert stage.launch.revision.broken == frozenset()


def test_evidence_that_only_grew_old_or_is_missing_breaks_no_promise():
    stage = out()

    assert stage.tick(finding(passed=False), GOOD[1]) == []
    assert stage.tick(finding(digest="", passed=False), GOOD[1]) == []
    assert stage.tick(GOOD[1]) == []


def test_after_a_week_and_a_month_promise_stands_beside_what_is_real():
    stage = out()
    stage.pass_time(7 * A_DAY)
    assert stage.tick() == ["looked_back"]
    assert stage.tick() == []

    stage.pass_time(23 * A_DAY)
    assert stage.tick(finding(digest="e9", passed=False, statement="Of 100 real cases it finds 80.")) == ["promise_broken", "looked_back", "closed"]  # fmt: skip
    rows = stage.events[-2].payload["rows"]
    assert (rows[0]["promised"], rows[0]["real"], rows[0]["held"]) == ("Of 100 real cases it finds 92.", "Of 100 real cases it finds 80.", False)  # fmt: skip
    assert (rows[1]["real"], rows[1]["held"]) == ("", False)
    assert stage.launch.state is State.CLOSED
    assert (
        use(stage.launch, "release", MANIFEST.digest, findings=(), now=stage.now) == ()
    )  # its record still stands


def test_two_look_backs_that_were_both_missed_are_both_stored():
    stage = out()
    stage.pass_time(90 * A_DAY)

    assert stage.tick() == ["looked_back", "looked_back", "closed"]


# --- a clock that goes back ---


def test_what_ended_by_time_stays_ended_when_the_clock_goes_back():
    stage = Stage()
    stage.do(break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=2), NOW))
    stage.pass_time(timedelta(hours=2))
    assert stage.tick() == ["bypass_ended"]
    late = Stage()
    late.pass_time(9 * A_DAY)
    assert late.tick() == ["expired"]

    stage.pass_time(-timedelta(hours=1))
    late.pass_time(-9 * A_DAY)

    assert stage.gate().bypass_until is None
    digest = MANIFEST.digest
    assert (
        declined(lambda: use(stage.launch, "ci", digest, findings=GOOD, now=stage.now, accept_bypass=True))[0]
        is Code.CLOSED
    )
    assert late.launch.state is State.EXPIRED
    assert declined(lambda: late.say(MEL, "LR-03"))[0] is Code.ENDED
