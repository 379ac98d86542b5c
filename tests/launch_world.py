"""People, questions, rules and evidence for launches that are tried against the naive model."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from schema.checklists import CheckKind, EvidenceKind, ItemClass, ItemSpec, Requirement, Review
from schema.evidence import Finding
from schema.manifests import pinned
from schema.policies import Policy, SelfApproval
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from tests.launch_reference import (
    Ask,
    Rules,
)

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PEOPLE = tuple(f"p{number}" for number in range(8))
GUEST = "p7"
ROLES = ("pm", "ml", "leg", "rai", "sre", "exec")
BASE = {"p0": {"pm"}, "p1": {"pm", "ml"}, "p2": {"leg"}, "p3": {"rai"}, "p4": {"ml"}, "p5": {"sre", "leg"}, "p6": {"exec", "ml"}, "p7": {"leg", "exec"}}  # fmt: skip
ASKS = (
    Ask(id="ETH-01", seats=("leg", "rai"), check="people", rests_on=("model",), risk=("answers",)),
    Ask(id="LR-03", seats=("ml", "pm"), check="auto_and_sign", klass="waivable", hard_from="high", needs=("recall",), rests_on=("model", "data")),
    Ask(id="LR-07", seats=("sre",), check="auto", klass="waivable", needs=("p95",)),
    Ask(id="ETH-13", seats=("rai",), check="people", klass="conditional", applies_if=frozenset({"talks_to_people"})),
    Ask(id="ETH-22", seats=("exec",), check="document", applies_from="medium", needs=("risk",), lists_waivers=True, risk=("answers", "tier"), never_own=True),
    Ask(id="LR-16", seats=("ml", "ml"), check="people", rests_on=("code",)),
)  # fmt: skip
ANSWERS = (
    frozenset(),
    frozenset({"talks_to_people"}),
    frozenset({"allocation"}),
    frozenset({"banned_practice"}),
)
DIFFERENT = (
    (),
    (frozenset({("ETH-01", "leg"), ("ETH-22", "exec")}), frozenset({("LR-03", "ml"), ("LR-16", "ml")})),
)
CODES, MODELS = ("abc1234", "abc1235"), ("7", "8")
RULES = st.builds(
    Rules,
    self_allowed=st.booleans(),
    valid_days=st.sampled_from((90, 4)),
    different=st.sampled_from(DIFFERENT),
    depth=st.sampled_from((1, 2)),
) | st.builds(Rules, small_team=st.just(True))
WHO = st.sampled_from(PEOPLE)
DECIDER = st.sampled_from(("p3", "p6", "p5", "p1", "p4", "p2", "p0", "p7"))  # most often refused at the end
LIKELY = st.sampled_from((True, True, True, False))
SLOT = st.sampled_from((0, 1))
ITEM = st.sampled_from([ask.id for ask in ASKS])
NEED = st.sampled_from([(ask.id, need) for ask in ASKS for need in ask.needs])


def spec_of(ask):
    return ItemSpec(
        id=ask.id,
        review=Review.ETHICS,
        question=f"Question {ask.wording}?",
        why="It has gone wrong before.",
        seats=tuple(dict.fromkeys(Role(role) for role in ask.seats)),
        counts={Role(role): ask.seats.count(role) for role in ask.seats},
        klass=ItemClass(ask.klass),
        check=CheckKind(ask.check),
        hard_from=Tier(ask.hard_from) if ask.hard_from else None,
        applies_from=Tier(ask.applies_from),
        applies_if=frozenset(RiskQuestion(each) for each in ask.applies_if),
        requirements=tuple(
            Requirement(
                name=need,
                kind=EvidenceKind.READING,
                words=need,
                states=("open_waivers",) if ask.lists_waivers else (),
            )
            for need in ask.needs
        ),
        rests_on=frozenset((*ask.rests_on, *ask.risk)),
        never_requester=ask.never_own,
    )


def policy_of(rules):
    return Policy(
        self_approval=SelfApproval.ALLOW_MARKED if rules.self_allowed else SelfApproval.FORBID,
        small_team=rules.small_team,
        sign_off_valid_days=rules.valid_days,
        delegation_depth=rules.depth,
        different_people=tuple(
            frozenset((item, Role(role)) for item, role in seats) for seats in rules.different
        ),
    )


def manifest_of(parts):
    return pinned(
        {
            **parts,
            "model_version": parts["model"],
            "model": "fraud",
            "prompt": "none",
            "configuration": "none",
        }
    )


class Slot:
    """One launch at a time, its model, and the world that its evidence lies in."""

    def __init__(self, number, requester):
        self.number, self.requester = number, requester
        self.launch, self.model, self.events, self.opened = None, None, [], 0
        self.past, self.past_models = [], []  # launches that were left, and their models, oldest first
        self.world, self.seen, self.contents, self.compared = {}, {}, {}, None

    def findings(self):
        return [
            Finding(item=item, requirement=need, kind=EvidenceKind.READING, digest=digest, passed=passed, why="It says so.", statement=digest, measured_at=START)
            for (item, need), (digest, passed) in self.world.items()
        ]  # fmt: skip
