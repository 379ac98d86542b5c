"""The gate: one answer for a position, findings and a moment, with reasons that people can act on."""

from datetime import timedelta

import pytest

from schema.attempts import Code, Declined
from schema.emergencies import Emergency, break_glass
from schema.endings import revoke
from schema.exceptions import WaiverAsked, waive
from schema.gates import ReasonCode, answer
from schema.histories import fold
from schema.items import ItemState
from schema.launches import Launch, State
from schema.manifests import pinned
from schema.policies import Policy, Right
from schema.products import Role
from schema.risks import RiskQuestion
from schema.shortest import Call, smallest
from schema.uses import use
from schema.votes import Intent
from tests.launch_stage import (
    EVE,
    GOOD,
    LEA,
    MANIFEST,
    MEL,
    NOW,
    PARTS,
    RAY,
    SAM,
    Stage,
    finding,
    person,
    question,
)

OWNER = person("ona", owner=True)
BANNED = frozenset({RiskQuestion.BANNED_PRACTICE})
A_DAY = timedelta(days=1)


def go(stage, by="release", manifest=MANIFEST, **edits):
    return stage.do(use(stage.launch, by, manifest.digest, findings=stage.findings, now=stage.now, **edits))


def refused(stage, *arguments, **edits):
    with pytest.raises(Declined) as caught:
        go(stage, *arguments, **edits)
    return caught.value.code, str(caught.value)


def test_a_gate_says_who_is_missing_in_plain_words():
    stage = Stage()
    gate = stage.gate()

    assert gate.open is False
    assert gate.waits_for == {Role.LEG: ("ETH-01",), Role.RAI: ("ETH-01",), Role.ML: ("LR-03",)}
    assert (gate.settled, gate.total) == (1, 3)
    assert stage.words() == [
        "ETH-01 has 0 of 2 signatures and waits for legal and responsible AI.",
        "LR-03 has 0 of 1 signatures and waits for data science.",
    ]


def test_a_gate_opens_when_everything_is_settled_and_for_that_manifest_only():
    stage = Stage().all_sign()
    other = pinned({**PARTS, "code": "abcdef1"})

    assert stage.gate().open is True
    assert stage.gate(MANIFEST.digest).open is True
    assert stage.gate(other.digest).open is False
    assert "This manifest is not the one of the newest revision" in stage.gate(other.digest).reasons[0].words


def test_a_gate_closes_by_findings_before_anybody_writes_it_down():
    stage = Stage().all_sign()

    stage.findings = (finding(passed=False), GOOD[1])

    assert stage.launch.state is State.APPROVED
    assert stage.gate().open is False
    assert stage.words() == ["LR-03: It finds 82 of 100 where at least 90 were asked."]


def test_a_gate_that_cannot_look_at_the_evidence_cannot_tell():
    stage = Stage().all_sign()

    stage.findings = (GOOD[0],)

    assert stage.gate().open is None
    assert stage.words() == [
        "The evidence of LR-07 could not be looked at; see that its product stands in muster.yaml."
    ]


def test_what_cannot_be_told_never_hides_a_reason_to_stay_closed():
    stage = Stage().all_sign()

    stage.findings = (finding(passed=False),)

    assert stage.gate().open is False


def test_a_gate_says_that_an_approval_is_about_to_be_written():
    stage = Stage()
    stage.tick(finding(passed=False), GOOD[1])
    stage.all_sign()

    stage.findings = GOOD
    assert stage.gate().open is False
    assert [reason.code for reason in stage.gate().reasons] == [ReasonCode.ABOUT_TO]
    assert stage.tick() == ["approved"]
    assert stage.gate().open is True


def test_changed_evidence_and_older_signatures_are_told_apart():
    stage = Stage().all_sign()

    stage.findings = (finding(digest="e2"), GOOD[1])
    assert stage.words() == ["The evidence of LR-03 has just changed; it is looked at again in a moment."]
    stage.tick()
    assert stage.words() == ["LR-03 has changed since it was signed; it waits for data science again."]


