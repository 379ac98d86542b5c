"""A naive model of one launch: it keeps everything that was said and works all out again, by trying every way.

It shares no rule with schema/: an item is known by its content, not by a digest; seats are filled by trying all people.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HIGH = {"banned_practice", "annex_iii", "allocation", "at_risk_people"}
RANK = {"low": 0, "medium": 1, "high": 2}
ENDED = {"rejected", "withdrawn", "expired", "superseded", "revoked", "closed"}
SIGNATURES = ("sign", "not_applicable")


def tier_from(answers):
    if answers & HIGH:
        return "high"
    return "medium" if answers else "low"


def business_days_later(moment, days):
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def when_people_work(moment):
    while moment.weekday() >= 5 or not 9 <= moment.hour < 17:
        moment = (moment + timedelta(hours=1)).replace(minute=0)
    return moment


@dataclass
class Ask:
    """One question, as the model knows it."""

    id: str
    seats: tuple
    check: str
    klass: str = "hard"
    hard_from: str = ""
    applies_from: str = "low"
    applies_if: frozenset = frozenset()
    needs: tuple = ()
    rests_on: tuple = ()
    risk: tuple = ()
    wording: int = 0
    lists_waivers: bool = False
    never_own: bool = False

    def asked(self, tier, answers):
        return RANK[tier] >= RANK[self.applies_from] and (
            not self.applies_if or bool(self.applies_if & answers)
        )

    def waivable(self, tier):
        return self.klass == "waivable" and not (self.hard_from and RANK[tier] >= RANK[self.hard_from])


@dataclass
class Rules:
    """A policy, as the model knows it."""

    self_allowed: bool = False
    small_team: bool = False
    valid_days: int = 90
    waiver_days: int = 90
    deadline_days: int = 5
    bypass_hours: int = 24
    different: tuple = ()  # sets of (item, role)
    depth: int = 1


@dataclass
class Said:
    order: int
    at: object
    pid: str
    people: frozenset  # with whoever they signed for
    principal: str
    roles: frozenset
    item: str
    intent: str
    content: object
    own: bool
    text: str


@dataclass
class Model:
    requester: str
    state: str = "draft"
    n: int = 0
    manifest: dict = field(default_factory=dict)
    answers: frozenset = frozenset()
    tier: str = "low"
    raised: str = "low"  # by people, above what the answers make it
    rules: Rules = None
    asks: dict = field(default_factory=dict)
    lone: frozenset = frozenset()
    deadline: object = None
    evidence: dict = field(default_factory=dict)
    said: list = field(default_factory=list)
    waivers: dict = field(default_factory=dict)  # item → (content, until)
    overridden: dict = field(default_factory=dict)  # by the objection's order, what its item was
    bypass: tuple = None  # (by, until)
    reviews: set = field(default_factory=set)
    used: tuple = None  # (manifest, by bypass, when)

    @staticmethod
    def left_behind(models):
        """What people objected to in launches of one product, oldest first, and nobody answered for."""
        words = [(word.order, at, word) for at, model in enumerate(models) for word in model.said]
        newest = {}
        for _, at, word in sorted(words, key=lambda each: each[:2]):
            if word.intent != "comment":
                newest[word.pid, word.item] = (models[at], word)
        return sorted(
            (word for model, word in newest.values() if word.intent == "object" and not model.went_out()),
            key=lambda word: word.order,
        )

    def went_out(self):
        return self.state in ("launched", "closed") and bool(self.used) and not self.used[1]

    # --- what is asked ---

    def items(self):
        return [ask for ask in self.asks.values() if ask.asked(self.tier, self.answers)]

    def content(self, item):
        ask = self.asks[item]
        pinned = tuple(self.manifest[part] for part in ask.rests_on)
        waived = [(name, *each) for name, each in self.waivers.items()] if ask.lists_waivers else []
        evidence = tuple(sorted(self.evidence.get(item, {}).items()))
        switched = tuple(sorted(self.answers if "answers" in ask.risk else self.answers & ask.applies_if))
        risk = (switched, self.tier if "tier" in ask.risk else "")
        return (repr(ask), pinned, evidence, tuple(sorted(waived, key=repr)), risk)

    # --- who said what ---

    def last_by(self, item):
        """Everybody's newest word on an item, whatever it was about."""
        newest = {}
        for word in self.said:
            if word.item == item and word.intent != "comment":
                newest[word.pid] = word
        return newest

    def objections(self, item):
        return [w for w in self.last_by(item).values() if w.intent == "object" and not self.is_overridden(w)]

    def is_overridden(self, word):
        asked = word.item in {ask.id for ask in self.items()}
        return word.order in self.overridden and (
            not asked or self.overridden[word.order] == self.content(word.item)
        )

    def holding(self, item, intent, now):
        newest = {}
        for word in self.said:
            if word.item == item and word.content == self.content(item) and word.intent != "comment":
                newest[word.pid] = word
        own_allowed = self.own_allowed(item)
        return [
            word
            for word in newest.values()
            if word.intent == intent
            and now - word.at < timedelta(days=self.rules.valid_days)
            and (own_allowed or not word.own)
        ]

    def own_allowed(self, item):
        return (self.rules.self_allowed or item in self.lone) and not self.asks[item].never_own

    # --- seats ---

    @staticmethod
    def heads(words):
        """Everyone who counts as one."""
        groups = []
        for word in words:
            apart = [group for group in groups if not group & word.people]
            joined = [group for group in groups if group & word.people]
            groups = [*apart, word.people.union(*joined)]
        return groups

    def full(self, item, intent, now):
        words = self.holding(item, intent, now)
        seats = self.asks[item].seats
        if item in self.lone:
            return all(any(role in word.roles for word in words) for role in seats)
        return self.placed([(item, role) for role in seats], {item: words}, ())

    def placed(self, seats, words, different):
        """Try every way to give each seat to somebody."""
        groups = self.heads([word for each in words.values() for word in each])

        def fits(place, group):
            item, role = place
            return any(role in word.roles and word.pid in group for word in words[item])

        def clash(place, other):
            same_set = any(place in seats_ and other in seats_ for seats_ in different)
            return place[0] == other[0] or same_set

        def fill(left, taken):
            if not left:
                return True
            place = left[0]
            return any(
                fits(place, group)
                and not any(g == group and clash(place, other) for other, g in taken)
                and fill(left[1:], [*taken, (place, group)])
                for group in groups
            )

        return fill(seats, [])

    # --- where it stands ---

    def settled(self, item, world, now):
        if self.objections(item):
            return False
        ask = self.asks[item]
        findings = {need: world.get((item, need)) for need in ask.needs}
        if any(found is None for found in findings.values()):
            return False
        if {need: found[0] for need, found in findings.items()} != self.evidence.get(item, {}):
            return False
        waiver = self.waivers.get(item)
        if waiver and ask.waivable(self.tier) and waiver[0] == self.content(item) and now < waiver[1]:
            return True
        if ask.klass == "conditional" and self.full(item, "not_applicable", now):
            return True
        passes = all(found[1] for found in findings.values())
        return passes and (ask.check == "auto" or self.full(item, "sign", now))

    def signed_aside(self, item, now):
        return self.asks[item].klass == "conditional" and self.full(item, "not_applicable", now)

    def complete(self, world, now):
        everywhere = {word.item for word in self.said} | {ask.id for ask in self.items()}
        if any(self.objections(item) for item in everywhere):
            return False
        if not all(self.settled(ask.id, world, now) for ask in self.items()):
            return False
        return self.screened(now) and self.apart(now)

    def apart(self, now):
        named = {item for seats in self.rules.different for item, _ in seats}
        held = {}
        for ask in self.items():
            waiver = self.waivers.get(ask.id)
            waived = (
                waiver and ask.waivable(self.tier) and waiver[0] == self.content(ask.id) and now < waiver[1]
            )
            if ask.id in named and ask.check != "auto" and not waived and ask.id not in self.lone:
                intent = "not_applicable" if self.signed_aside(ask.id, now) else "sign"
                held[ask.id] = self.holding(ask.id, intent, now)
        seats = [(item, role) for item in held for role in self.asks[item].seats]
        everyone = {item: self.holding(item, "sign", now) for item in held} | held
        return self.placed(seats, everyone, self.rules.different)

    def screened(self, now):
        if "banned_practice" not in self.answers:
            return True
        return not self.objections("ETH-01") and self.full("ETH-01", "sign", now)

    def open(self, world, now):
        """What the gate says: None where a finding is missing and nothing else is."""
        return self.state == "approved" and self.complete(world, now)

    def overdue(self, now):
        return self.state in ("checking", "open") and now >= self.deadline

    def settle(self, world, now):
        """The move that follows at once."""
        if self.state == "open" and self.complete(world, now):
            self.state = "approved"
        elif self.state == "approved" and not self.complete(world, now):
            self.state = "open"
            self.deadline = max(self.deadline, business_days_later(now, self.rules.deadline_days))

    def tick(self, world, now):
        if self.overdue(now):
            self.state = "expired"
        elif self.state in ("checking", "open", "approved"):
            known = all((ask.id, need) in world for ask in self.items() for need in ask.needs)
            if self.state == "checking" and not known:
                return
            self.state = "open" if self.state == "checking" else self.state
            self.take_evidence(world)
            self.waivers = {item: each for item, each in self.waivers.items() if now < each[1]}
            self.settle(world, now)
        elif self.state == "bypassed" and now >= self.bypass[1]:
            self.bypass = (self.bypass[0], LONG_AGO)  # over for good, whatever the clock says later
        elif self.state == "launched" and now >= when_people_work(self.used[2] + timedelta(days=30)):
            self.state = "closed"

    def take_evidence(self, world):
        for ask in self.items():
            if all((ask.id, need) in world for need in ask.needs):
                self.evidence[ask.id] = {need: world[ask.id, need][0] for need in ask.needs}

    # --- what may be said ---

    def may_say(self, word, *, barred, fresh, lent, through, now):
        """Whether somebody may say this now; `word.roles` are theirs and those that were lent to them."""
        item, intent = word.item, word.intent
        asked = item in {ask.id for ask in self.items()}
        if barred or self.state in ENDED or not (asked or intent == "take_back"):
            return False
        if intent != "take_back" and item != "ETH-01" and not self.screened(now):
            return False
        if intent == "comment":
            return True
        if self.state not in ("open", "approved") or self.overdue(now):
            return False
        if intent == "take_back":
            return self.has_said(word.pid, item, asked) is not None
        if self.state == "approved" and intent in SIGNATURES:
            return False
        seats = set(self.asks[item].seats)
        if not fresh or not word.roles & seats or (lent is not None and not lent & seats):
            return False
        if word.own and not self.own_allowed(item):
            return False
        if intent == "not_applicable" and self.asks[item].klass != "conditional":
            return False
        return intent not in SIGNATURES or self.counts_once(word, through)

    def has_said(self, pid, item, asked):
        """What somebody may take back."""
        last = self.last_by(item).get(pid)
        if last is not None and last.intent == "object":
            return last
        here = self.newest_here(pid, item) if asked else None
        return here if here is not None and here.intent in SIGNATURES else None

    def newest_here(self, pid, item):
        words = [w for w in self.said if (w.pid, w.item) == (pid, item) and w.intent != "comment"]
        here = [w for w in words if w.content == self.content(item)]
        return here[-1] if here else None

    def counts_once(self, word, through):
        mine = self.newest_here(word.pid, word.item)
        if mine is not None and mine.intent in SIGNATURES and mine.principal != word.principal:
            return False
        others = [
            self.newest_here(pid, word.item) for pid in ((word.principal, *through) if word.principal else ())
        ]
        return not any(other is not None and other.intent in SIGNATURES for other in others)

    def said_already(self, word, now):
        here = self.newest_here(word.pid, word.item)
        if word.intent in ("comment", "take_back") or here is None or here.intent != word.intent:
            return False
        last = self.last_by(word.item)[word.pid]
        if word.intent == "object":
            return last is here and here.text == word.text
        valid = now - here.at < timedelta(days=self.rules.valid_days)
        return last.intent != "object" and word.roles <= here.roles and valid

    # --- who may be seated at all ---

    @staticmethod
    def unfillable(asks, members, requester, rules):
        """Whether no way exists to give every seat to different people."""
        people = sorted({pid for pids in members.values() for pid in pids})
        words = {
            ask.id: [
                Said(
                    0,
                    None,
                    pid,
                    frozenset({pid}),
                    "",
                    frozenset(r for r in members if pid in members[r]),
                    ask.id,
                    "sign",
                    None,
                    False,
                    "",
                )
                for pid in people
                if pid != requester or (rules.self_allowed and not ask.never_own)
            ]
            for ask in asks
        }
        bad = {
            ask.id
            for ask in asks
            if not Model("").placed([(ask.id, role) for role in ask.seats], {ask.id: words[ask.id]}, ())
        }
        named = {item for seats in rules.different for item, _ in seats}
        together = [ask for ask in asks if ask.id in named]
        seats = [(ask.id, role) for ask in together for role in ask.seats]
        if bad or Model("").placed(seats, {ask.id: words[ask.id] for ask in together}, rules.different):
            return bad, bool(bad)
        return None, True
