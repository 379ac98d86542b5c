"""Launches: how they begin, who may say what, and how they end; with the sentences that people read."""

import time
from dataclasses import replace

import pytest

from schema.attempts import Code
from schema.delegations import Authority
from schema.endings import reject, withdraw
from schema.histories import apply, fold
from schema.launches import MOVES, TERMINAL, EventKind, State, moved
from schema.openings import Opening, create, open_launch, submit
from schema.policies import Policy, SelfApproval
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.ticks import tick
from schema.votes import Intent
from tests.launch_stage import (
    EVE,
    GOOD,
    LEA,
    MANIFEST,
    MEL,
    MEMBERS,
    NOW,
    RAY,
    REQUESTER,
    SAM,
    Stage,
    declined,
    finding,
    objected,
    person,
)  # fmt: skip

GUEST = person(
    "gus", Role.LEG, Role.RAI, Role.EXEC, barred="You are a guest here; ask a colleague to decide."
)
OWNER = person("ona", owner=True)
PAT = person("pat", Role.PM, Role.ENG)


# --- moves ---


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("state", list(State))
def test_a_state_moves_only_as_the_table_says(state, kind):
    moving = {each for moves in MOVES.values() for each in moves}
    if kind in MOVES[state]:
        assert moved(state, kind) is MOVES[state][kind]
    elif kind in moving:
        with pytest.raises(ValueError, match="may not happen to what is"):
            moved(state, kind)
    else:
        assert moved(state, kind) is state


def test_what_ended_stays_ended():
    assert {
        State.REJECTED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.SUPERSEDED,
        State.REVOKED,
        State.CLOSED,
    } == TERMINAL


def test_a_history_begins_with_an_opening():
    events = Stage().events

    with pytest.raises(ValueError, match="begins with an event"):
        fold(())
    with pytest.raises(ValueError, match="begins with its opening"):
        apply(None, events[1])
    with pytest.raises(ValueError, match="only one that is superseded"):
        apply(fold(events), events[1])


# --- beginnings ---


def opened(submission=None, who=REQUESTER, **edits):
    submission = submission or Stage().submission
    opening = Opening(**{"id": "L2", "product": "fraud-detection", "title": "t", **edits})
    return open_launch(opening, submission, who, NOW)


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"who": person("pia", Role.SUP)}, "You may not open a launch here; ask somebody from product management, data science or engineering."),
        ({"who": GUEST}, "You are a guest here; ask a colleague to decide."),
        ({"title": ""}, "Say in a sentence what launches."),
        ({"country": "XX"}, "The holidays of that country are not known; leave the country out."),
    ],
)  # fmt: skip
def test_who_or_what_may_not_open_is_told_what_would_work(edits, words):
    assert declined(lambda: opened(**edits))[1] == words


def test_a_seat_that_nobody_holds_is_named_before_anything_opens():
    without = replace(Stage().submission, members={**MEMBERS, Role.LEG: frozenset()})
    alone = replace(Stage().submission, members={**MEMBERS, Role.ML: frozenset({"pia"})})

    assert declined(lambda: opened(without)) == (
        Code.NOBODY,
        "Nobody who may decide is from legal, which ETH-01 needs; give somebody that role.",
    )
    assert declined(lambda: opened(alone))[1] == (
        "LR-03 needs somebody from data science other than you who sits on no other seat that goes with it; give one more person that role."
    )
    assert opened(replace(alone, policy=Policy(self_approval=SelfApproval.ALLOW_MARKED)))


def test_a_small_team_still_needs_somebody_in_every_role():
    without = replace(
        Stage().submission, members={**MEMBERS, Role.LEG: frozenset()}, policy=Policy(small_team=True)
    )

    assert declined(lambda: opened(without))[0] is Code.NOBODY


def test_the_tier_is_never_below_the_answers():
    allocation = replace(Stage().submission, answers=frozenset({RiskQuestion.ALLOCATION}))

    assert (
        "Your answers make the tier high" in declined(lambda: opened(replace(allocation, tier=Tier.LOW)))[1]
    )
    assert opened(replace(allocation, tier=Tier.HIGH))


def test_a_deadline_in_the_past_is_refused():
    assert declined(lambda: opened(replace(Stage().submission, deadline=NOW)))[0] is Code.LIMIT


def test_a_draft_is_submitted_or_withdrawn_and_takes_nothing_else():
    stage = Stage()
    draft = fold(stage.events[:1])
    assert draft.state is State.DRAFT

    code, words = declined(lambda: reject(draft, LEA, text="t", now=NOW))
    assert (code, words) == (Code.STATE, "This launch is still a draft; submit it first.")
    assert [each.kind for each in submit(draft, stage.submission, REQUESTER, NOW)] == ["submitted"]
    [withdrawn] = withdraw(draft, REQUESTER, policy=Policy())
    assert withdrawn.kind == "withdrawn"
    assert create(Opening(id="L3", product="p", title="t"), Policy(), PAT)[0].payload["due_on"] is None
    assert tick(draft, GOOD, NOW) == ()


