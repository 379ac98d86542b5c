"""Launches against a naive model: whatever people, clocks and evidence do, both say the same.

Of the invariants of approvals the machine holds 1 to 6, 8, 12, 14 to 17, 19 and 21; the rest, and what a machine with
one store cannot try, stands where it is done:

    2   requesters, also by delegates and other accounts     test_launches, test_launch_actions, test_erasures
    7   other rules hold after a rebase only                 test_launch_decisions, test_launch_actions
    8   races of clicks, deadlines and uses                  test_launch_races
    9   the same payload, click or tick again adds nothing   test_launch_races, test_items_signed, test_outbox
    10  every prefix rebuilds, and kills lose nothing        test_launch_actions, test_store_kills, test_reviews
    11  what is unknown does not count                       test_evidence, test_people, test_gates
    12  edits, gaps and cuts of the chain are found          test_ledger, test_store_ledger, test_verifier
    13  a check overrules no person, and signs for none      test_items
    16  an emergency ends though nothing ran                 test_gates, test_launch_decisions
    18  card, gate, API and certificate give one answer      here and test_agreement
    20  erased names and words leave every hash valid        test_store_ledger, test_erasures
    22  one clock, also one that goes back                   test_launch_decisions, test_evidence
"""

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from schema.emergencies import Emergency, break_glass, review_bypass
from schema.endings import reject, revoke, withdraw
from schema.gates import answer, may_wait
from schema.histories import apply, fold
from schema.items import SETTLED, by_item
from schema.launches import State
from schema.ledger import event_hash
from schema.policies import Policy
from schema.shortest import smallest
from schema.tallies import tallies
from schema.uses import use
from tests.launch_answers import all_four, differences
from tests.launch_reference import (
    ENDED,
)
from tests.launch_sayings import Sayings
from tests.launch_world import (
    ANSWERS,
    CODES,
    DECIDER,
    GUEST,
    ITEM,
    LIKELY,
    MODELS,
    PEOPLE,
    SLOT,
    WHO,
    manifest_of,
)

EXAMPLES = int(os.environ.get("MUSTER_INVARIANT_EXAMPLES", "200"))  # the bench asks for more
STEPS = 50


