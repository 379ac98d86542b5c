"""Views of launches: whatever people wrote, Slack takes what comes out, nobody is pinged, and it stays short."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from bot.files import checklists
from bot.local_slack.blocks import problems, view_problems
from handlers.listeners.payloads import carried
from handlers.views import (
    budget,
    decisions,
    differences,
    gates,
    items,
    launch_forms,
    launches,
    reviews,
    verb_forms,
)
from handlers.views.launch_verbs import MENU, OTHERS, WORDS, Verb
from handlers.views.reviews import Lists, Waits
from schema import emergencies, endings, exceptions, signing, uses
from schema.checklists import CheckKind, ItemClass, ItemSpec, Review
from schema.differences import since
from schema.emergencies import Emergency
from schema.evidence import Finding
from schema.exceptions import WaiverAsked
from schema.following import followed
from schema.gates import answer
from schema.histories import after
from schema.items import by_item
from schema.launches import State
from schema.ledger import begin, chain
from schema.manifests import pinned
from schema.openings import Opening, Submission, open_launch, submit
from schema.policies import Policy, SelfApproval, Standing
from schema.products import Role
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.risks import RiskQuestion, Tier
from schema.shortest import smallest
from schema.signing import Choice
from schema.ticks import tick
from schema.votes import Intent

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
NASTY = [
    "<!channel> <@U0ANA00001> <http://evil.example|click>", "a & b < c > d", "\u202eright to left\u202c", "שלום עולם",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪é", "line\nbreak\r\x00", "*bold* `code` _it_", "x" * 40_000, "word " * 8_000, "&" * 5_000, "|" * 200, "",
]  # fmt: skip
PARTS = {
    "code": "4f2a9c1e7b3d", "model": "ranker", "model_version": "v3.1", "prompt": "none",
    "configuration": "ab" * 32, "data": "offers-2026-11-01",
}  # fmt: skip
EVERY_ROLE = {role: frozenset({f"{role}-{at}" for at in range(3)}) for role in Role}
PIA = Standing(pid="pia", roles=frozenset({Role.PM}))
RECORD = Requirement(
    name="drill", kind=EvidenceKind.RECORD, words="how long the switch-off took", unit=RecordUnit.MINUTES, at_most=5,
    fresh_days=30,
)  # fmt: skip


def holder(role, at=0, **more):
    return Standing(pid=f"{role}-{at}", roles=frozenset({role}), **more)


def spec(number, *seats, words="Is it in order?", **more):
    kept = {
        "id": f"LR-{number:02d}", "review": Review.LAUNCH, "question": words, "why": words, "klass": ItemClass.WAIVABLE,
        "check": CheckKind.PEOPLE, "rests_on": frozenset({"model"}),
    }  # fmt: skip
    return ItemSpec(seats=seats or (Role.ML,), **{**kept, **more})


def about(**texts):
    class Everything(dict):
        def get(self, key, default=None):
            return texts.get("text", key)

    return SimpleNamespace(
        product=texts.get("text", "Fraud detection"), users={}, names=Everything(), texts=Everything()
    )


def opened(specs, *, policy=None, answers=frozenset(), found=()):
    opening = Opening(id="fraud-detection-1", product="fraud-detection", title="t", due_on=date(2026, 12, 1))
    asked = Submission(
        manifest=pinned(PARTS), answers=answers, specs=tuple(specs), policy=policy or Policy(),
        members={**EVERY_ROLE, Role.PM: frozenset({"pia", "pm-1", "pm-2"})},
    )  # fmt: skip
    launch = after(None, open_launch(opening, asked, PIA, NOW), NOW)
    return after(launch, tick(launch, found, NOW), NOW)


def says(launch, who, *choices, findings=(), at=NOW):
    said = [
        Choice(
            item=item, intent=intent, revision=launch.revision.n, digest=launch.revision.items[item].digest,
            showing="s", text="t" if intent is not Intent.SIGN else None,
        )
        for item, intent in choices
    ]  # fmt: skip
    return after(launch, signing.cast(launch, who, said, found=by_item(findings), now=at).drafts, at)


def gate_of(launch, findings=(), at=NOW):
    return answer(launch, findings, at)


def taken(payload):
    """Hold a message to what Slack takes, and give all its words."""
    assert problems(payload["blocks"]) == []
    assert budget.fits(payload["blocks"])
    assert 0 < len(payload["text"]) <= 4_000
    said = json.dumps(payload, ensure_ascii=False)
    said.encode()
    assert said.count('"type": "mrkdwn"') == said.count('"verbatim": true')
    assert not PINGS.search("\n".join([payload["text"], *marked(payload["blocks"])]))
    return said


PINGS = re.compile(r"<!(?!date\^)|<@|<http(?!s://acme)")


def marked(value):
    """List the texts in which Slack looks for mark-up."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for each in value.values() for text in marked(each)]
    return [text for each in value for text in marked(each)] if isinstance(value, list) else []


