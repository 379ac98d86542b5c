"""What is done to a launch from its card's menu: each opens a modal with the fields that it needs, and is then decided."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from handlers import delegations, gates, items, launches, offers
from handlers.deciding import Decided, Person
from handlers.delegations import Handing
from handlers.launches import Breaking, OtherTier, Waiving
from handlers.listeners.answers import Answer, Replace
from handlers.listeners.deciders import decider, launch_of, opening, refused
from handlers.listeners.desk import Desk
from handlers.listeners.ids import Field
from handlers.listeners.launches import team_of, typed_of
from handlers.listeners.payloads import Click, Submission, carried
from handlers.services import Snapshot
from handlers.views import modals
from handlers.views.blocks import Block
from handlers.views.launch_forms import revision_form
from handlers.views.launch_verbs import MENU, OTHERS, Verb
from handlers.views.launches import STATES
from handlers.views.verb_forms import nothing_to_choose, verb_form
from integrations.store.launches import Kept
from schema.attempts import Code, Declined
from schema.errors import Refusal
from schema.launches import Launch, State
from schema.policies import Right, need_person, need_right
from schema.products import Product, Role
from schema.risks import Tier

RIGHTS: Final[Mapping[Verb, Right]] = {
    Verb.REJECT: Right.REJECT,
    Verb.REVOKE: Right.REVOKE,
    Verb.WAIVE: Right.WAIVE,
    Verb.OVERRIDE: Right.OVERRIDE,
    Verb.TIER: Right.RAISE_TIER,
    Verb.LAUNCHED: Right.USE,
    Verb.BREAK_GLASS: Right.BREAK_GLASS,
    Verb.REVIEW_BYPASS: Right.REVIEW_BYPASS,
    Verb.REBASE: Right.REBASE,
}
SAID_TO_ALL: Final = "Done. The thread of {launch} says it to everybody."
SAID: Final[Mapping[Verb, str]] = {
    Verb.UNDELEGATE: "Done. From now on you sign for yourself.",
    Verb.DELEGATE: "Done. Your colleague can sign for you now from any launch's card; tell them that they can.",
}
TITLE: Final = "Launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Somebody who wants to do something to a launch."""

    desk: Desk
    snapshot: Snapshot
    kept: Kept
    verb: Verb
    key: str

    @property
    def product(self) -> Product:
        return self.snapshot.product(self.kept.product)


Does = Callable[[_Case, Submission, Person], Awaitable[None]]


async def more(click: Click, desk: Desk, snapshot: Snapshot) -> Answer:
    """Open the form of what somebody chose in a card's menu."""
    kept = await launch_of(desk, snapshot, click.about.get("launch", ""))
    case = _Case(desk=desk, snapshot=snapshot, kept=kept, verb=_verb(click.about.get("verb")), key=click.key)

    async def page(person: Person) -> Block:
        return await _form(case, person)

    return await opening(click, desk, snapshot, product=case.product, title=TITLE, page=page)