class Launches(Sayings):
    """Two launches, eight people, one clock and one chain."""

    @rule(
        number=SLOT,
        pid=WHO,
        how=st.sampled_from(("reject", "withdraw", "revoke")),
        text=st.sampled_from(("", "", "t6")),
    )
    def end_it(self, *, number, pid, how, text):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model = slot.model
        who, launch = self.who(pid), slot.launch
        from_states = {
            "reject": ("open",),
            "withdraw": ("checking", "open", "approved"),
            "revoke": ("approved", "launched"),
        }
        right = self.may(pid, how, model.tier) or (
            how == "withdraw" and pid == slot.requester and pid != GUEST
        )
        late = how == "reject" and model.overdue(self.now)
        expected = right and model.state in from_states[how] and not late and bool(text or how == "withdraw")
        acts = {
            "reject": lambda: reject(launch, who, text=text, now=self.now),
            "withdraw": lambda: withdraw(launch, who, policy=Policy(), text=text or None),
            "revoke": lambda: revoke(launch, who, text=text),
        }
        if self.decide(slot, expected, acts[how]):
            model.state = {"reject": "rejected", "withdraw": "withdrawn", "revoke": "revoked"}[how]

    @rule(
        number=SLOT,
        item=ITEM,
        answers=st.sampled_from(ANSWERS),
        how=st.sampled_from(("withdraw", "withdraw", "reject", "bypass")),
        then=st.sampled_from(("give_way", "override", "sign")),
        order=st.permutations(PEOPLE),
    )
    def it_is_objected_to_and_asked_anew(self, *, number, item, answers, how, then, order):
        self.everything_is_well(number=number)
        self.a_signer_speaks(number=number, item=item, intent="object")
        if how == "bypass":
            self.break_the_glass(number=number, pid="p6", hours=2, incident="INC-1")
        else:
            pid = self.slots[number].requester if how == "withdraw" else "p3"
            self.end_it(number=number, pid=pid, how=how, text="t6")
        self.open_again(number=number, answers=answers, code=CODES[0], model=MODELS[0], looked_at=True)
        if then == "give_way":
            self.everyone_gives_way(number=number)
        elif then == "override":
            self.override_an_objection(number=number, pid="p6", text="t4")
        self.everyone_signs(number=number, order=order)

    @rule(
        number=SLOT,
        pid=DECIDER,
        hours=st.sampled_from((2, 24, 0, 25)),
        incident=st.sampled_from(("INC-1", "INC-2", "")),
    )
    def break_the_glass(self, *, number, pid, hours, incident):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model = slot.model
        expected = self.may(pid, "break_glass", model.tier) and model.state in ("checking", "open") and not model.overdue(self.now) and model.screened(self.now) and not any(word.intent == "object" for word in model.last_by("ETH-01").values()) and 1 <= hours <= 24 and bool(incident)  # fmt: skip
        waiting = [past.id for past in slot.past if past.state is State.BYPASSED]
        expected = expected and not any(past.state == "bypassed" for past in slot.past_models)
        emergency = Emergency(reason="t7", incident=incident, hours=hours)
        if self.decide(
            slot,
            expected,
            lambda: break_glass(slot.launch, self.who(pid), emergency, self.now, unreviewed=waiting),
        ):
            model.state, model.bypass, model.reviews = (
                "bypassed",
                (pid, self.now + timedelta(hours=hours)),
                set(),
            )

    @rule(number=SLOT, pid=DECIDER)
    def look_at_the_bypass(self, *, number, pid):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model = slot.model
        expected = self.may(pid, "review", model.tier) and model.state == "bypassed" and pid not in (model.bypass[0], slot.requester)  # fmt: skip
        if self.decide(slot, expected, lambda: review_bypass(slot.launch, self.who(pid), text="t8")):
            model.reviews.add(pid)
            model.state = "closed" if len(model.reviews) == 2 else "bypassed"

    @rule(
        number=SLOT,
        by=st.sampled_from(("release", "p1", "p2")),
        code=st.sampled_from(CODES),
        same=LIKELY,
        accept=st.booleans(),
    )
    def go_out(self, *, number, by, code, same, accept):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model, launch = slot.model, slot.launch
        digest = (
            launch.revision.manifest.digest if same else manifest_of({**model.manifest, "code": code}).digest
        )
        right_one = digest == manifest_of(model.manifest).digest
        live = model.state == "bypassed" and self.now < model.bypass[1] and accept
        if model.used:
            expected = model.state != "revoked" and digest == model.used[0] and (live or not model.used[1])
        else:
            expected = right_one and (live or model.open(slot.world, self.now))
        expected = expected and (by == "release" or self.may(by, "use", model.tier))
        first = self.decide(
            slot,
            expected,
            lambda: use(
                launch,
                by if by == "release" else self.who(by),
                digest,
                findings=slot.findings(),
                now=self.now,
                accept_bypass=accept,
            ),
        )
        assert first is (expected and not model.used)
        if first:
            model.used = (digest, model.state == "bypassed", self.now)
            model.state = "bypassed" if model.state == "bypassed" else "launched"

    @rule(number=SLOT, order=st.permutations(PEOPLE))
    def all_goes_well_and_it_goes_out(self, *, number, order):
        self.all_goes_well(number=number, order=order)
        self.go_out(number=number, by="release", code=CODES[0], same=True, accept=False)

    @rule(number=SLOT, used=st.booleans(), hours=st.sampled_from((1, 2, 25)), back=st.booleans())
    def an_emergency_passes(self, *, number, used, hours, back):
        self.break_the_glass(number=number, pid="p6", hours=2, incident="INC-1")
        if used:
            self.go_out(number=number, by="release", code=CODES[0], same=True, accept=True)
        self.time_passes(hours=hours)
        self.clock(self.slots[number])
        if back:
            self.time_passes(hours=-1)
        self.go_out(number=number, by="release", code=CODES[0], same=True, accept=True)

    @rule(number=SLOT)
    def two_people_look_at_the_bypass(self, *, number):
        for pid in ("p3", "p3", "p6", "p5"):
            self.look_at_the_bypass(number=number, pid=pid)

    # --- what always holds ---

    @invariant()
    def both_say_the_same(self):
        for slot in getattr(self, "slots", ()):
            now = (self.now, slot.launch.seq if slot.launch else 0, tuple(slot.world.items()))
            if slot.launch is not None and slot.compared != now:
                slot.compared = now
                self.agree(slot)
                self.turned(slot)

    def agree(self, slot):
        launch, model = slot.launch, slot.model
        found = by_item(slot.findings())
        standing = tallies(launch, found, self.now)
        gate = answer(launch, slot.findings(), self.now)
        assert launch.state == model.state
        assert (gate.open is True) is model.open(slot.world, self.now)
        assert gate.open is not None or model.state == "approved"
        assert gate.open is True or gate.reasons
        assert gate.state is not State.BYPASSED or gate.open is False
        asked = {item for items in gate.waits_for.values() for item in items}
        assert all(may_wait(launch, item, found, self.now) for item in asked)
        missing = smallest(launch, slot.findings(), self.now)
        views = all_four(launch, gate, missing, events=slot.events, found=found, at=self.now)
        differing = differences(views)
        assert not differing, differing
        named = {item for seats in model.rules.different for item, _ in seats}
        for ask in model.items():
            self.remember(slot, ask.id)
            if ask.id not in named:
                assert (standing[ask.id].state in SETTLED) is model.settled(ask.id, slot.world, self.now)
            self.distinct(slot, standing[ask.id])
        assert {ask.id for ask in model.items()} == set(launch.revision.items)
        if model.state == "open" and not model.overdue(self.now) and model.screened(self.now):
            assert not (
                smallest(launch, slot.findings(), self.now).nothing
                and not model.complete(slot.world, self.now)
            )

    def remember(self, slot, item):
        """Hold digests to contents, both ways."""
        digest, content = slot.launch.revision.items[item].digest, slot.model.content(item)
        assert slot.contents.setdefault(digest, content) == content
        assert slot.contents.setdefault((item, content), digest) == digest
        seen = slot.seen.setdefault(item, [])
        if not seen or seen[-1] != (slot.model.n, digest, content):
            seen.append((slot.model.n, digest, content))

    def distinct(self, slot, tally):
        """Nobody sits twice, and the requester only where it is allowed and marked."""
        people = [pid for seat in tally.seats if seat.vote for pid in seat.vote.people]
        if not tally.unseparated:
            assert len(people) == len(set(people))
        own = slot.requester in people
        assert own is tally.self_approved
        assert not own or slot.model.rules.self_allowed or tally.item.id in slot.model.lone

    def turned(self, slot):
        """The order of people changes nothing."""
        revision = slot.launch.revision
        voices = {item: dict(reversed(voices.items())) for item, voices in revision.voices.items()}
        other = replace(
            slot.launch, revisions=(*slot.launch.revisions[:-1], replace(revision, voices=voices))
        )
        found = by_item(slot.findings())
        one, two = tallies(slot.launch, found, self.now), tallies(other, found, self.now)
        assert [each.state for each in one.values()] == [each.state for each in two.values()]

    def teardown(self):
        """Read the chain again from its first event: every prefix gives what was there then."""
        if not getattr(self, "everything", None):
            return
        assert [event.seq for event in self.everything] == list(range(1, len(self.everything) + 1))
        assert all(event.hash == event_hash(event) for event in self.everything)
        for slot in self.slots:
            if slot.launch is not None:
                assert fold(slot.events) == slot.launch
                assert (
                    fold(event for event in self.everything if event.launch == slot.launch.id) == slot.launch
                )
                self.ended_once(slot)

    def ended_once(self, slot):
        """What ended stays ended: nothing moves it, and no revision ends twice."""
        launch = None
        for event in slot.events:
            before = launch
            launch = apply(launch, event)
            if before is not None and before.state in ENDED and event.kind != "submitted":
                assert launch.state is before.state
            for old, new in zip(before.revisions[:-1] if before else (), launch.revisions, strict=False):
                assert old == new


Launches.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLaunchesAgainstTheModel = Launches.TestCase