def test_checks_have_to_finish_before_anybody_is_asked():
    stage = Stage(checked=False)

    assert (
        declined(lambda: stage.say(LEA, "ETH-01"))[1]
        == "The checks are still running; try again in a minute."
    )
    stage.findings = GOOD[:1]
    assert stage.tick() == []
    assert stage.gate().reasons[0].words == "The checks have not finished yet."
    assert stage.tick(*GOOD) == ["checked"]
    assert stage.tick() == []


# --- saying something ---


def test_signatures_of_all_roles_approve_at_once():
    stage = Stage()
    stage.say(LEA, "ETH-01")
    stage.say(MEL, "LR-03")

    assert stage.say(RAY, "ETH-01") == ["signed", "approved"]
    assert stage.events[-1].payload["manifest"] == MANIFEST.digest
    assert stage.launch.revision.approved_at == stage.now


def test_several_items_are_signed_in_one_go_or_not_at_all():
    stage = Stage()
    both = person("lia", Role.LEG, Role.ML)

    assert (
        declined(lambda: stage.cast(both, stage.choice("ETH-01"), stage.choice("LR-07")))[0] is Code.NO_ROLE
    )
    assert stage.launch.revision.voices == {}
    assert stage.cast(both, stage.choice("ETH-01"), stage.choice("LR-03")) == ["signed", "signed"]


@pytest.mark.parametrize(
    ("who", "item", "intent", "text", "code", "words"),
    [
        (GUEST, "ETH-01", Intent.SIGN, "t", Code.BARRED, "You are a guest here; ask a colleague to decide."),
        (SAM, "ETH-01", Intent.SIGN, "t", Code.NO_ROLE, "ETH-01 is for people from legal or responsible AI; ask one of them."),
        (person("pia", Role.LEG), "ETH-01", Intent.SIGN, "t", Code.SELF, "You asked for this launch, so the seat is for somebody else who holds that role."),
        (LEA, "ETH-99", Intent.SIGN, "t", Code.UNKNOWN_ITEM, "ETH-99 is not asked here; open the items of your role."),
        (LEA, "ETH-01", Intent.OBJECT, None, Code.NO_REASON, "Say why, in a sentence, to object."),
        (LEA, "ETH-01", Intent.COMMENT, "", Code.NO_REASON, "Say why, in a sentence, to comment."),
        (LEA, "ETH-01", Intent.NOT_APPLICABLE, "t", Code.NOT_THIS_ITEM, "ETH-01 applies to every launch; sign it or object to it."),
        (LEA, "ETH-01", Intent.TAKE_BACK, None, Code.NOTHING, "You have said nothing to ETH-01 that holds now; there is nothing to take back."),
        (person("bob"), "ETH-01", Intent.COMMENT, "t", Code.NO_ROLE, "Only people with a role in this product comment here; write in the thread instead."),
    ],
)  # fmt: skip
def test_a_refused_click_says_what_would_work_and_changes_nothing(*, who, item, intent, text, code, words):
    stage = Stage()

    assert declined(lambda: stage.say(who, item, intent, text=text)) == (code, words)
    assert stage.launch.revision.voices == {}


def test_a_click_on_what_has_changed_is_refused():
    stage = Stage()
    old = stage.choice("LR-03")
    stage.tick(finding(digest="e2"), GOOD[1])
    assert declined(lambda: stage.cast(MEL, old))[0] is Code.STALE

    same = stage.choice("ETH-01")
    stage.resubmit(answers=frozenset({RiskQuestion.GENERATIVE}))
    stage.tick()
    code, words = declined(lambda: stage.cast(LEA, same))  # a card of the revision before
    assert (code, words) == (Code.STALE, "ETH-01 has changed since this was shown to you; open it again to see what it says now.")  # fmt: skip


def test_the_same_click_twice_is_one_signature():
    stage = Stage()

    assert stage.say(LEA, "ETH-01") == ["signed"]
    assert stage.say(LEA, "ETH-01") == []
    assert stage.say(LEA, "ETH-01", Intent.OBJECT) == ["objected"]
    assert stage.say(LEA, "ETH-01", Intent.OBJECT) == []
    assert stage.say(LEA, "ETH-01", Intent.OBJECT, text="t-other") == ["objected"]