def accepted(view):
    """Hold a modal to what Slack takes, and give all its words."""
    assert view_problems(view) == []
    assert len(view["private_metadata"]) <= 3_000
    said = json.dumps(view, ensure_ascii=False)
    said.encode()
    assert not PINGS.search("\n".join(marked(view["blocks"])))
    return said


FORTY = [spec(number, list(Role)[number % 12]) for number in range(40)]


# --- cards and role messages ---


@pytest.mark.parametrize("text", NASTY)
def test_every_card_is_taken_by_slack_and_pings_nobody(text):
    launch = opened([spec(1, Role.ML, Role.RAI, words=text or "?")])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.OBJECT))
    gate = gate_of(launch)

    taken(launches.card(launch, gate, about(text=text)))
    taken(launches.role_message(launch, Role.ML, gate))
    taken(reviews.why(launch, gate, smallest(launch, [], NOW), about(text=text)))


def test_forty_items_of_twelve_roles_stay_short():
    launch = opened(FORTY)
    gate = gate_of(launch)

    said = taken(launches.card(launch, gate, about()))

    assert "0 of 40 launch items settled." in said
    assert len(said) < 3_000
    for role in Role:
        assert len(taken(launches.role_message(launch, role, gate))) < 2_000
    assert len(taken(reviews.why(launch, gate, smallest(launch, [], NOW), about()))) < 3_000


def test_a_card_without_a_finding_names_no_reason_but_signatures():
    launch = opened([spec(1)])

    said = taken(launches.card(launch, gate_of(launch), about()))

    assert "Waits for data science (1 item)." in said
    assert "Held back most by" not in said


def test_a_card_names_the_objection_before_missing_evidence():
    specs = [spec(1, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,)), spec(2, Role.RAI)]
    missing = finding("LR-01", passed=False)
    launch = opened(specs, found=[missing])
    launch = says(launch, holder(Role.RAI), ("LR-02", Intent.OBJECT), findings=[missing])

    said = taken(launches.card(launch, gate_of(launch, [missing]), about()))

    assert "*Held back most by* the objection to LR-02: Is it in order?" in said


def test_a_card_says_of_one_failing_item_only_what_it_lacks():
    missing = finding("LR-01", passed=False)
    launch = opened([spec(1, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,))], found=[missing])

    said = taken(launches.card(launch, gate_of(launch, [missing]), about()))

    assert "*Held back most by* LR-01: There is no drill yet." in said
    assert "Evidence is missing" not in said


def finding(item, *, passed, digest=""):
    return Finding(
        item=item, requirement="drill", kind=EvidenceKind.RECORD, digest=digest, passed=passed,
        why="There is no drill yet.", statement="", measured_at=None,
    )  # fmt: skip


