"""Opening a launch and submitting a new revision: what was typed, read field by field, then decided."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from handlers import launches, people, teams
from handlers.deciding import Person
from handlers.launches import Asked, Team
from handlers.listeners.answers import Answer, Open, Replace, Wrong
from handlers.listeners.deciders import decider, launch_of, warm
from handlers.listeners.desk import Desk
from handlers.listeners.ids import Field
from handlers.listeners.payloads import Submission
from handlers.listeners.rooms import room
from handlers.people import Cold
from handlers.services import Snapshot
from handlers.views import modals
from handlers.views.blocks import Block
from handlers.views.launch_forms import FIELDS, Typed, launch_form, opened_page, revision_form
from schema.attempts import Code, Declined
from schema.errors import Refusal
from schema.launches import Launch
from schema.manifests import NONE, Manifest, pinned
from schema.policies import Right, need_right
from schema.products import Product
from schema.risks import RiskQuestion, Tier

ASKING: Final = "Asking Slack who holds each role …"
SOUND: Final[Mapping[str, str]] = {  # parts that are never refused, to find the one that is
    "code": "4f2a9c1e7b3d", "model": "model", "model_version": "1.0.0", "prompt": NONE, "configuration": NONE,
    "data": NONE,
}  # fmt: skip


async def ask(desk: Desk, snapshot: Snapshot, product: Product, user: str) -> Answer:
    """Ask what launches; meanwhile Slack is asked who holds the product's roles."""
    if product.channel is None:
        raise Refusal(f"{product.title} has no channel yet. Give it one in muster.yaml, then `muster apply`.")
    if desk.services.signing_key is None:
        raise Declined(Code.POLICY, launches.NO_KEY)
    if await warm(desk, snapshot, product, user):
        person = await decider(desk, snapshot, product, user)
        need_right(snapshot.configuration.reviews.policy, Right.REQUEST, person.standing, Tier.LOW)
    desk.tasks.start(_learn(desk, product), name="muster-team")
    return Open(view=launch_form((product.key, product.title), Typed()))


async def _learn(desk: Desk, product: Product) -> None:
    await people.fetch(desk.directory, product)