def test_an_objection_takes_an_approval_away_and_only_its_person_gives_it_back():
    stage = Stage().all_sign()

    assert stage.say(person("leo", Role.LEG), "ETH-01", Intent.OBJECT) == ["objected", "reopened"]
    assert declined(lambda: stage.say(SAM, "ETH-01", Intent.TAKE_BACK))[0] is Code.NOTHING
    assert stage.say(person("leo", Role.LEG), "ETH-01", Intent.TAKE_BACK) == ["taken_back", "approved"]


def test_a_new_revision_does_not_wipe_an_objection_away():
    stage, _ = objected()

    stage.resubmit(manifest=MANIFEST)
    stage.tick()
    for who, item in ((person("leo", Role.LEG), "ETH-01"), (RAY, "ETH-01"), (MEL, "LR-03")):
        stage.say(who, item)

    assert stage.launch.state is State.OPEN
    assert stage.say(LEA, "ETH-01") == ["signed", "approved"]  # the person speaks again


def test_equal_items_carry_their_signatures_into_the_next_revision():
    stage = Stage()
    stage.say(LEA, "ETH-01")
    stage.say(MEL, "LR-03")

    assert stage.resubmit(manifest=replace(MANIFEST, model_version="8")) == ["superseded", "submitted"]
    stage.tick()

    assert [each.state for each in stage.launch.revisions] == [State.SUPERSEDED, State.OPEN]
    assert stage.words() == [
        "ETH-01 has 1 of 2 signatures and waits for responsible AI.",
        "LR-03 has changed since it was signed; it waits for data science again.",
    ]


def test_a_comment_changes_nothing_and_may_come_from_the_requester():
    stage = Stage()

    assert stage.say(REQUESTER, "ETH-01", Intent.COMMENT) == ["commented"]
    assert stage.say(OWNER, "ETH-01", Intent.COMMENT) == ["commented"]
    assert stage.gate().settled == 1


def test_an_approved_launch_needs_no_more_signatures():
    stage = Stage().all_sign()

    assert "no signature is missing" in declined(lambda: stage.say(person("leo", Role.LEG), "ETH-01"))[1]


# --- for somebody else ---


def test_a_delegate_signs_with_both_names():
    stage = Stage()
    for_lea = Authority(principal="lea", through=(), roles=LEA.roles)

    stage.say(SAM, "ETH-01", acting_for=for_lea)

    vote = stage.launch.revision.voices["ETH-01"]["sam"].newest[stage.choice("ETH-01").digest]
    assert (vote.pid, vote.principal, vote.roles) == ("sam", "lea", {Role.SRE, Role.LEG})


def test_principal_and_delegate_count_as_one():
    stage = Stage()
    ray_for_lea = Authority(principal="lea", through=(), roles=LEA.roles)

    stage.say(RAY, "ETH-01", acting_for=ray_for_lea)
    stage.say(LEA, "ETH-01")
    assert stage.words()[0] == "ETH-01 has 1 of 2 signatures and waits for responsible AI."
    assert "take that back first" in declined(lambda: stage.say(RAY, "ETH-01"))[1]
    assert stage.say(RAY, "ETH-01", Intent.TAKE_BACK) == ["taken_back"]
    assert stage.say(RAY, "ETH-01") == ["signed"]
    assert stage.words() == ["LR-03 has 0 of 1 signatures and waits for data science."]


def test_nobody_signs_for_who_has_signed():
    stage = Stage()
    stage.say(LEA, "ETH-01")

    words = declined(
        lambda: stage.say(SAM, "ETH-01", acting_for=Authority(principal="lea", through=(), roles=LEA.roles))
    )[1]
    assert words == "The person you act for has signed this already; nothing is missing from them."


@pytest.mark.parametrize("chain", [("pia", ()), ("zoe", ("pia",))])
def test_the_requester_fills_no_seat_through_anybody(chain):
    stage = Stage()
    principal, through = chain
    lent = Authority(principal=principal, through=through, roles=frozenset({Role.LEG}))

    assert declined(lambda: stage.say(SAM, "ETH-01", acting_for=lent))[0] is Code.SELF


def test_a_role_that_was_not_lent_is_not_signed_for():
    stage = Stage()
    lent = Authority(principal="eve", through=(), roles=EVE.roles)

    assert declined(lambda: stage.say(LEA, "ETH-01", acting_for=lent))[0] is Code.NO_ROLE


# --- many people ---


def test_a_thousand_people_sign_one_item_within_a_second():
    stage = Stage()
    people = [person(f"p{n}", Role.LEG) for n in range(1000)]
    began = time.perf_counter()

    for who in people:
        stage.say(who, "ETH-01")
    took = time.perf_counter() - began

    assert len(stage.launch.revision.voices["ETH-01"]) == 1000
    assert fold(stage.events) == stage.launch
    assert took < 4, f"{took:.2f} s on a busy machine; alone it takes a third of a second"
