"""Reading one's items with their evidence, answering each, and adding what is missing."""

from collections.abc import Mapping

from handlers import evidence as given
from handlers import gates, items, sheets
from handlers.deciding import Decided, Person
from handlers.gates import Looked
from handlers.listeners.answers import Answer, Back, Open, Replace, Wrong
from handlers.listeners.deciders import a_name, decider, launch_of, opening, refused
from handlers.listeners.desk import Desk
from handlers.listeners.evidence import Giving, read_given
from handlers.listeners.payloads import Click, Submission
from handlers.services import Snapshot
from handlers.views.blocks import Block
from handlers.views.items import LATER, Wanted, answer_block, evidence_form, reason_block, review_form
from integrations.store import showings
from integrations.store.launches import Kept
from schema.attempts import Code, Declined
from schema.errors import Refusal
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
        why = await _why_not(desk, snapshot, looked, person, wanted=wanted)
        if why is not None:
            attempt = f"sign as {wanted or 'somebody'}"
            await refused(desk, snapshot, kept.id, person=person, key=click.key, attempt=attempt, why=why)
        role = Role(wanted) if wanted else _first_role(looked, person)
        return await _form(desk, snapshot, kept.id, person=person, role=role, every_role=not wanted)

    return await opening(click, desk, snapshot, product=product, title=TITLE, page=page)


async def _form(
    desk: Desk,
    snapshot: Snapshot,
    launch: str,
    *,
    person: Person,
    role: Role,
    every_role: bool,
    note: str = "",
) -> Block:
    made = await sheets.sheet(desk.services, snapshot, launch, person=person, role=role, id=a_name())
    return review_form(sheets.with_note(made, note=note, every_role=every_role))


async def _why_not(
    desk: Desk, snapshot: Snapshot, looked: Looked, person: Person, *, wanted: str
) -> Declined | None:
    """Say why somebody cannot sign here at all; None where they can."""
    launch, who = looked.launch, person.standing
    if who.barred is not None:
        return Declined(Code.BARRED, who.barred)
    if launch.ended:
        return Declined(Code.ENDED, f"This launch is {launch.state}; nothing can be said to it any more.")
    if launch.state in (State.LAUNCHED, State.BYPASSED):
        return Declined(Code.STATE, "It has gone out already; who may revoke it can still do so.")
    if launch.state is State.CHECKING:
        return Declined(Code.STATE, "The checks are still running; try again in a minute.")
    asked = _asked(looked)
    needed = [Role(wanted)] if wanted in set(Role) else asked
    if not who.roles & set(needed):
        words = f"These items are for {any_of(needed)}; ask one of them, or let the product's owner give you the role."
        return Declined(Code.NO_ROLE, words)
    mine = await desk.services.store.read(lambda session: sheets.own_pids(session, snapshot, person.user))
    policy = launch.revision.policy
    free = policy.self_approval is SelfApproval.ALLOW_MARKED or launch.revision.unseparated
    if launch.requester in mine and not free:
        return Declined(
            Code.SELF, "You asked for this launch, so somebody else who holds that role has to sign."
        )
    return None


def _asked(looked: Looked) -> list[Role]:
    seats = {role for item in looked.launch.revision.items.values() for role in item.spec.seats}
    return [role for role in Role if role in seats]


def _first_role(looked: Looked, person: Person) -> Role:
    """Choose the role of this person that is waited for, before those that are only asked."""
    mine = [role for role in _asked(looked) if role in person.standing.roles]
    return min(mine, key=lambda role: role not in looked.gate.waits_for)


async def answered(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Record what somebody says to the items that they were shown, then show what is left."""
    said = _said(sent.values)
    lacking = {reason_block(item): SAY_WHY for item, each in said.items() if _needs_reason(each)}
    if lacking:
        return Wrong(errors=lacking)
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    person = await decider(desk, snapshot, snapshot.product(kept.product), sent.who.user)
    decided: Decided | None = None
    if said:
        try:
            decided = await items.sign(
                desk.services, snapshot, sent.about.get("showing", ""), said, person=person, key=sent.key
            )
        except Declined as declined:
            return Wrong(errors={answer_block(_blamed(str(declined), said)): str(declined)})
        desk.wake()
    return await _next(sent, desk, snapshot, person=person, decided=decided)


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


async def _next(
    sent: Submission, desk: Desk, snapshot: Snapshot, *, person: Person, decided: Decided | None
) -> Answer:
    """Go on with the next page, then with the next role; else the modal closes."""
    left = [each for each in sent.about.get("left", "").split(",") if each]
    if left:
        name, workspace = sent.about.get("showing", ""), snapshot.workspace
        shown = await desk.services.store.read(lambda session: showings.get(session, workspace, name))
        if shown is not None and shown.user == person.user:
            made = await sheets.sheet_of(desk.services, snapshot, shown, only=left)
            every = bool(sent.about.get("every"))
            return Replace(view=review_form(sheets.with_note(made, every_role=every)))
    if not sent.about.get("every") or decided is None:
        return None
    role = await _another_role(desk, snapshot, decided, person)
    if role is None:
        return None
    note = "Saved. You are asked in another role too."
    launch = decided.launch.id
    return Replace(
        view=await _form(desk, snapshot, launch, person=person, role=role, every_role=True, note=note)
    )


async def _another_role(desk: Desk, snapshot: Snapshot, decided: Decided, person: Person) -> Role | None:
    """Find a role of this person with items that wait and to which they have said nothing."""
    mine = await desk.services.store.read(lambda session: sheets.own_pids(session, snapshot, person.user))
    revision = decided.launch.revision

    def silent(item: str) -> bool:
        voices = revision.voices.get(item, {})
        return all(voices.get(pid, SILENT).said(revision.items[item].digest) is None for pid in mine)

    waiting = decided.gate.waits_for
    return next(
        (role for role in waiting if role in person.standing.roles and any(map(silent, waiting[role]))), None
    )


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
            raise Refusal(f"It is kept as evidence in {product.title}.")
        return await _form(
            desk, snapshot, kept.id, person=person, role=Role(role), every_role=False, note=note
        )

    return Back(view=sent.beneath, then=again)