async def asked(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Open the launch that somebody asked for."""
    product = snapshot.product(sent.about.get("product", ""))
    typed = _typed(sent)
    errors = _errors(typed)
    today = desk.services.now().astimezone(product.zoneinfo).date()
    if typed.due_on is not None and typed.due_on < today:
        errors[str(Field.DUE_ON)] = "That day is over; choose the day on which it goes out, or none."
    if errors:
        return Wrong(errors=errors)
    form = partial(launch_form, (product.key, product.title), typed)

    async def act(person: Person, team: Team) -> Block:
        wanted = Asked(
            title=typed.title, manifest=_manifest(typed), answers=_answers(typed), goes_out_on=typed.due_on
        )
        made = await launches.open_launch(
            desk.services, snapshot, product, wanted, by=person, team=team, key=sent.key
        )
        desk.wake()
        return opened_page(made.id, product.channel or "", made.decided.launch.revision.tier)

    return await _in_time(
        _Asking(sent=sent, desk=desk, snapshot=snapshot, product=product, form=form, act=act)
    )


async def revised(sent: Submission, desk: Desk, snapshot: Snapshot) -> Answer:
    """Put a new revision in the place of the newest one."""
    kept = await launch_of(desk, snapshot, sent.about.get("launch", ""))
    product = snapshot.product(kept.product)
    typed = _typed(sent)
    errors = _errors(typed, titled=False)
    if errors:
        return Wrong(errors=errors)

    async def act(person: Person, team: Team) -> Block:
        wanted = Asked(title="", manifest=_manifest(typed), answers=_answers(typed))
        decided = await launches.revise(
            desk.services, snapshot, kept.id, wanted, by=person, team=team, key=sent.key
        )
        desk.wake()
        return modals.sentence(
            "New revision", f"Revision {decided.launch.revision.n} of {kept.id} is submitted."
        )

    form = partial(revision_form, kept.id, typed)
    return await _in_time(
        _Asking(sent=sent, desk=desk, snapshot=snapshot, product=product, form=form, act=act)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """A form that was sent, and what it asks to do."""

    sent: Submission
    desk: Desk
    snapshot: Snapshot
    product: Product
    form: Callable[..., Block]  # the same form again, with what was typed, and a sentence about why
    act: Callable[[Person, Team], Awaitable[Block]]

    async def done(self) -> Block:
        """Do it; a refusal gives the form back, so that nothing has to be typed again."""
        try:
            person = await decider(self.desk, self.snapshot, self.product, self.sent.who.user)
            return await self.act(person, await team_of(self.desk, self.snapshot, self.product))
        except Refusal as refusal:
            return self.form(trouble=str(refusal))

    async def slowly(self) -> Block:
        """Do it after Slack was asked for everybody whom the product names."""
        await people.fetch(self.desk.directory, self.product)
        return await self.done()


async def _in_time(asking: _Asking) -> Answer:
    """Do it before the ack where everybody is known; else behind a view that says what is going on."""
    user = asking.sent.who.user
    if await warm(asking.desk, asking.snapshot, asking.product, user) and await _team_known(asking):
        return Replace(view=await asking.done())
    return Replace(view=modals.sentence("One moment", ASKING), then=asking.slowly)


async def _team_known(asking: _Asking) -> bool:
    """Tell whether Slack has said of everybody who holds a role who they are."""
    wanted = people.Asked(workspace=asking.snapshot.workspace, product=asking.product)
    since = asking.desk.directory.since
    try:
        found = await asking.desk.services.store.read(partial(people.membership, asked=wanted, since=since))
    except Cold:
        return False
    return not found.unseen


async def team_of(desk: Desk, snapshot: Snapshot, product: Product) -> Team:
    """Say who may decide in a product, and whether another company reads along."""
    outsiders = product.channel is not None and (await room(desk, product.channel)).shared_outside
    return await teams.team(desk.services, desk.directory, snapshot, product=product, outsiders=outsiders)


def typed_of(launch: Launch) -> Typed:
    """Give what a launch's newest revision says, to be changed."""
    revision = launch.revision
    return Typed(parts=revision.manifest.parts, risks=frozenset(each.value for each in revision.answers))


def _typed(sent: Submission) -> Typed:
    day = sent.values.get(Field.DUE_ON)
    return Typed(
        title=sent.values.get(Field.TITLE, "").strip(),
        due_on=date.fromisoformat(day) if day else None,
        parts={part: sent.values.get(part, "") for part in FIELDS},
        risks=frozenset(sent.lists.get(Field.RISKS, ())),
    )


def _errors(typed: Typed, *, titled: bool = True) -> dict[str, str]:
    """Say at each field what would work there."""
    found = {} if typed.title or not titled else {str(Field.TITLE): "Say in a line what launches."}
    for part in FIELDS:
        try:
            pinned({**SOUND, part: typed.parts[part], **_pair(typed, part)})
        except Refusal as refusal:
            found[part] = str(refusal)
    if not found:
        found = _together(typed)
    return found


def _pair(typed: Typed, part: str) -> dict[str, str]:
    """Give a model and its version one word: both are none or neither."""
    none = typed.parts[part].strip().casefold() == NONE
    other = {"model": "model_version", "model_version": "model"}.get(part)
    return {other: NONE} if other is not None and none else {}


def _together(typed: Typed) -> dict[str, str]:
    try:
        pinned(dict(typed.parts))
    except Refusal as refusal:
        return {"model_version": str(refusal)}
    return {}


def _manifest(typed: Typed) -> Manifest:
    return pinned(dict(typed.parts))


def _answers(typed: Typed) -> frozenset[RiskQuestion]:
    return frozenset(RiskQuestion(each) for each in typed.risks if each in set(RiskQuestion))
