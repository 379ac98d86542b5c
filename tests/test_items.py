"""Items: what a signature is bound to, and where an item stands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schema.attempts import Code
from schema.checklists import CheckKind, ItemClass
from schema.differences import since
from schema.items import ItemState, by_item, item_digest, item_of, risk_of
from schema.launches import State
from schema.manifests import pinned
from schema.policies import Policy, SelfApproval
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.tallies import tallies
from schema.votes import Intent
from tests.launch_stage import (
    EVE,
    GOOD,
    LEA,
    MANIFEST,
    MEL,
    MEMBERS,
    NOW,
    PARTS,
    QUESTIONS,
    RAY,
    RECALL,
    REQUESTER,
    SCREENING,
    SPEED,
    TARGET,
    Stage,
    declined,
    finding,
    person,
    question,
)  # fmt: skip

TALKS = frozenset({RiskQuestion.TALKS_TO_PEOPLE})


def state(stage, item):
    return tallies(stage.launch, by_item(stage.findings), stage.now)[item].state


def tally(stage, item):
    return tallies(stage.launch, by_item(stage.findings), stage.now)[item]


@pytest.mark.parametrize(
    "spec",
    [
        replace(TARGET, question="Is it really so?"),
        replace(TARGET, seats=(Role.RAI,)),
        replace(TARGET, counts={Role.ML: 2}),
        replace(TARGET, klass=ItemClass.HARD),
        replace(TARGET, check=CheckKind.AUTO),
        replace(TARGET, requirements=(replace(RECALL, at_least=None),)),
    ],
)
def test_a_signature_is_of_the_question_with_its_rules(spec):
    assert item_of(spec, MANIFEST).digest != item_of(TARGET, MANIFEST).digest


def test_only_the_parts_that_an_item_rests_on_count():
    def digest(**edits):
        return item_of(TARGET, pinned({**PARTS, **edits})).digest

    assert digest(code="abcdef1") == digest() == digest(data="other@2026-01-01")
    assert digest(model_version="8") != digest()
    assert digest(model="ranker") != digest()  # the same version of another model


def test_an_item_counts_what_it_rests_on_of_the_risk_and_nothing_more():
    spec = replace(TARGET, rests_on=frozenset({"model", "answers", "tier"}))
    people = frozenset({RiskQuestion.PERSONAL_DATA})

    assert risk_of(TARGET, Tier.HIGH, TALKS | people) == {}
    assert risk_of(spec, Tier.LOW, frozenset()) == {"answers": "none", "tier": "low"}
    assert risk_of(spec, Tier.MEDIUM, TALKS | people) == {"answers": "personal_data, talks_to_people", "tier": "medium"}  # fmt: skip
    conditional = next(each for each in QUESTIONS if each.applies_if)
    assert risk_of(conditional, Tier.HIGH, TALKS | people) == {"answers": "talks_to_people"}


def test_who_signed_for_one_use_has_not_signed_for_another():
    screening = replace(SCREENING, rests_on=frozenset({"answers", "tier"}))
    stage = Stage(questions=(screening, TARGET, SPEED)).all_sign()
    assert stage.launch.state is State.APPROVED

    stage.resubmit(answers=frozenset({RiskQuestion.ALLOCATION}))
    stage.tick()

    assert state(stage, "ETH-01") is ItemState.STALE
    assert state(stage, "LR-03") is ItemState.SIGNED  # it rests on none of that
    found = since(stage.launch.revision, "lea", "ETH-01")
    assert found.manifest == {"answers": ("none", "allocation"), "tier": ("low", "high")}


def test_evidence_and_thresholds_count_and_references_do_not():
    def digest(spec=TARGET, **edits):
        return item_digest(spec, MANIFEST, **{"evidence": {"recall": "e1"}, **edits})

    assert digest(evidence={"recall": "e2"}) != digest()
    assert digest(thresholds={"recall": "0.95"}) != digest()
    assert digest(replace(TARGET, clauses={"eu": ("Art. 15",)})) == digest()


def test_an_item_that_evidence_and_people_settle_needs_both():
    stage = Stage()

    assert state(stage, "LR-03") is ItemState.NEEDS_SIGN
    stage.say(MEL, "LR-03")
    assert state(stage, "LR-03") is ItemState.SIGNED
    stage.findings = (finding(passed=False), GOOD[1])
    assert state(stage, "LR-03") is ItemState.AUTO_FAIL


def test_an_automatic_item_needs_nobody_and_nobody_can_save_it():
    stage = Stage()

    assert state(stage, "LR-07") is ItemState.AUTO_PASS
    stage.findings = (GOOD[0], finding("LR-07", "p95", passed=False))
    assert state(stage, "LR-07") is ItemState.AUTO_FAIL
    assert tally(stage, "LR-07").seats == ()


def test_an_objection_stands_above_what_a_check_says():
    stage = Stage()

    stage.say(person("sue", Role.SRE), "LR-07", Intent.OBJECT)

    assert state(stage, "LR-07") is ItemState.OBJECTED


def test_evidence_that_nobody_looked_at_is_unknown_and_other_evidence_is_stale():
    stage = Stage()

    stage.findings = (GOOD[1],)
    assert state(stage, "LR-03") is ItemState.UNKNOWN
    stage.findings = (finding(digest="e2"), GOOD[1])
    assert state(stage, "LR-03") is ItemState.STALE


def test_other_evidence_reopens_that_item_only():
    stage = Stage().all_sign()

    kinds = stage.tick(finding(digest="e2"), GOOD[1])

    assert kinds == ["evidence_changed", "reopened"]
    assert state(stage, "LR-03") is ItemState.STALE
    assert state(stage, "ETH-01") is ItemState.SIGNED


def test_an_item_is_stale_only_where_somebody_signed_it_before():
    stage = Stage()
    stage.say(MEL, "LR-03", Intent.OBJECT)
    stage.say(MEL, "LR-03", Intent.TAKE_BACK)

    stage.tick(finding(digest="e2"), GOOD[1])

    assert state(stage, "LR-03") is ItemState.NEEDS_SIGN


def test_evidence_that_comes_back_finds_its_signature_again():
    stage = Stage().all_sign()

    stage.tick(finding(digest="e2"), GOOD[1])
    stage.tick(*GOOD)

    assert state(stage, "LR-03") is ItemState.SIGNED


def test_the_difference_since_a_signature_is_named():
    stage = Stage().all_sign()
    revision = stage.launch.revision
    assert since(revision, "mel", "LR-03") is None

    stage.tick(finding(digest="e2"), GOOD[1])
    stage.resubmit(
        manifest=pinned({**PARTS, "model_version": "8", "code": "abcdef1"}),
        specs=(SCREENING, replace(TARGET, question="Does it find enough?"), SPEED),
    )
    stage.tick()
    found = since(stage.launch.revision, "mel", "LR-03")

    assert found.question == ("Is it so?", "Does it find enough?")
    assert found.manifest == {"model_version": ("7", "8")}
    assert found.evidence == ("recall",)
    assert found.rules is False
    assert found.vote.showing == "s-1"
    assert since(stage.launch.revision, "lea", "ETH-01") is None
    assert since(stage.launch.revision, "nobody", "LR-03") is None


def test_does_not_apply_is_a_signature_and_only_where_an_item_is_conditional():
    stage = Stage(answers=TALKS)

    stage.say(RAY, "ETH-13", Intent.NOT_APPLICABLE)

    assert state(stage, "ETH-13") is ItemState.NOT_APPLICABLE
    assert tally(stage, "ETH-13").seats[0].vote.pid == "ray"


def test_a_signature_lasts_as_long_as_the_rules_say_and_may_be_given_again():
    stage = Stage(policy=Policy(sign_off_valid_days=2))
    stage.say(LEA, "ETH-01")
    assert stage.say(LEA, "ETH-01") == []

    stage.pass_time(timedelta(days=2))
    before = tally(stage, "ETH-01").seats[0].vote
    again = stage.say(LEA, "ETH-01")

    assert before is None
    assert again == ["signed"]
    assert tally(stage, "ETH-01").seats[0].vote.at == stage.now


def test_a_role_that_is_lost_later_does_not_erase_a_signature():
    stage = Stage()
    stage.say(LEA, "ETH-01")

    assert tally(stage, "ETH-01").seats[0].vote.roles == {Role.LEG}


def test_a_requester_who_signs_by_the_rules_is_marked():
    stage = Stage(policy=Policy(self_approval=SelfApproval.ALLOW_MARKED), who=person("pia", Role.PM, Role.ML))

    stage.say(person("pia", Role.PM, Role.ML), "LR-03")

    assert tally(stage, "LR-03").self_approved
    assert stage.gate().self_approved == ("LR-03",)


def test_what_the_requester_never_signs_they_do_not_sign_under_any_policy():
    accepted = question("ETH-22", Role.EXEC, never_requester=True)
    both = person("pia", Role.PM, Role.EXEC)
    members = {**MEMBERS, Role.EXEC: frozenset({"eve", "pia"})}
    rules = Policy(self_approval=SelfApproval.ALLOW_MARKED, small_team=True)
    stage = Stage(questions=(accepted,), who=both, members=members, policy=rules)

    assert declined(lambda: stage.say(both, "ETH-22"))[0] is Code.SELF
    assert stage.say(EVE, "ETH-22") == ["signed", "approved"]
    alone = {**members, Role.EXEC: frozenset({"pia"})}
    assert declined(lambda: Stage(questions=(accepted,), who=both, members=alone, policy=rules)) == (
        Code.NOBODY,
        (
            "ETH-22 needs somebody from management other than you who sits on no other seat that goes with it;"
            " give one more person that role."
        ),
    )


def test_an_item_that_is_not_asked_any_more_blocks_while_somebody_objects():
    stage = Stage(answers=TALKS)
    stage.say(RAY, "ETH-13", Intent.OBJECT)

    stage.resubmit(answers=frozenset())
    stage.tick()
    stage.all_sign()
    assert "ETH-13" not in stage.launch.revision.items
    assert stage.gate().items["ETH-13"] is ItemState.OBJECTED
    assert stage.launch.state == "open"

    assert stage.say(RAY, "ETH-13", Intent.TAKE_BACK) == ["taken_back", "approved"]


def test_a_question_that_left_the_checklist_stays_while_somebody_objects():
    stage = Stage(questions=(*QUESTIONS, question("OWN-1", Role.EXEC)))
    stage.say(EVE, "OWN-1", Intent.OBJECT)

    stage.resubmit(specs=QUESTIONS)
    stage.tick()

    assert state(stage, "OWN-1") is ItemState.OBJECTED


def test_people_of_a_set_sign_apart_or_the_later_item_waits():
    both = (question("LR-01", Role.ML), question("LR-02", Role.ML))
    rule = Policy(different_people=(frozenset({("LR-01", Role.ML), ("LR-02", Role.ML)}),))
    members = {Role.ML: frozenset({"mel", "max"})}
    stage = Stage(questions=both, policy=rule, members=members)

    stage.say(MEL, "LR-01")
    stage.say(MEL, "LR-02")
    waiting = tally(stage, "LR-02")
    assert waiting.clash
    assert stage.words() == [
        "LR-02 needs a signature of somebody who signs none of the items that go with it."
    ]

    assert stage.say(person("max", Role.ML), "LR-01") == ["signed", "approved"]
    assert tally(stage, "LR-01").seats[0].vote.pid == "max"


def test_a_small_team_signs_alone_and_it_is_said():
    members = {Role.LEG: frozenset({"lea"}), Role.RAI: frozenset({"lea"}), Role.ML: frozenset({"pia"}), Role.SRE: frozenset({"sam"})}  # fmt: skip
    stage = Stage(policy=Policy(small_team=True), members=members, who=person("pia", Role.PM, Role.ML))
    assert stage.launch.revision.unseparated == {"ETH-01", "LR-03"}

    stage.say(person("lea", Role.LEG, Role.RAI), "ETH-01")
    kinds = stage.say(person("pia", Role.PM, Role.ML), "LR-03")

    assert kinds == ["signed", "approved"]
    assert stage.gate().unseparated == ("ETH-01", "LR-03")
    assert stage.gate().self_approved == ("LR-03",)


def test_a_higher_tier_asks_more_and_a_lower_one_keeps_what_is_settled():
    stage = Stage(questions=(*QUESTIONS, question("ETH-22", Role.EXEC, applies_from=Tier.MEDIUM)))
    assert [spec.id for spec in stage.launch.revision.aside] == ["ETH-13", "ETH-22"]

    stage.resubmit(tier=Tier.MEDIUM)
    stage.tick()

    assert "ETH-22" in stage.launch.revision.items
    assert stage.launch.requester == REQUESTER.pid
    assert stage.now == NOW
