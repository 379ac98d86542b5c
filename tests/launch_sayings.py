"""Rules of the machine by which people sign, object, hand over, waive and override."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from schema.attempts import Declined
from schema.delegations import Handover, authorities, delegate, fold_delegations
from schema.exceptions import WaiverAsked, override, waive
from schema.items import by_item
from schema.openings import change_tier
from schema.products import Role
from schema.risks import Tier
from schema.signing import Choice, cast
from schema.votes import Intent
from tests.launch_beginnings import Beginnings
from tests.launch_reference import (
    RANK,
    Said,
    tier_from,
)
from tests.launch_world import ASKS, CODES, DECIDER, GUEST, ITEM, MODELS, PEOPLE, ROLES, SLOT, WHO, policy_of


class Sayings(Beginnings):
    """What people do with a launch that is open."""

    def lent(self, slot, pid, principal):
        """The roles that a principal lends somebody now, by every chain that is short enough."""
        live = [each for each in self.delegations if each[0] == slot.number and each[4] <= self.now < each[5]]
        found = []

        def walk(at, through, roles):
            for _, giver, taker, given, _, _ in live:
                passed = roles & given
                if taker != at or giver in (pid, *through) or giver == GUEST or not passed:
                    continue
                if giver == principal and passed & self.held[giver]:
                    found.append((through, passed & self.held[giver]))
                if len(through) + 1 < slot.model.rules.depth:
                    walk(giver, (giver, *through), passed)

        walk(pid, (), set(ROLES))
        return found

    def authority(self, slot, pid, principal):
        listed = fold_delegations(event for event in self.everything if event.launch == "")
        people = {each: self.who(each) for each in PEOPLE}
        found = [
            each
            for each in authorities(listed, pid, product=f"product-{slot.number}", people=people, depth=slot.model.rules.depth, now=self.now)
            if each.principal == principal
        ]  # fmt: skip
        expected = self.lent(slot, pid, principal)
        assert sorted((each.through, sorted(each.roles)) for each in found) == sorted(
            (t, sorted(r)) for t, r in expected
        )
        return found[0] if found else None

    def say(self, slot, pid, item, intent, *, stale=False, text="t1", principal=None):
        if not self.alive(slot):
            return
        model, launch = slot.model, slot.launch
        acting = self.authority(slot, pid, principal) if principal else None
        seen = slot.seen.get(item) or [(0, "", None)]
        n, digest, content = seen[0] if stale else seen[-1]
        roles = frozenset(self.held[pid]) | (frozenset(acting.roles) if acting else frozenset())
        people = frozenset({pid, *((acting.principal, *acting.through) if acting else ())})
        word = Said(0, self.now, pid, people, acting.principal if acting else None, roles, item, intent, content, slot.requester in people, text)  # fmt: skip
        current = item in {ask.id for ask in model.items()} and (n, content) == (model.n, model.content(item))
        lent = frozenset(acting.roles) if acting else None
        expected = model.may_say(word, barred=pid == GUEST, fresh=current, lent=lent, through=acting.through if acting else (), now=self.now)  # fmt: skip
        if intent == "comment":
            expected = expected and bool(self.held[pid] or pid == "p1")
        again = expected and model.said_already(word, self.now)
        back = model.has_said(pid, item, True) if expected and intent == "take_back" else None
        choice = Choice(item=item, intent=Intent(intent), revision=n, digest=digest, showing="s0", text=text)
        asked = (choice,)
        recorded = self.decide(
            slot,
            expected,
            lambda: (
                cast(
                    launch,
                    self.who(pid),
                    asked,
                    found=by_item(slot.findings()),
                    now=self.now,
                    acting_for=acting,
                ).drafts
            ),
        )
        assert recorded is (expected and not again)
        if recorded:
            word.order = self.recent[0].seq
            word.content = back.content if back else word.content
            model.said.append(word)
            model.settle(slot.world, self.now)

    @rule(
        number=SLOT,
        pid=WHO,
        item=ITEM,
        intent=st.sampled_from([each.value for each in Intent]),
        stale=st.sampled_from((False, False, True)),
        text=st.sampled_from(("t1", "t2")),
    )
    def speak(self, *, number, pid, item, intent, stale, text):
        self.say(self.slots[number], pid, item, intent, stale=stale, text=text)

    @rule(number=SLOT, item=ITEM, intent=st.sampled_from(("sign", "object", "object", "take_back")))
    def a_signer_speaks(self, *, number, item, intent):
        slot = self.slots[number]
        seats = {role for ask in ASKS if ask.id == item for role in ask.seats}
        for pid in [each for each in PEOPLE[:-1] if seats & self.held[each] and each != slot.requester][:1]:
            self.say(slot, pid, item, intent)

    @rule(number=SLOT, pid=WHO, to=WHO, then=WHO, by_requester=st.booleans())
    def hand_over_and_have_it_signed(self, *, number, pid, to, then, by_requester):
        slot = self.slots[number]
        giver = slot.requester if by_requester else pid
        self.hand_over(pid=giver, to=to, number=number, roles=set(self.held[giver]) or {"ml"}, hours=24 * 7)
        self.hand_over(pid=to, to=then, number=number, roles=set(self.held[giver]) or {"ml"}, hours=30)
        for ask in ASKS:
            for signer in (to, then):
                if set(ask.seats) & self.held[giver]:
                    self.say(slot, signer, ask.id, "sign", principal=giver)

    @rule(number=SLOT, order=st.permutations(PEOPLE))
    def all_goes_well(self, *, number, order):
        self.everything_is_well(number=number)
        self.everyone_gives_way(number=number)
        self.everyone_signs(number=number, order=order)

    @rule(number=SLOT)
    def it_does_not_apply(self, *, number):
        self.say(self.slots[number], "p3", "ETH-13", "not_applicable")

    @rule(
        number=SLOT,
        need=st.sampled_from((("LR-07", "p95"), ("LR-03", "recall"))),
        days=st.sampled_from((2, 30)),
    )
    def it_falls_short_and_is_waived(self, *, number, need, days):
        self.measure(number=number, need=need, digest="d1", passed=False, gone=False)
        self.clock(self.slots[number])
        self.waive_an_item(number=number, pid="p3", item=need[0], days=days, text="t3", metric="recall")

    @rule(number=SLOT, order=st.permutations(PEOPLE))
    def what_somebody_objects_to_is_left_out(self, *, number, order):
        self.say(self.slots[number], "p3", "ETH-13", "object")
        self.submit_again(
            number=number,
            pid="p0",
            answers=frozenset(),
            code=CODES[0],
            model=MODELS[0],
            by_requester=True,
            looked_at=True,
        )
        self.everything_is_well(number=number)
        self.everyone_signs(number=number, order=order)

    @rule(number=SLOT, pid=WHO, item=ITEM, principal=WHO)
    def sign_for_another(self, *, number, pid, item, principal):
        self.say(self.slots[number], pid, item, "sign", principal=principal)

    @rule(number=SLOT, order=st.permutations(PEOPLE))
    def everyone_signs(self, *, number, order):
        for pid in order:
            for ask in ASKS:
                if set(ask.seats) & self.held[pid]:
                    self.say(self.slots[number], pid, ask.id, "sign")

    @rule(number=SLOT)
    def everyone_gives_way(self, *, number):
        for pid in PEOPLE[:-1]:
            for item in {
                word.item
                for word in self.slots[number].model.said
                if word.pid == pid and word.intent == "object"
            }:
                self.say(self.slots[number], pid, item, "take_back")

    @rule(
        pid=WHO,
        to=WHO,
        number=SLOT,
        roles=st.sets(st.sampled_from(ROLES), min_size=1, max_size=3),
        hours=st.sampled_from((30, 24 * 7)),
    )
    def hand_over(self, *, pid, to, number, roles, hours):
        wanted = Handover(product=f"product-{number}", to=self.who(to), roles=frozenset(Role(each) for each in roles), starts_at=self.now, ends_at=self.now + timedelta(hours=hours))  # fmt: skip
        listed = fold_delegations(event for event in self.everything if event.launch == "")
        try:
            drafts = delegate(listed, self.who(pid), wanted, policy=policy_of(self.rules), now=self.now)
        except Declined:
            return
        assert pid not in (to, GUEST)
        assert to != GUEST
        self.decide(None, True, lambda: drafts)
        self.delegations.append((number, pid, to, frozenset(roles), self.now, wanted.ends_at))

    @rule(
        number=SLOT,
        pid=DECIDER,
        item=ITEM,
        days=st.sampled_from((3, 30, 0, 91)),
        text=st.sampled_from(("t3", "t3", "")),
        metric=st.sampled_from(("recall", "recall", "")),
    )
    def waive_an_item(self, *, number, pid, item, days, text, metric):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model, until = slot.model, self.now + timedelta(days=days)
        asked = item in {ask.id for ask in model.items()}
        expected = (
            self.may(pid, "waive", model.tier)
            and pid != slot.requester
            and model.state == "open"
            and not model.overdue(self.now)
            and model.screened(self.now)
            and asked
            and model.asks[item].waivable(model.tier)
            and bool(text and metric)
            and 0 < days <= model.rules.waiver_days
        )
        digest = slot.launch.revision.items[item].digest if asked else ""
        wanted = WaiverAsked(item=item, digest=digest, owner="p4", reason=text, metric=metric, until=until)
        if self.decide(
            slot,
            expected,
            lambda: waive(slot.launch, self.who(pid), wanted, findings=slot.findings(), now=self.now),
        ):
            model.waivers[item] = (model.content(item), until)
            model.settle(slot.world, self.now)

    @rule(number=SLOT, pid=DECIDER, text=st.sampled_from(("t4", "t4", "")))
    def override_an_objection(self, *, number, pid, text):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model = slot.model
        standing = [word for ask in ASKS for word in model.objections(ask.id)]
        chosen = min(standing, key=lambda word: word.order) if standing else None
        expected = (
            self.may(pid, "override", model.tier)
            and pid != slot.requester
            and chosen is not None
            and chosen.pid != pid
            and model.state == "open"
            and not model.overdue(self.now)
            and model.screened(self.now)
            and bool(text)
        )
        seq = chosen.order if chosen else 10**6
        if self.decide(
            slot,
            expected,
            lambda: override(
                slot.launch, self.who(pid), seq, text=text, findings=slot.findings(), now=self.now
            ),
        ):
            asked = chosen.item in {ask.id for ask in model.items()}
            model.overridden[seq] = model.content(chosen.item) if asked else None
            model.settle(slot.world, self.now)

    @rule(number=SLOT, tier=st.sampled_from(("medium", "high")), order=st.permutations(PEOPLE))
    def the_team_shrinks_and_the_tier_is_raised(self, *, number, tier, order):
        before = {pid: set(roles) for pid, roles in self.held.items()}
        self.held = {pid: roles - {"ml"} if pid != "p1" else roles | {"ml"} for pid, roles in before.items()}
        self.move_the_tier(number=number, pid="p5", tier=tier, text="t5")
        self.everyone_signs(number=number, order=order)
        self.held = before

    @rule(
        number=SLOT,
        pid=DECIDER,
        tier=st.sampled_from(("low", "medium", "high")),
        text=st.sampled_from(("", "t5")),
    )
    def move_the_tier(self, *, number, pid, tier, text):
        slot = self.slots[number]
        if not self.alive(slot):
            return
        model = slot.model
        rises = RANK[tier] >= RANK[model.tier]
        expected = self.may(pid, "raise" if rises else "lower", model.tier) and model.state in ("checking", "open", "approved") and not model.overdue(self.now)  # fmt: skip
        if expected and RANK[tier] < RANK[model.tier]:
            own = pid == slot.requester and not model.rules.self_allowed
            expected = bool(text) and RANK[tier] >= RANK[tier_from(model.answers)] and not own
        lone = model.lone
        if RANK[tier] > RANK[model.tier]:
            fits, lone = self.seat_plan(slot, model.answers, tier, model)
            expected = expected and fits
        if self.decide(
            slot,
            expected,
            lambda: change_tier(
                slot.launch,
                self.who(pid),
                Tier(tier),
                text=text,
                members={Role(role): pids for role, pids in self.members().items()},
                findings=slot.findings(),
                now=self.now,
            ),
        ):
            model.tier, model.lone = tier, lone
            model.raised = tier if tier != tier_from(model.answers) else "low"
            model.evidence = {
                ask.id: model.evidence[ask.id] for ask in model.items() if ask.id in model.evidence
            }
            model.settle(slot.world, self.now)
