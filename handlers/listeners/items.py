"""Reading one's items with their evidence, answering each, and adding what is missing."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from handlers import evidence as given
from handlers import gates, items, sheets
from handlers.deciding import Acting, Decided, Person
from handlers.gates import Looked
from handlers.listeners.acting import acting_for
from handlers.listeners.answers import Answer, Back, Open, Replace, Wrong
from handlers.listeners.deciders import a_name, decider, launch_of, opening, presser, refused
from handlers.listeners.desk import Desk
from handlers.listeners.evidence import Giving, read_given
from handlers.listeners.payloads import Click, Submission
from handlers.people import Cold
from handlers.services import Snapshot
from handlers.views.blocks import Block
from handlers.views.items import LATER, Wanted, answer_block, evidence_form, reason_block, review_form
from integrations.store import showings
from integrations.store.launches import Kept
from schema.attempts import Code, Declined
from schema.errors import Refusal
from schema.items import Item
from schema.launches import State
from schema.policies import SelfApproval
from schema.products import Product, Role
from schema.role_words import any_of
from schema.votes import SILENT, Intent

TITLE = "Your items"
SAY_WHY = "Say why, in a sentence: everybody reads it with your answer."


async def review(click: Click, desk: Desk, snapshot: Snapshot) -> Answer:
    """Open somebody's items; who may not sign is told why at once, and that stands in the ledger."""
    kept = await launch_of(desk, snapshot, click.about.get("launch", ""))
    product = snapshot.product(kept.product)
    wanted = click.about.get("role", "")

    async def page(person: Person) -> Block:
        looked = await gates.look(desk.services, snapshot, kept.id)
        asked = [Role(wanted)] if wanted in set(Role) else _asked(looked)
        reader = _Reader(desk=desk, snapshot=snapshot, launch=kept.id, person=person)
        acting = None
        if not person.standing.roles & set(asked):
            acting = await acting_for(desk, snapshot, product, person, roles=asked)
        why = await _why_not(reader, looked, asked=asked, acting=acting)
        if why is not None:
            attempt = f"sign as {any_of(asked)}" if asked else "sign"
            await refused(desk, snapshot, kept.id, person=person, key=click.key, attempt=attempt, why=why)
        if acting is not None:
            return await reader.form(_first(asked, acting.principal, looked), acting=acting)
        return await reader.form(_first(asked, person, looked), every_role=not wanted)

    return await opening(click, desk, snapshot, product=product, title=TITLE, page=page)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Somebody who reads the items of a launch."""

    desk: Desk
    snapshot: Snapshot
    launch: str
    person: Person

    async def form(
        self, role: Role, *, every_role: bool = False, acting: Acting | None = None, note: str = ""
    ) -> Block:
        """Show a role's items as they are now, and keep what is shown."""
        made = await sheets.sheet(
            self.desk.services, self.snapshot, self.launch, person=self.person, role=role, id=a_name()
        )
        if acting is not None:
            told = f"You sign for {acting.principal.name}; both names stand in the record."
            made = replace(made, acting_for=acting.principal.user, note=told)
        return review_form(replace(made, every_role=every_role, note=note or made.note))

    async def pids(self) -> frozenset[str]:
        user = self.person.user
        return await self.desk.services.store.read(
            lambda session: items.spoken_as(session, self.snapshot, user)
        )


async def _why_not(
    reader: _Reader, looked: Looked, *, asked: Sequence[Role], acting: Acting | None
) -> Declined | None:
    """Say why somebody cannot sign here at all; None where they can."""
    launch, who = looked.launch, reader.person.standing
    if who.barred is not None:
        return Declined(Code.BARRED, who.barred)
    if launch.ended:
        return Declined(Code.ENDED, f"This launch is {launch.state}; nothing can be said to it any more.")
    if launch.state in (State.LAUNCHED, State.BYPASSED):
        return Declined(Code.STATE, "It has gone out already; who may revoke it can still do so.")
    if launch.state is State.CHECKING:
        return Declined(Code.STATE, "The checks are still running; try again in a minute.")
    if acting is None and not who.roles & set(asked):
        return Declined(Code.NO_ROLE, f"These items are for {any_of(asked)}; ask one of them to review them.")
    policy = launch.revision.policy
    free = policy.self_approval is SelfApproval.ALLOW_MARKED or launch.revision.unseparated
    mine = await reader.pids()
    takes_back = any(vote.pid in mine for vote in launch.revision.dissent)  # from somebody else's launch
    if not free and launch.requester in mine and not takes_back:
        return Declined(
            Code.SELF, "You asked for this launch, so somebody else who holds that role has to sign."
        )
    return None