def test_missing_evidence_is_named_once_with_how_many_items_lack_it():
    specs = [spec(number, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,)) for number in (1, 2)]
    found = [finding("LR-01", passed=False), finding("LR-02", passed=False)]
    launch = opened(specs, found=found)
    gate = gate_of(launch, found)

    assert launches.owes(launch, Role.ML, gate) == 1
    card = taken(launches.card(launch, gate, about()))
    asked = taken(launches.role_message(launch, Role.ML, gate))
    why = taken(reviews.why(launch, gate, smallest(launch, found, NOW), about()))

    assert "Evidence is missing or does not pass for 2 items." in card
    assert "*Held back most by* LR-01: There is no drill yet." in card
    assert "Nothing to sign yet: evidence is missing or does not pass for 2 items." in asked
    assert "• *LR-01* Is it in order?\\n• *LR-02* Is it in order?" in asked
    assert "Add evidence" in asked
    assert "evidence for 2 items" in why
    assert "It may be waived." in why


def test_a_launch_that_was_let_through_is_loud_and_says_until_when():
    launch = opened([spec(1)])
    emergency = Emergency(reason="t", incident="INC-1", hours=4)
    launch = after(launch, emergencies.break_glass(launch, holder(Role.EXEC), emergency, NOW), NOW)

    said = taken(launches.card(launch, gate_of(launch), about()))
    over = taken(launches.card(launch, gate_of(launch, at=NOW + timedelta(hours=5)), about()))

    assert "BYPASSED: this was not approved." in said
    assert f"until <!date^{int((NOW + timedelta(hours=4)).timestamp())}^" in said
    assert "that time is over" in over
    assert "Review my items" not in said


def test_dissent_stays_on_the_card_when_it_is_overridden():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.OBJECT))
    seq = launch.revision.dissent[0].seq
    over = exceptions.override(launch, holder(Role.EXEC), seq, text="t", findings=[], now=NOW)
    launch = after(launch, over, NOW)

    gate = gate_of(launch)
    assert "(overridden by exec-0)" in taken(launches.card(launch, gate, about()))
    assert "1 objection was overridden and stays on the card." in taken(
        reviews.why(launch, gate, smallest(launch, [], NOW), about())
    )


def test_a_launch_that_is_out_shows_what_does_not_hold_any_more():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.SIGN))
    owner = holder(Role.ML, owner=True)
    launch = after(
        launch, uses.use(launch, owner, launch.revision.manifest.digest, findings=[], now=NOW), NOW
    )
    broken = replace(launch, revisions=(replace(launch.revision, broken=frozenset({("LR-01", "drill")})),))

    said = taken(launches.card(broken, gate_of(broken), about()))

    assert "*Promised, and not so now:* LR-01." in said
    assert "items settled" not in said
    assert "Promised" not in taken(launches.card(launch, gate_of(launch), about()))


def test_a_launch_that_ended_offers_nothing_more():
    launch = opened([spec(1)])
    launch = after(launch, endings.reject(launch, holder(Role.LEG), text="t", now=NOW), NOW)
    gate = gate_of(launch)

    said = taken(launches.card(launch, gate, about()))

    assert "*Rejected*" in said
    assert '"button"' not in said
    assert '"button"' not in taken(launches.role_message(launch, Role.ML, gate))


def test_a_draft_shows_a_card_too():
    opening = Opening(id="fraud-detection-1", product="fraud-detection", title="t")
    drafts = open_launch(
        opening, Submission(manifest=pinned(PARTS), answers=frozenset(), specs=(), policy=Policy()), PIA, NOW
    )
    launch = after(None, drafts[:1], NOW)

    said = taken(launches.card(launch, gate_of(launch), about()))

    assert "*A draft*" in said


def test_names_that_were_erased_leave_the_card_readable():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.OBJECT))
    nobody = SimpleNamespace(product="Fraud detection", users={}, names={}, texts={})

    said = taken(launches.card(launch, gate_of(launch), nobody))

    assert "somebody whose name was erased objects to LR-01" in said
    assert "(The words were erased.)" in said


