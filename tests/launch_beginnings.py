"""Rules of the machine by which launches begin, evidence changes and time passes."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from schema.attempts import Declined
from schema.earlier import unsettled
from schema.histories import apply
from schema.ledger import begin, chain, grown
from schema.openings import Opening, Submission, open_launch, rebase, submit
from schema.policies import Standing
from schema.products import Role
from schema.risks import RiskQuestion
from schema.ticks import tick
from tests.launch_reference import (
    ENDED,
    RANK,
    Model,
    business_days_later,
    tier_from,
)
from tests.launch_world import (
    ANSWERS,
    ASKS,
    BASE,
    CODES,
    GUEST,
    LIKELY,
    MODELS,
    NEED,
    PEOPLE,
    ROLES,
    RULES,
    SLOT,
    START,
    WHO,
    Slot,
    manifest_of,
    policy_of,
    spec_of,
)


def outcome_of(act):
    """What a decision gives, or why it was refused."""
    try:
        return act(), None
    except Declined as refused:
        return (), str(refused)


def assert_plain(words):
    """A refusal is a sentence that a person may read."""
    assert words[0].isupper()
    assert words.endswith(".")
    assert "!" not in words


class Beginnings(RuleBasedStateMachine):
    """Two launches, eight people, one clock and one chain."""

    @initialize(
        rules=RULES,
        more=st.lists(st.tuples(WHO, st.sampled_from(ROLES)), max_size=6),
        answers=st.sampled_from(ANSWERS),
    )
    def begin(self, *, rules, more, answers):
        self.now, self.head, self.rules = START, begin("T1"), rules
        self.held = {pid: set(roles) for pid, roles in BASE.items()}
        for pid, role in more:
            self.held[pid].add(role)
        self.delegations, self.everything, self.wording = [], [], 0
        self.slots = [Slot(0, "p0"), Slot(1, "p1")]
        for slot in self.slots:
            slot.world = {(ask.id, need): ("d0", True) for ask in ASKS for need in ask.needs}
            self.open(slot, answers, CODES[0], MODELS[0])
            self.clock(slot)

    # --- helpers ---

    def who(self, pid):
        barred = "You are a guest here; ask a colleague." if pid == GUEST else None
        roles = frozenset(Role(role) for role in self.held[pid])
        return Standing(pid=pid, roles=roles, owner=pid == "p1", admin=pid == "p4", barred=barred)

    def may(self, pid, right, tier):
        named = {"waive": {"rai"} | ({"exec"} if tier == "high" else set()), "override": {"exec"}, "reject": {"leg", "rai"}, "revoke": {"rai", "exec", "owner"}, "break_glass": {"exec", "sre"}, "request": {"pm", "ml", "eng"}, "rebase": {"owner", "admins"}, "withdraw": {"admins"}, "use": {"owner"}, "review": set(ROLES), "raise": set(ROLES), "lower": {"rai"}}  # fmt: skip
        mine = (
            set(self.held[pid])
            | ({"owner"} if pid == "p1" else set())
            | ({"admins"} if pid == "p4" else set())
        )
        return pid != GUEST and bool(mine & named[right])

    def members(self):
        return {
            role: frozenset(pid for pid in PEOPLE if pid != GUEST and role in self.held[pid])
            for role in ROLES
        }

    def asks(self):
        return {ask.id: replace(ask, wording=self.wording if ask.id == "LR-16" else 0) for ask in ASKS}

    def submission(self, answers, code, model, tier=None):
        parts = {"code": code, "model": model, "data": "d@2026-10-01"}
        return parts, Submission(
            manifest=manifest_of(parts),
            answers=frozenset(RiskQuestion(each) for each in answers),
            specs=tuple(spec_of(ask) for ask in self.asks().values()),
            policy=policy_of(self.rules),
            members={Role(role): pids for role, pids in self.members().items()},
            tier=tier,
        )

    def decide(self, slot, expected, act):
        """Do something in the real rules; it is refused exactly when the model says so."""
        drafts, refused = outcome_of(act)
        assert (refused is None) is expected, refused or [draft.kind for draft in drafts]
        if refused is not None:
            assert_plain(refused)
            return False
        events = chain(self.head, drafts, self.now)
        self.head = grown(self.head, events)
        self.everything += events
        self.recent = events
        for event in events:
            if slot is not None:
                slot.launch = apply(slot.launch, event)
                slot.events.append(event)
        return bool(drafts)

    def alive(self, slot):
        return slot.launch is not None

    def seat_plan(self, slot, answers, tier, under=None):
        """Whether every seat can be filled, and the items that a small team signs alone; under today's rules or a launch's."""
        rules, asks = (under.rules, under.asks) if under else (self.rules, self.asks())
        asked = [ask for ask in asks.values() if ask.asked(tier, answers)]
        members = self.members()
        bad, impossible = Model.unfillable(asked, members, slot.requester, rules)
        nobody = bad and any(
            not members[role] - ({slot.requester} if ask.never_own else set())
            for ask in asked
            if ask.id in bad
            for role in ask.seats
        )
        return (not impossible) or (rules.small_team and not nobody), frozenset(bad or ())

    # --- beginnings ---

    def open(self, slot, answers, code, model):
        slot.opened += 1
        earlier = unsettled(reversed(slot.past))
        left = Model.left_behind(slot.past_models)
        assert [each.vote.seq for each in earlier] == [word.order for word in left]
        slot.launch, slot.events, slot.seen, slot.contents = None, [], {}, {}
        parts, submission = self.submission(answers, code, model)
        fits, lone = self.seat_plan(slot, answers, tier_from(answers))
        opening = Opening(id=f"L{slot.number}-{slot.opened}", product=f"product-{slot.number}", title="t0")
        expected = fits and self.may(slot.requester, "request", "low")
        self.decide(
            slot,
            expected,
            lambda: open_launch(opening, submission, self.who(slot.requester), self.now, earlier=earlier),
        )
        slot.model = Model(requester=slot.requester, said=left)
        if expected:
            self.submitted(slot, parts, answers, tier=tier_from(answers), lone=lone)

    def submitted(self, slot, parts, answers, *, tier, lone):
        model = slot.model
        model.state, model.n = "checking", model.n + 1
        model.manifest, model.answers, model.tier = parts, answers, tier
        model.rules, model.asks, model.lone = self.rules, self.asks(), lone
        model.evidence, model.used, model.bypass = {}, None, None
        model.deadline = business_days_later(self.now, self.rules.deadline_days)

    @rule(
        number=SLOT,
        answers=st.sampled_from(ANSWERS),
        code=st.sampled_from(CODES),
        model=st.sampled_from(MODELS),
        looked_at=LIKELY,
    )
    def open_again(self, *, number, answers, code, model, looked_at):
        slot = self.slots[number]
        if not self.alive(slot) or slot.model.state in ENDED | {"launched", "bypassed"}:
            if self.alive(slot):
                slot.past.append(slot.launch)
                slot.past_models.append(slot.model)
            self.open(slot, answers, code, model)
            if looked_at:
                self.clock(slot)

    @rule(
        number=SLOT,
        pid=WHO,
        answers=st.sampled_from(ANSWERS),
        code=st.sampled_from(CODES),
        model=st.sampled_from(MODELS),
        by_requester=LIKELY,
        looked_at=LIKELY,
    )
    def submit_again(self, *, number, pid, answers, code, model, by_requester, looked_at):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        pid = slot.requester if by_requester else pid
        parts, submission = self.submission(answers, code, model)
        tier = max(tier_from(answers), slot.model.raised, key=RANK.get)
        fits, lone = self.seat_plan(slot, answers, tier)
        in_work = slot.model.state in ("checking", "open", "approved") and not slot.model.overdue(self.now)
        expected = pid == slot.requester and fits and in_work and self.may(pid, "request", "low")
        if self.decide(slot, expected, lambda: submit(slot.launch, submission, self.who(pid), self.now)):
            self.submitted(slot, parts, answers, tier=tier, lone=lone)
            if looked_at:
                self.clock(slot)

    @rule(number=SLOT, pid=WHO, rules=RULES, wording=st.integers(0, 1))
    def change_the_rules_and_rebase(self, *, number, pid, rules, wording):
        slot = self.slots[number]
        self.rules, self.wording = rules, wording
        if not self.alive(slot):
            return
        model = slot.model
        _, submission = self.submission(model.answers, CODES[0], MODELS[0])
        fits, lone = self.seat_plan(slot, model.answers, model.tier)
        in_work = model.state in ("checking", "open", "approved") and not model.overdue(self.now)
        expected = fits and in_work and self.may(pid, "rebase", model.tier)
        if self.decide(slot, expected, lambda: rebase(slot.launch, submission, self.who(pid), self.now)):
            model.rules, model.asks, model.lone, model.state = rules, self.asks(), lone, "checking"
            model.evidence = {}
            model.deadline = business_days_later(self.now, rules.deadline_days)

    # --- the world ---

    @rule(
        number=SLOT,
        need=NEED,
        digest=st.sampled_from(("d0", "d1", "")),
        passed=st.booleans(),
        gone=st.sampled_from((False, False, True)),
    )
    def measure(self, *, number, need, digest, passed, gone):
        world = self.slots[number].world
        if gone:
            world.pop(need, None)
        else:
            world[need] = (digest, passed and digest != "")

    @rule(number=SLOT)
    def everything_is_well(self, *, number):
        self.slots[number].world = {(ask.id, need): ("d2", True) for ask in ASKS for need in ask.needs}
        self.clock(self.slots[number])

    @rule(hours=st.sampled_from((1, 1, 25, 25, 24 * 6, 24 * 31, -3)))  # a clock that was ahead is put right
    def time_passes(self, *, hours):
        self.now += timedelta(hours=hours)

    @rule(pid=WHO, role=st.sampled_from(ROLES))
    def a_role_moves(self, *, pid, role):
        self.held[pid] ^= {role}

    @rule(number=SLOT)
    def run_clock(self, *, number):
        self.clock(self.slots[number])

    def clock(self, slot):
        """Let the clock write what is due; the same moment again adds nothing."""
        if not self.alive(slot):
            return
        self.decide(slot, True, lambda: tick(slot.launch, slot.findings(), self.now))
        slot.model.tick(slot.world, self.now)
        assert tick(slot.launch, slot.findings(), self.now) == ()