def _asked(looked: Looked) -> list[Role]:
    revision = looked.launch.revision
    specs = [
        *(item.spec for item in revision.items.values()),
        *(revision.specs[no.item] for no in revision.dissent),
    ]
    seats = {role for spec in specs for role in spec.seats}
    return [role for role in Role if role in seats]


def _first(asked: Sequence[Role], person: Person, looked: Looked) -> Role:
    """Choose the role of this person that is waited for, before those that are only asked."""
    mine = [role for role in asked if role in person.standing.roles]
    return min(mine, key=lambda role: role not in looked.gate.waits_for)


async def answered(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Record what somebody says to the items that they were shown, then show what is left."""
    said = _said(sent.values)
    lacking = {reason_block(item): SAY_WHY for item, each in said.items() if _needs_reason(each)}
    if lacking:
        return Wrong(errors=lacking)
    decided: Decided | None = None
    if said:
        try:
            decided = await _recorded(sent, desk, snapshot, said)
        except Declined as declined:
            return Wrong(errors={answer_block(_blamed(str(declined), said)): str(declined)})
        if decided.to_send:
            desk.wake()
        if _over(sent, decided):
            return None
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    person = await decider(desk, snapshot, snapshot.product(kept.product), sent.who.user)
    return await _next(sent, _Reader(desk=desk, snapshot=snapshot, launch=kept.id, person=person), decided)


async def _recorded(
    sent: Submission, desk: Desk, snapshot: Snapshot, said: Mapping[str, items.Answer]
) -> Decided:
    """Record it in one transaction; only a delegate, and somebody whom Slack has to be asked for, costs more."""
    record = partial(items.sign, desk.services, snapshot, sent.about.get("showing", ""), said, key=sent.key)
    principal = sent.about.get("for", "")
    if not principal:
        with suppress(Cold):
            return await record(person=presser(desk, sent.who.user))
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    product = snapshot.product(kept.product)
    person = await decider(desk, snapshot, product, sent.who.user)
    if not principal:
        return await record(person=person)
    acting = await acting_for(desk, snapshot, product, person, roles=list(Role), principal=principal)
    acting = acting or Acting(principal=await decider(desk, snapshot, product, principal))
    return await record(person=person, acting_for=acting)


def _over(sent: Submission, decided: Decided) -> bool:
    """Tell whether there is nothing more to ask, where that can be told without looking anything up."""
    if sent.about.get("left"):
        return False
    who = decided.who
    return not sent.about.get("every") or (
        who is not None and _another_role(decided, frozenset({who.pid}), who.roles) is None
    )


def _said(values: Mapping[str, str]) -> dict[str, items.Answer]:
    """Read the answers that were given; one that is put off is none."""
    found = {}
    for block, value in values.items():
        item = block.removeprefix(answer_block(""))
        if item != block and value != LATER and value in set(Intent):
            reason = values.get(reason_block(item), "").strip()
            found[item] = items.Answer(intent=Intent(value), reason=reason)
    return found


def _needs_reason(answer: items.Answer) -> bool:
    return not answer.reason and answer.intent in (Intent.OBJECT, Intent.NOT_APPLICABLE, Intent.COMMENT)


def _blamed(words: str, said: Mapping[str, items.Answer]) -> str:
    """Find the item that a refusal speaks of; the first one where it names none."""
    return next((item for item in said if item in words), next(iter(said)))


async def _next(sent: Submission, reader: _Reader, decided: Decided | None) -> Answer:
    """Go on with the next page, then with the next role; else the modal closes."""
    left = [each for each in sent.about.get("left", "").split(",") if each]
    every, principal = bool(sent.about.get("every")), sent.about.get("for", "")
    if left:
        name, workspace, store = (
            sent.about.get("showing", ""),
            reader.snapshot.workspace,
            reader.desk.services.store,
        )
        shown = await store.read(lambda session: showings.get(session, workspace, name))
        if shown is not None and shown.user == reader.person.user:
            made = await sheets.sheet_of(reader.desk.services, reader.snapshot, shown, only=left)
            return Replace(view=review_form(replace(made, every_role=every, acting_for=principal)))
    role = None
    if every and decided is not None:
        role = _another_role(decided, await reader.pids(), reader.person.standing.roles)
    if role is None:
        return None
    return Replace(
        view=await reader.form(role, every_role=True, note="Saved. You are asked in another role too.")
    )


def _another_role(decided: Decided, mine: Collection[str], roles: AbstractSet[Role]) -> Role | None:
    """Find a role of this person with items that wait and to which they have said nothing."""
    revision = decided.launch.revision

    def silent(item: Item) -> bool:
        voices = revision.voices.get(item.id, {})
        return all(voices.get(pid, SILENT).said(item.digest) is None for pid in mine)

    asked = (each for each in revision.items.values() if not roles.isdisjoint(each.spec.seats))
    left = {each.id for each in asked if silent(each)}
    stands = decided.together or decided
    if not any(map(stands.may_wait, left)):
        return None
    waiting = stands.gate.waits_for
    return next((role for role in waiting if role in roles and left & set(waiting[role])), None)


async def add_evidence(click: Click, desk: Desk, snapshot: Snapshot) -> Answer:
    """Ask for one record or document, on top of the items."""
    kept = await launch_of(desk, snapshot, click.about.get("launch", ""))
    product = snapshot.product(kept.product)
    item, name = click.about.get("item", ""), click.about.get("requirement", "")
    requirement = given.requirement_of(desk.services, snapshot, product, item=item, name=name)
    looked = await gates.look(desk.services, snapshot, kept.id)
    wanted = Wanted(
        launch=kept.id, item=item, requirement=requirement, role=click.about.get("role", ""),
        parts=looked.launch.revision.manifest.parts,
    )  # fmt: skip
    return Open(view=evidence_form(wanted))


async def evidence_given(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Keep what somebody gives, and show the items beneath with it."""
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    product = snapshot.product(kept.product)
    item, name = sent.about.get("item", ""), sent.about.get("requirement", "")
    requirement = given.requirement_of(desk.services, snapshot, product, item=item, name=name)
    read = read_given(
        Giving(requirement=requirement, values=sent.values, at=desk.services.now(), zone=product.zoneinfo)
    )
    if isinstance(read, Wrong):
        return read
    person = await decider(desk, snapshot, product, sent.who.user)
    await given.put(desk.services, snapshot, product, item=item, given=read, by=person, key=sent.key)
    desk.wake()
    return _beneath(sent, desk, snapshot, kept, person=person, product=product)


def _beneath(
    sent: Submission, desk: Desk, snapshot: Snapshot, kept: Kept, *, person: Person, product: Product
) -> Answer:
    """Draw the items beneath anew: what was shown before is not what they are now."""
    role = sent.about.get("role", "")
    if not sent.beneath or role not in set(Role):
        return None
    note = f"Kept as evidence of {sent.about.get('item', '')}. What you see now is as it stands with it."

    async def again() -> Block:
        if Role(role) not in person.standing.roles:
            raise Refusal(f"It is kept as evidence in {product.title}; open the items again.")
        reader = _Reader(desk=desk, snapshot=snapshot, launch=kept.id, person=person)
        return await reader.form(Role(role), note=note)

    return Back(view=sent.beneath, then=again)