# --- the menu and its forms ---


def test_the_menu_has_at_most_five_entries_in_every_state():
    for state in State:
        assert len(MENU.get(state, ())) + bool(OTHERS.get(state)) <= 5
    assert {*WORDS} == {*Verb}
    assert (
        {*verb_forms.ASKS} | {Verb.REVISE, Verb.OTHER}
        == {*Verb}
        == {*verb_forms.TOLD} | {Verb.REVISE, Verb.OTHER}
    )


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.REVISE])
def test_every_form_is_taken_by_slack(verb, text):
    launch = opened([spec(number) for number in range(20)])
    offered = verb_forms.Offered(
        title=text, today=NOW.date(), items=[(f"LR-{at:02d}", "ab" * 32) for at in range(120)],
        objections=[(at, f"{at}{text}") for at in range(120)], metrics=[(f"m{at}", f"{at}{text}") for at in range(120)],
        delegations=[(at, f"{at}{text}") for at in range(120)], roles=list(Role), tiers=[Tier.HIGH], others=OTHERS[State.OPEN], manifest="ab" * 32,
        questions={f"LR-{at:02d}": text for at in range(120)},
    )  # fmt: skip

    accepted(verb_forms.verb_form(verb, launch, offered))


def test_a_form_with_nothing_to_choose_from_says_so_instead():
    nothing = verb_forms.Offered(title="t", today=NOW.date())

    lacking = {verb for verb in Verb if verb_forms.nothing_to_choose(verb, nothing)}

    assert lacking == {Verb.WAIVE, Verb.OVERRIDE, Verb.DELEGATE, Verb.UNDELEGATE, Verb.TIER}


@pytest.mark.parametrize("text", NASTY)
def test_the_forms_of_launches_take_what_was_typed_before(text):
    typed = launch_forms.Typed(
        title=text, due_on=NOW.date(), parts=dict.fromkeys(PARTS, text), risks=frozenset({"generative"})
    )

    accepted(launch_forms.launch_form(("fraud-detection", text), typed, trouble=text))
    accepted(launch_forms.revision_form("fraud-detection-1", typed, trouble=text))


def test_the_form_asks_for_every_part_and_every_risk():
    shown = launch_forms.launch_form(("p", "Product"), launch_forms.Typed())

    blocks = {block.get("block_id"): block for block in shown["blocks"]}
    assert set(PARTS) <= set(blocks)
    options = blocks["risks"]["element"]["options"]
    assert [each["value"] for each in options] == [question.value for question in RiskQuestion]
    assert all("description" in each for each in options)


# --- the review ---


def sheet(
    count, *, text="Is it in order?\nBecause people rely on it.\nPasses: It took 4 minutes.", lacking=()
):
    every = tuple(intent for intent in Intent if intent is not Intent.TAKE_BACK)
    shown = [items.Shown(id=f"LR-{at:02d}", text=text, choices=every, lacking=lacking) for at in range(count)]
    return items.Sheet(
        showing="s" * 64, launch="fraud-detection-1", title="Ranker", role=Role.RAI, items=shown
    )


@pytest.mark.parametrize("count", [1, 2, 10, 11, 20, 40, 100])
def test_long_lists_are_split_into_pages_that_slack_takes_and_lose_no_item(count):
    seen, left = [], sheet(count, lacking=(RECORD, replace(RECORD, name="other")))

    while left.items:
        view = items.review_form(left)
        accepted(view)
        assert len(view["blocks"]) <= 100
        fits = items.first_page(left.items)
        seen += [each.id for each in left.items[:fits]]
        named = carried(view["private_metadata"])["left"]
        assert named == ",".join(each.id for each in left.items[fits:])
        left = replace(left, items=left.items[fits:])

    assert seen == [f"LR-{at:02d}" for at in range(count)]