def test_an_objection_says_what_would_work():
    stage = Stage().all_sign()
    stage.say(LEA, "ETH-01", Intent.OBJECT)

    assert stage.words() == [
        "Somebody objects to ETH-01; they can take it back, or it can be overridden with a reason."
    ]
    assert [vote.pid for vote in stage.gate().dissent] == ["lea"]


@pytest.mark.parametrize(
    "state", [each for each in State if each not in (State.OPEN, State.APPROVED, State.DRAFT)]
)
def test_every_other_state_is_closed_and_says_what_it_is(state):
    stage = Stage().all_sign()
    revision = stage.launch.revision
    moved = type(revision)(
        **{name: getattr(revision, name) for name in revision.__dataclass_fields__} | {"state": state}
    )
    launch = Launch(
        **{name: getattr(stage.launch, name) for name in Launch.__dataclass_fields__}
        | {"revisions": (moved,)}
    )

    gate = answer(launch, GOOD, NOW)

    assert gate.open is False
    assert gate.reasons[0].code is ReasonCode.STATE
    assert gate.reasons[0].words.endswith(".")


def test_a_draft_is_closed():
    stage = Stage()
    gate = answer(fold(stage.events[:1]), GOOD, NOW)

    assert (gate.open, gate.state, gate.total) == (False, State.DRAFT, 0)
    assert gate.reasons[0].words == "This launch is still a draft; its requester has to submit it."


# --- the shortest way ---


def test_the_shortest_way_names_one_person_for_all_that_they_can_sign():
    questions = (
        question("LR-01", Role.PM, Role.ML),
        question("LR-02", Role.ML),
        question("LR-04", Role.ML, counts={Role.ML: 2}),
    )
    stage = Stage(
        questions=questions, members={Role.PM: frozenset({"pat"}), Role.ML: frozenset({"mel", "max"})}
    )

    found = smallest(stage.launch, (), stage.now)

    assert found.signatures == (
        Call(role=Role.ML, items=("LR-01", "LR-02", "LR-04")),
        Call(role=Role.PM, items=("LR-01",)),
        Call(role=Role.ML, items=("LR-04",)),
    )


def test_the_shortest_way_names_evidence_objections_and_what_may_be_waived():
    stage = Stage()
    stage.tick(finding(passed=False), GOOD[1])
    stage.say(LEA, "ETH-01", Intent.OBJECT)

    found = smallest(stage.launch, stage.findings, stage.now)

    assert [each.requirement for each in found.evidence] == ["recall"]
    assert [vote.pid for vote in found.objections] == ["lea"]
    assert found.waivable == ("LR-03",)
    assert not found.nothing


def test_other_evidence_asks_for_its_signatures_again():
    stage = Stage()
    stage.say(MEL, "LR-03")

    found = smallest(stage.launch, (finding(digest="e2", passed=False), GOOD[1]), stage.now)

    assert Call(role=Role.ML, items=("LR-03",)) in found.signatures


def test_nothing_is_missing_when_the_gate_is_open():
    stage = Stage().all_sign()

    assert smallest(stage.launch, stage.findings, stage.now).nothing
    assert smallest(stage.launch, (), stage.now).unknown == ("LR-03", "LR-07")


# --- a banned practice ---


def test_a_possible_banned_practice_takes_nothing_but_its_screening():
    stage = Stage(answers=BANNED)

    with pytest.raises(
        Declined, match="A banned practice is possible here, so ETH-01 has to be signed"
    ) as caught:
        stage.say(MEL, "LR-03")
    assert caught.value.code is Code.BANNED
    with pytest.raises(Declined, match="ETH-01 has to be signed by all its seats first"):
        break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=2), stage.now)

    assert stage.words()[0] == "A banned practice is possible here, and ETH-01 is not signed."
    stage.say(LEA, "ETH-01")
    stage.say(RAY, "ETH-01")
    assert stage.say(MEL, "LR-03") == ["signed", "approved"]


def test_a_screening_that_is_objected_to_is_not_signed():
    stage = Stage(answers=BANNED)
    stage.say(LEA, "ETH-01")
    stage.say(RAY, "ETH-01")
    stage.say(person("leo", Role.LEG), "ETH-01", Intent.OBJECT)

    with pytest.raises(Declined, match="ETH-01 has to be signed"):
        stage.say(MEL, "LR-03")


