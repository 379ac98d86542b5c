"""Renewals: new evidence asks again whoever had spoken on the evidence before, and nobody else."""

from handlers.views import decisions
from schema.renewals import Renewal, renewals
from schema.votes import Intent
from tests.launch_stage import GOOD, MEL, Stage, finding
from tests.test_views_launches import about, taken

OTHER, FAILS = finding(digest="e2"), finding(digest="e3", passed=False)
FAST = GOOD[1]
ASKED = "Is it so?"


def told(stage, since):
    return renewals(stage.launch, stage.gate(), stage.events, since=since)


def signed():
    """A launch in which Mel has signed what rests on evidence, and how far people were told of it."""
    stage = Stage()
    stage.say(MEL, "LR-03")
    return stage, stage.launch.seq


def test_who_signed_on_the_evidence_before_is_asked_again():
    stage, since = signed()
    stage.tick(OTHER, FAST)

    assert told(stage, since) == (Renewal(item="LR-03", question=ASKED, signers=("mel",)),)
    assert told(stage, stage.launch.seq) == ()


def test_nobody_is_asked_again_for_what_nobody_had_signed_or_evidence_alone_decides():
    stage = Stage()
    since = stage.launch.seq
    stage.tick(OTHER, finding("LR-07", "p95", digest="e9"))

    assert [event.kind for event in stage.events if event.seq > since] == ["evidence_changed"] * 2
    assert told(stage, since) == ()


def test_a_signature_that_was_void_already_is_not_told_again():
    stage, since = signed()
    stage.tick(OTHER, FAST)
    between = stage.launch.seq
    stage.tick(finding(digest="e4"), FAST)

    assert told(stage, between) == ()
    assert [each.signers for each in told(stage, since)] == [("mel",)]


def test_who_has_signed_the_new_evidence_or_signed_what_came_back_is_left_alone():
    stage, since = signed()
    stage.tick(OTHER, FAST)
    stage.say(MEL, "LR-03")
    assert told(stage, since) == ()

    stage, since = signed()
    stage.tick(OTHER, FAST)
    stage.tick(*GOOD)
    assert told(stage, since) == ()


def test_while_the_evidence_fails_they_are_asked_once_it_passes():
    stage, since = signed()
    stage.tick(FAILS, FAST)

    assert told(stage, since) == (Renewal(item="LR-03", question=ASKED, signers=("mel",), passes=False),)


def test_who_objected_is_asked_whether_that_still_holds_until_they_speak():
    stage = Stage()
    stage.say(MEL, "LR-03", Intent.OBJECT)
    since = stage.launch.seq
    stage.tick(OTHER, FAST)
    assert told(stage, since) == (Renewal(item="LR-03", question=ASKED, objectors=("mel",)),)

    stage.say(MEL, "LR-03", Intent.OBJECT)
    assert told(stage, since) == ()


def test_a_launch_that_asks_nobody_any_more_asks_nobody_again():
    stage, since = signed()
    stage.tick(OTHER, FAST)
    stage.resubmit()

    assert told(stage, since) == ()


def test_the_thread_names_each_person_before_the_question_they_are_asked():
    asked = [
        Renewal(item="LR-03", question="Does it reach its target?", signers=("mel", "pat")),
        Renewal(item="LR-04", question="Is its worst group good enough?", signers=("mel",), passes=False),
        Renewal(item="ETH-17", question="Do we use little data?", objectors=("lea",)),
    ]

    message = decisions.thread(decisions.news([]), about(), (), asked)

    assert message["text"].split("\n") == [
        "The evidence changed. Asked again:",
        "• mel and pat: *LR-03* Does it reach its target?",
        "• mel, once its evidence passes: *LR-04* Is its worst group good enough?",
        "• lea: *ETH-17* Do we use little data? Does your objection still hold?",
    ]


def test_whoever_is_asked_again_is_named_however_much_was_decided_beside():
    stage = Stage()
    for item in stage.launch.revision.items:
        stage.say(MEL, item, Intent.COMMENT, text=f"t{item}")
    decided = [event for event in stage.events for _ in range(decisions.MOST_LINES)]

    said = taken(
        decisions.thread(
            decisions.news(decided), about(), (), [Renewal(item="LR-03", question=ASKED, signers=("mel",))]
        )
    )

    assert (
        said.index("more of this kind.") < said.index("Asked again:") < said.index("mel: *LR-03* Is it so?")
    )


def test_many_people_and_many_items_stay_short():
    asked = [
        Renewal(item=f"LR-{n:02}", question="word " * 200, signers=tuple(f"p{m}" for m in range(40)))
        for n in range(40)
    ]

    said = taken(decisions.thread(decisions.news([]), about(text="x" * 80), (), asked))

    assert "and 35 more" in said
    assert "and 32 more" in said