@pytest.mark.parametrize("text", NASTY)
def test_every_review_is_taken_by_slack(text):
    shown = sheet(3, text=f"{text}\n{text}\n{text}")

    accepted(items.review_form(replace(shown, title=text, note=text)))


def test_the_review_shows_every_stored_word():
    text = (
        "Is it in order?\nBecause people rely on it.\nPasses: It took 4 of 5 minutes. https://example.com/run"
    )

    said = accepted(items.review_form(sheet(1, text=text)))

    for line in text.split("\n"):
        assert line in said


@pytest.mark.parametrize(
    "spec_", [each for each in checklists() if each.requirements], ids=lambda each: each.id
)
def test_all_evidence_that_people_give_has_a_form(spec_):
    for requirement in spec_.requirements:
        if requirement.kind is not EvidenceKind.READING:
            wanted = items.Wanted(
                launch="fraud-detection-1", item=spec_.id, requirement=requirement, role="ml", parts=PARTS
            )
            accepted(items.evidence_form(wanted))


@pytest.mark.parametrize(
    ("unit", "limit", "told"),
    [
        (RecordUnit.MINUTES, "5", "at most 5 minutes"),
        (RecordUnit.SHARE, "0.0050", "at most 0.5 %"),
        (RecordUnit.COUNT, "0", "at most 0,"),
        (RecordUnit.DAYS, "180", "at most 180 days"),
    ],
)
def test_the_form_says_with_what_evidence_passes(unit, limit, told):
    asked = replace(RECORD, unit=unit, at_most=Decimal(limit))
    wanted = items.Wanted(launch="fraud-detection-1", item="LR-10", requirement=asked, role="sre")

    assert f"It passes with {told}" in accepted(items.evidence_form(wanted))


# --- lists ---


def waits(**more):
    kept = {
        "launch": "fraud-detection-1", "title": "Ranker", "product": "Fraud detection", "state": State.OPEN,
        "waits_for": {Role.ML: 2}, "deadline": NOW, "link": "https://acme.slack.com/archives/C1/p1",
    }  # fmt: skip
    return Waits(**{**kept, **more})


@pytest.mark.parametrize("text", NASTY)
def test_lists_of_launches_are_taken_by_slack(text):
    many = [waits(title=text, product=text) for _ in range(40)]

    said = taken(reviews.waiting(Lists(mine=many, others=many), command="/muster"))

    assert re.search(r"and 3\d more", said)


def test_one_waits_for_nobody_where_a_launch_is_approved():
    said = taken(
        reviews.waiting(Lists(others=[waits(state=State.APPROVED, waits_for={})]), command="/muster")
    )

    assert "approved: it may go out" in said
    assert "Nothing waits for you." in said


def test_nothing_to_do_is_said_in_one_line():
    assert "Nothing waits for you, and you wait for nothing." in taken(
        reviews.waiting(Lists(), command="/muster")
    )
    assert reviews.home_blocks(Lists()) == []


# --- why ---


def test_why_says_that_nothing_is_missing():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.SIGN))
    gate = gate_of(launch)

    said = taken(reviews.why(launch, gate, smallest(launch, [], NOW), about()))

    assert launch.state is State.APPROVED
    assert "Nothing is missing: it may go out." in said


def test_why_says_where_a_launch_stands_that_is_over():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.SIGN))
    owner = holder(Role.ML, owner=True)
    launch = after(
        launch, uses.use(launch, owner, launch.revision.manifest.digest, findings=[], now=NOW), NOW
    )
    gate = gate_of(launch)

    assert "It has already gone out" in taken(reviews.why(launch, gate, smallest(launch, [], NOW), about()))


def test_why_calls_no_objection_overridden_that_still_stands():
    launch = opened([spec(1)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.OBJECT))
    gate = gate_of(launch)

    said = taken(reviews.why(launch, gate, smallest(launch, [], NOW), about()))

    assert "ml-0 objects." in said
    assert "overridden and" not in said