# --- use ---


def test_a_launch_goes_out_once_and_the_same_manifest_finds_its_record():
    stage = Stage().all_sign()

    assert go(stage) == ["used"]
    assert go(stage) == []
    assert refused(stage, manifest=pinned({**PARTS, "code": "abcdef1"}))[0] is Code.OTHER_MANIFEST
    assert stage.gate().open is False
    assert stage.words() == ["It has already gone out; its use is recorded once."]


def test_what_was_not_signed_does_not_go_out():
    stage = Stage()
    assert refused(stage) == (
        Code.CLOSED,
        "ETH-01 has 0 of 2 signatures and waits for legal and responsible AI.",
    )

    stage.all_sign()
    other = pinned({**PARTS, "model": "ranker"})  # the same version of another model
    assert refused(stage, manifest=other)[0] is Code.OTHER_MANIFEST
    stage.findings = (finding(digest="e2"), GOOD[1])
    assert refused(stage)[0] is Code.CLOSED


def test_a_person_records_use_only_with_the_right_to():
    stage = Stage().all_sign()

    assert refused(stage, SAM)[1] == "You may not record that it went out here; ask the product's owner."
    assert go(stage, OWNER) == ["used"]
    assert stage.launch.revision.used.by == "ona"


def test_a_revoked_launch_does_not_go_out_again():
    stage = Stage().all_sign()
    go(stage)
    stage.do(revoke(stage.launch, RAY, text="t-harm"))

    assert refused(stage)[0] is Code.ENDED
    assert stage.events[-1].payload["incident"] is True


def test_a_bypass_answers_no_and_passes_only_who_accepts_it():
    stage = Stage()
    stage.do(
        break_glass(stage.launch, EVE, Emergency(reason="t-fire", incident="INC-2041", hours=2), stage.now)
    )
    gate = stage.gate()

    assert (gate.open, gate.state, gate.bypass_until) == (False, State.BYPASSED, NOW + timedelta(hours=2))
    assert stage.gate("another").bypass_until is None
    assert refused(stage)[1] == "It was let through in an emergency and was not approved."
    assert go(stage, accept_bypass=True) == ["bypass_used"]
    assert go(stage, accept_bypass=True) == []
    assert "accept the bypass" in refused(stage)[1]

    stage.pass_time(timedelta(hours=2))  # nothing ran in between
    assert stage.gate().bypass_until is None
    assert (
        refused(stage, accept_bypass=True)[1]
        == "The emergency is over; open a new launch and have it signed."
    )


def test_a_bypass_that_was_never_used_ends_too():
    stage = Stage()
    stage.do(break_glass(stage.launch, EVE, Emergency(reason="t", incident="INC-1", hours=1), stage.now))
    stage.pass_time(timedelta(hours=1))

    assert "The emergency is over" in refused(stage, accept_bypass=True)[1]


def test_a_waiver_holds_for_its_time_and_evidence_and_then_the_gate_closes():
    stage = Stage()
    stage.tick(finding(passed=False), GOOD[1])
    item = stage.launch.revision.items["LR-03"]
    asked = WaiverAsked(
        item="LR-03", digest=item.digest, owner="mel", reason="t", metric="recall", until=NOW + A_DAY
    )
    stage.do(waive(stage.launch, RAY, asked, findings=stage.findings, now=stage.now))
    stage.say(LEA, "ETH-01")
    stage.say(RAY, "ETH-01")
    assert stage.gate().open is True
    assert stage.gate().items["LR-03"] is ItemState.WAIVED

    stage.pass_time(A_DAY)
    assert stage.gate().open is False
    assert stage.tick() == ["waiver_ended", "reopened"]


def test_the_rules_may_give_a_right_to_nobody():
    stage = Stage(policy=Policy(rights={Right.REQUEST: frozenset({"pm"})})).all_sign()

    assert (
        refused(stage, OWNER)[1] == "You may not record that it went out here; the rules give this to nobody."
    )