async def chosen(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Go on with what somebody chose among the rest."""
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    verb = _verb(sent.values.get(Field.VERB))
    case = _Case(desk=desk, snapshot=snapshot, kept=kept, verb=verb, key=sent.key)
    person = await decider(desk, snapshot, case.product, sent.who.user)
    return Replace(view=await _form(case, person))


def _verb(name: str | None) -> Verb:
    if name not in set(Verb):
        raise Refusal("That is not offered any more; look at the launch's card for what is.")
    return Verb(name or "")


async def _form(case: _Case, person: Person) -> Block:
    """Make the form; who may not do it is told before they type, and that stands in the ledger."""
    looked = await gates.look(case.desk.services, case.snapshot, case.kept.id)
    mine = await case.desk.services.store.read(
        lambda session: items.spoken_as(session, case.snapshot, person.user)
    )
    why = _why_not(case.verb, looked.launch, person, own=looked.launch.requester in mine)
    if why is not None:
        attempt = case.verb.words
        await refused(
            case.desk, case.snapshot, case.kept.id, person=person, key=case.key, attempt=attempt, why=why
        )
    if case.verb is Verb.REVISE:
        return revision_form(case.kept.id, typed_of(looked.launch))
    offered = await offers.offered(case.desk.services, case.snapshot, looked, person=person, verb=case.verb)
    lacking = nothing_to_choose(case.verb, offered)
    if lacking:
        raise Refusal(lacking)
    return verb_form(case.verb, looked.launch, offered)


def _why_not(verb: Verb, launch: Launch, person: Person, *, own: bool) -> Declined | None:
    """Say why somebody cannot do this here now; None where they can."""
    offered = (*MENU.get(launch.state, ()), *OTHERS.get(launch.state, ()), Verb.OTHER)
    if verb not in offered:
        code = Code.ENDED if launch.ended else Code.STATE
        state = STATES[launch.state]
        words = (
            f"This launch stands at “{state}”, so that cannot be done to it; look at its card for what can."
        )
        return Declined(code, words)
    try:
        _need(verb, launch, person, own=own)
    except Declined as declined:
        return declined
    return None


def _need(verb: Verb, launch: Launch, person: Person, *, own: bool) -> None:
    who, revision = person.standing, launch.revision
    need_person(who)
    if verb is Verb.REVISE and not own:
        raise Declined(Code.NO_RIGHT, "Only the person who opened this launch can submit it; ask them.")
    if verb is Verb.WITHDRAW and not own:
        need_right(revision.policy, Right.WITHDRAW, who, revision.tier)
    if verb in RIGHTS:
        need_right(revision.policy, RIGHTS[verb], who, revision.tier)
    if verb in (Verb.WAIVE, Verb.OVERRIDE) and own:
        raise Declined(Code.SELF, "You asked for this launch; somebody else has to do that.")


async def done(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Decide what somebody filled a form for; the thread says it to everybody."""
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    case = _Case(desk=desk, snapshot=snapshot, kept=kept, verb=_verb(sent.about.get("verb")), key=sent.key)
    person = await decider(desk, snapshot, case.product, sent.who.user)
    await DOES[case.verb](case, sent, person)
    desk.wake()
    return Replace(view=modals.sentence(TITLE, SAID.get(case.verb, SAID_TO_ALL).format(launch=kept.id)))


def _with_reason(act: Callable[..., Awaitable[Decided]]) -> Does:
    """Do what needs nothing but a reason."""

    async def does(case: _Case, sent: Submission, person: Person) -> None:
        reason, services = sent.values.get(Field.REASON, ""), case.desk.services
        await act(services, case.snapshot, case.kept.id, reason=reason, by=person, key=case.key)

    return does


async def _waive(case: _Case, sent: Submission, person: Person) -> None:
    chosen_ = carried(sent.values.get(Field.ITEM))
    owner = await decider(case.desk, case.snapshot, case.product, sent.values.get(Field.OWNER, ""))
    waiving = Waiving(
        item=chosen_.get("item", ""), digest=chosen_.get("digest", ""), owner=owner,
        reason=sent.values.get(Field.REASON, ""), metric=sent.values.get(Field.METRIC, ""),
        until=_end(case, sent.values.get(Field.ENDS_ON, "")),
    )  # fmt: skip
    await launches.waive(case.desk.services, case.snapshot, case.kept.id, waiving, by=person, key=case.key)


def _end(case: _Case, day: str) -> datetime:
    """Give the end of a day where the product is."""
    return _start(case, day) + timedelta(days=1)


def _start(case: _Case, day: str) -> datetime:
    """Give the beginning of a day where the product is."""
    return datetime.combine(date.fromisoformat(day), time(), tzinfo=case.product.zoneinfo)


async def _override(case: _Case, sent: Submission, person: Person) -> None:
    objection = sent.values.get(Field.OBJECTION, "")
    await launches.override(
        case.desk.services, case.snapshot, case.kept.id, int(objection) if objection.isdigit() else 0,
        reason=sent.values.get(Field.REASON, ""), by=person, key=case.key,
    )  # fmt: skip


async def _tier(case: _Case, sent: Submission, person: Person) -> None:
    tier, reason = Tier(sent.values.get(Field.TIER, "")), sent.values.get(Field.REASON, "")
    team = await team_of(case.desk, case.snapshot, case.product)
    await launches.change_tier(
        case.desk.services, case.snapshot, case.kept.id, OtherTier(tier=tier, team=team, reason=reason), by=person,
        key=case.key,
    )  # fmt: skip


async def _launched(case: _Case, sent: Submission, person: Person) -> None:
    bypassed = case.kept.state is State.BYPASSED
    await gates.use(
        case.desk.services, case.snapshot, case.kept.id, sent.about.get("manifest", ""), by=person, key=case.key,
        accept_bypass=bypassed,
    )  # fmt: skip


async def _break_glass(case: _Case, sent: Submission, person: Person) -> None:
    hours = sent.values.get(Field.HOURS, "")
    breaking = Breaking(
        reason=sent.values.get(Field.REASON, ""), incident=sent.values.get(Field.INCIDENT, "").strip(),
        hours=int(hours) if hours.isdigit() else 0,
    )  # fmt: skip
    await launches.break_glass(
        case.desk.services, case.snapshot, case.kept.id, breaking, by=person, key=case.key
    )


async def _delegate(case: _Case, sent: Submission, person: Person) -> None:
    colleague = await decider(case.desk, case.snapshot, case.product, sent.values.get(Field.COLLEAGUE, ""))
    handing = Handing(
        to=colleague, roles=frozenset(Role(each) for each in sent.lists.get(Field.ROLES, ()) if each in set(Role)),
        starts_at=_start(case, sent.values.get(Field.STARTS_ON, "")),
        ends_at=_end(case, sent.values.get(Field.ENDS_ON, "")),
    )  # fmt: skip
    await delegations.delegate(
        case.desk.services, case.snapshot, case.product, handing, by=person, key=case.key
    )


async def _undelegate(case: _Case, sent: Submission, person: Person) -> None:
    number = sent.values.get(Field.COLLEAGUE, "")
    await delegations.end(
        case.desk.services, case.snapshot, int(number) if number.isdigit() else 0, by=person, key=case.key
    )


async def _rebase(case: _Case, _: Submission, person: Person) -> None:
    team = await team_of(case.desk, case.snapshot, case.product)
    await launches.rebase(case.desk.services, case.snapshot, case.kept.id, by=person, team=team, key=case.key)


DOES: Final[Mapping[Verb, Does]] = {
    Verb.WITHDRAW: _with_reason(launches.withdraw),
    Verb.REJECT: _with_reason(launches.reject),
    Verb.REVOKE: _with_reason(launches.revoke),
    Verb.REVIEW_BYPASS: _with_reason(launches.review_bypass),
    Verb.WAIVE: _waive,
    Verb.OVERRIDE: _override,
    Verb.TIER: _tier,
    Verb.LAUNCHED: _launched,
    Verb.BREAK_GLASS: _break_glass,
    Verb.REBASE: _rebase,
    Verb.DELEGATE: _delegate,
    Verb.UNDELEGATE: _undelegate,
}