def test_the_thread_names_as_many_items_as_anybody_reads():
    specs = [spec(number) for number in range(30)]
    launch = opened(specs)
    said = [
        Choice(item=each.id, intent=Intent.SIGN, revision=1, digest=launch.revision.items[each.id].digest, showing="s")
        for each in specs
    ]  # fmt: skip
    drafts = signing.cast(launch, holder(Role.ML), said, found={}, now=NOW).drafts
    events = chain(begin("T1"), drafts, NOW)

    said = taken(
        decisions.thread(decisions.news(list(reversed(events))), about(), tuple(launch.revision.items))
    )

    assert "ml-0 signed 30 items (LR-00, LR-01, LR-02, LR-03 and 26 more)." in said


def test_what_could_not_be_looked_at_is_one_line_however_many_items_it_is():
    specs = [spec(number, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,)) for number in range(12)]
    launch = opened(specs, found=[finding(each.id, passed=True) for each in specs])
    gate, missing = gate_of(launch), smallest(launch, [], NOW)

    why = taken(reviews.why(launch, gate, missing, about()))
    typed = gates.lines(gates.body(launch, gate, missing, at=NOW, asked=None))

    assert why.count("could not be looked at") == 1
    assert "*LR-00, LR-01, LR-02, LR-03 and 8 more* The evidence could not be looked at" in why
    [line] = [each for each in typed if "could not be looked at" in each]
    assert line == (
        "- The evidence of 12 items (LR-00, LR-01, LR-02, LR-03, LR-04, LR-05, LR-06, LR-07 and 4 more) could not be"
        " looked at; see that their product stands in muster.yaml."
    )


def test_what_took_an_approval_away_is_written_item_by_item():
    specs = [spec(number, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,)) for number in range(3)]
    launch = opened(specs, found=[finding(each.id, passed=True) for each in specs])
    approved = replace(launch, revisions=(replace(launch.revision, state=State.APPROVED),))

    [reopened] = followed(approved, (), [], NOW)

    assert reopened.payload["why"] == [
        {"code": "unknown", "item": "LR-00"},
        {"code": "unknown", "item": "LR-01"},
        {"code": "unknown", "item": "LR-02"},
    ]


def test_a_card_names_everybody_whom_it_speaks_of():
    launch = opened([spec(0)])
    (rejected,) = endings.reject(launch, replace(holder(Role.LEG), pid="leo"), text="t", now=NOW)

    assert "leo" in launches.named_in(after(launch, [rejected], NOW))


def test_why_keeps_a_line_for_signatures_beside_much_evidence():
    specs = [spec(number, check=CheckKind.AUTO_AND_SIGN, requirements=(RECORD,)) for number in range(9)]
    found = [finding(each.id, passed=False) for each in specs]
    launch = opened(specs, found=found)
    gate = gate_of(launch, found)

    said = taken(reviews.why(launch, gate, smallest(launch, found, NOW), about()))

    assert "One person of data science signs LR-00, LR-01, LR-02, LR-03, LR-04 and 4 more." in said
    assert "and 5 more" in said


# --- differences ---


def test_what_changed_since_somebody_signed_is_one_sentence():
    launch = opened([spec(1), spec(2, Role.RAI)])
    launch = says(launch, holder(Role.ML), ("LR-01", Intent.SIGN))
    asked = Submission(
        manifest=pinned({**PARTS, "model": "other"}), answers=frozenset(), policy=Policy(),
        specs=(spec(1, words="Is it really in order?"), spec(2, Role.RAI)),
        members={**EVERY_ROLE, Role.PM: frozenset({"pia", "pm-1"})},
    )  # fmt: skip
    launch = after(launch, submit(launch, asked, PIA, NOW), NOW)
    changed = since(launch.revision, "ml-0", "LR-01")

    said = differences.since_then(changed, launch.revision.items["LR-01"].spec)

    assert said == (
        "Since you signed this on 23 November, the question changed; it was “Is it in order?” and the model changed"
        " from ranker to other."
    )


