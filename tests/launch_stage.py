"""One launch on a small stage: people by their role, and every decision written to a chain."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schema.attempts import Declined
from schema.checklists import CheckKind, EvidenceKind, ItemClass, ItemSpec, Requirement, Review
from schema.evidence import Finding
from schema.gates import answer
from schema.histories import apply
from schema.items import by_item
from schema.ledger import begin, chain, grown
from schema.manifests import pinned
from schema.openings import Opening, Submission, open_launch, submit
from schema.policies import Policy, Standing
from schema.products import Role
from schema.risks import RiskQuestion
from schema.signing import Choice, cast
from schema.ticks import tick
from schema.votes import Intent

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday
PARTS = {"code": "3f9c2e1", "model": "scorer", "model_version": "7", "prompt": "none", "configuration": "v2.1.0", "data": "train@2026-10-01"}  # fmt: skip
MANIFEST = pinned(PARTS)
REQUESTER = Standing(pid="pia", roles=frozenset({Role.PM}))
RECALL = Requirement(
    name="recall", kind=EvidenceKind.READING, words="recall", metric="recall", at_least=Decimal("0.9")
)


def person(pid, *roles, **edits):
    return Standing(pid=pid, roles=frozenset(roles), **edits)


LEA, RAY, MEL, SAM, EVE = (
    person("lea", Role.LEG),
    person("ray", Role.RAI),
    person("mel", Role.ML),
    person("sam", Role.SRE),
    person("eve", Role.EXEC),
)
MEMBERS = {role: frozenset({who.pid}) for who in (LEA, RAY, MEL, SAM, EVE) for role in who.roles} | {
    Role.PM: frozenset({"pia", "pat"})
}


def question(name, *seats, **edits):
    plain = {"review": Review.ETHICS, "question": "Is it so?", "why": "It went wrong once.", "klass": ItemClass.HARD, "check": CheckKind.PEOPLE}  # fmt: skip
    return ItemSpec(**{**plain, "id": name, "seats": seats, **edits})


SCREENING = question("ETH-01", Role.LEG, Role.RAI)
TARGET = question(
    "LR-03", Role.ML, check=CheckKind.AUTO_AND_SIGN, klass=ItemClass.WAIVABLE, requirements=(RECALL,), rests_on=frozenset({"model_version"})
)  # fmt: skip
SPEED = question("LR-07", Role.SRE, check=CheckKind.AUTO, requirements=(replace(RECALL, name="p95"),))
DISCLOSED = question("ETH-13", Role.RAI, klass=ItemClass.CONDITIONAL, applies_if=frozenset({RiskQuestion.TALKS_TO_PEOPLE}))  # fmt: skip
QUESTIONS = (SCREENING, TARGET, SPEED, DISCLOSED)


def finding(item="LR-03", requirement="recall", digest="e1", *, passed=True, **edits):
    why = "It reaches the target." if passed else "It finds 82 of 100 where at least 90 were asked."
    plain = {
        "kind": EvidenceKind.READING,
        "why": why,
        "statement": "Of 100 real cases it finds 92.",
        "measured_at": NOW,
    }
    return Finding(
        **{**plain, "item": item, "requirement": requirement, "digest": digest, "passed": passed, **edits}
    )


GOOD = (finding(), finding("LR-07", "p95"))


class Stage:
    """A launch with its clock, evidence and chain."""

    def __init__(self, *, answers=(), policy=None, questions=QUESTIONS, members=MEMBERS, manifest=MANIFEST, who=REQUESTER, checked=True):  # fmt: skip
        self.now, self.findings, self.head, self.launch, self.events = NOW, GOOD, begin("T1"), None, []
        self.submission = Submission(manifest=manifest, answers=frozenset(answers), specs=questions, policy=policy or Policy(), members=members)  # fmt: skip
        opening = Opening(id="L1", product="fraud-detection", title="t-title")
        self.do(open_launch(opening, self.submission, who, self.now))
        if checked:
            self.tick()

    def do(self, drafts):
        events = chain(self.head, drafts, self.now)
        self.head = grown(self.head, events)
        self.events += events
        for event in events:
            self.launch = apply(self.launch, event)
        return [event.kind for event in events]

    def tick(self, *findings):
        self.findings = findings or self.findings
        return self.do(tick(self.launch, self.findings, self.now))

    def pass_time(self, delta):
        self.now += delta

    def choice(self, item, intent=Intent.SIGN, text="t-why"):
        revision = self.launch.revision
        digest = revision.items[item].digest if item in revision.items else ""
        return Choice(item=item, intent=intent, revision=revision.n, digest=digest, showing="s-1", text=text)

    def say(self, who, item, intent=Intent.SIGN, *, text="t-why", acting_for=None):
        return self.cast(who, self.choice(item, intent, text), acting_for=acting_for)

    def cast(self, who, *choices, acting_for=None):
        found = by_item(self.findings)
        course = cast(self.launch, who, choices, found=found, now=self.now, acting_for=acting_for)
        kinds = self.do(course.drafts)
        assert course.then == self.launch
        return kinds

    def resubmit(self, **edits):
        self.submission = replace(self.submission, **edits)
        return self.do(submit(self.launch, self.submission, REQUESTER, self.now))

    def all_sign(self):
        for who, item in ((LEA, "ETH-01"), (RAY, "ETH-01"), (MEL, "LR-03")):
            self.say(who, item)
        return self

    def gate(self, manifest=None):
        return answer(self.launch, self.findings, self.now, manifest)

    def words(self):
        return [reason.words for reason in self.gate().reasons]


def declined(act):
    """Give the code and the sentence with which something is refused."""
    with pytest.raises(Declined) as caught:
        act()
    return caught.value.code, str(caught.value)


def objected():
    """A launch to which somebody objects, and where the objection stands."""
    stage = Stage()
    stage.say(LEA, "ETH-01", Intent.OBJECT)
    return stage, stage.events[-1].seq