def test_other_answers_to_the_risk_questions_are_told_by_their_questions():
    asked = replace(spec(1), rests_on=frozenset({"answers", "tier"}))
    launch = says(opened([asked]), holder(Role.ML), ("LR-01", Intent.SIGN))
    submission = Submission(
        manifest=pinned(PARTS), answers=frozenset({RiskQuestion.ALLOCATION}), policy=Policy(), specs=(asked,),
        members={**EVERY_ROLE, Role.PM: frozenset({"pia", "pm-1"})},
    )  # fmt: skip
    launch = after(launch, submit(launch, submission, PIA, NOW), NOW)

    said = differences.since_then(since(launch.revision, "ml-0", "LR-01"), asked)

    assert said == (
        "Since you signed this on 23 November, “Does it help to decide who gets a chance or money?” is answered yes now"
        " and the tier changed from low to high."
    )


def test_who_signs_is_shown_all_that_the_signature_is_bound_to():
    listing = Requirement(
        name="risk", kind=EvidenceKind.DOCUMENT, words="the statement", states=("open_waivers",)
    )
    accepted = replace(spec(2), rests_on=frozenset({"answers", "tier"}), requirements=(listing,))
    plain = replace(spec(1), klass=ItemClass.WAIVABLE)
    found = Finding(
        item="LR-02",
        requirement="risk",
        kind=EvidenceKind.DOCUMENT,
        digest="d",
        passed=True,
        why="It is there.",
        statement="",
        measured_at=NOW,
    )
    launch = opened([plain, accepted], answers=frozenset({RiskQuestion.PERSONAL_DATA}), found=[found])
    item = launch.revision.items["LR-02"]
    assert differences.beside(item, launch.revision) == [
        "Answered with yes: “Does it use data about people?”", "The tier is medium.", "Nothing is waived.",
    ]  # fmt: skip
    assert differences.beside(launch.revision.items["LR-01"], launch.revision) == []

    asked = WaiverAsked(
        item="LR-01", digest=launch.revision.items["LR-01"].digest, owner="p", reason="t", metric="recall",
        until=NOW + timedelta(days=9),
    )  # fmt: skip
    launch = after(launch, exceptions.waive(launch, holder(Role.RAI), asked, findings=[], now=NOW), NOW)

    assert differences.beside(launch.revision.items["LR-02"], launch.revision)[-1] == (
        "LR-01 is waived until 2 December 2026; watched meanwhile: recall."
    )


# --- lines of the thread ---


def test_a_self_approved_signature_is_possible_and_the_card_is_still_taken():
    policy = Policy(self_approval=SelfApproval.ALLOW_MARKED)
    launch = opened([spec(1, Role.PM)], policy=policy)
    launch = says(launch, PIA, ("LR-01", Intent.SIGN))

    taken(launches.card(launch, gate_of(launch), about()))


def test_a_waived_item_is_named_with_its_state():
    launch = opened([spec(1), spec(2, Role.RAI)])
    asked = WaiverAsked(
        item="LR-01", digest=launch.revision.items["LR-01"].digest, owner="ml-0", reason="t", metric="recall",
        until=NOW + timedelta(days=9),
    )  # fmt: skip
    launch = after(launch, exceptions.waive(launch, holder(Role.RAI), asked, findings=[], now=NOW), NOW)

    assert "Waived for a while: LR-01" in taken(launches.role_message(launch, Role.ML, gate_of(launch)))
    assert by_item([]) == {}


@pytest.mark.parametrize("text", NASTY)
def test_who_asked_is_told_in_words_that_ping_nobody(text):
    launch = opened([spec(1)])

    said = decisions.moved(launch, about(text=text))

    assert not re.search(r"<!|<@|<http", said)
