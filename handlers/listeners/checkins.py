"""Check-ins: what people press and type before a standup; every answer is durable before it is acknowledged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from handlers import checkins
from handlers.checkin_answers import Place, Said, SaidBlocker, SaidDecision
from handlers.checkins import NO_ROSTER, NOT_ON_IT, OVER
from handlers.listeners.answers import Answer, Close, Later, Open, Push, Wrong
from handlers.listeners.desk import Desk
from handlers.listeners.ids import Field
from handlers.listeners.payloads import Click, Command, Submission
from handlers.listeners.words import choose
from handlers.readers import Circle
from handlers.services import Snapshot
from handlers.views import checkins as shown
from handlers.views.checkins import LAUNCH, METRIC, NEW, OPEN, SOLVED
from schema.errors import Refusal
from schema.products import Product

LOOKING: Final = "Looking up whose standups you are asked for …"
UNKNOWN_GROUP: Final = (
    "Slack does not say who is in your groups, so I cannot tell; type it again in a minute."
)


# --- typed ---


async def ask(
    typed: Command, desk: Desk, snapshot: Snapshot, circle: Circle, *, product: str | None
) -> Answer:
    """Open the form of the coming standup, of a named product or of the one whose answers are due first."""
    asking = _Asking(desk=desk, snapshot=snapshot, circle=circle, channel=typed.channel, product=product)
    cold = asking.cold()
    if not cold or await asking.knows():
        return await asking.form()

    async def after() -> Answer:
        await desk.directory.learn(cold)
        if asking.cold():
            raise Refusal(UNKNOWN_GROUP)
        return await asking.form()

    return Later(note=LOOKING, work=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Somebody who asks for their form."""

    desk: Desk
    snapshot: Snapshot
    circle: Circle
    channel: str
    product: str | None  # as they typed it

    @property
    def rostered(self) -> list[Product]:
        products = self.snapshot.configuration.products.values()
        return [each for each in products if each.standup is not None and each.standup.roster]

    def cold(self) -> list[str]:
        """Name the groups on rosters of which Slack was not asked lately."""
        held = {id_ for each in self.rostered for id_ in _groups(each)}
        return sorted(id_ for id_ in held if self.desk.directory.identity(id_) is None)

    async def knows(self) -> bool:
        """Tell whether a form can be shown by what is stored."""
        return _chosen(await self.mine(), self.product, channel=self.channel) is not None

    async def form(self) -> Answer:
        found, product = await self.mine(), self.product
        if product is not None:
            known = {**self.circle.products, **{each.product.key: each.product for each in found}}
            key = choose(product, [(each.key, each.title) for each in known.values()], kind="product")
            if key not in {each.product.key for each in found}:
                raise Refusal(NOT_ON_IT.format(title=known[key].title))
            product = key
        chosen = _chosen(found, product, channel=self.channel)
        if chosen is None:
            raise Refusal(NO_ROSTER)
        return Open(view=shown.form(await checkins.filling(self.desk.services, chosen)))

    async def mine(self) -> list[Place]:
        """List the coming standups that somebody is asked for: those they have answered last, then by deadline."""
        person = self.desk.directory.person(self.circle.user)
        if person is None or not person.inside:  # as planning leaves them out, whatever group they are in
            return []
        now = self.desk.services.now()
        coming = [
            checkins.coming_place(
                self.snapshot, each, self.circle.user, now=now, reads=each.key in self.circle.products
            )
            for each in self.rostered
        ]
        return await self.desk.services.store.read(
            lambda session: self._mine(session, [each for each in coming if each is not None])
        )

    def _mine(self, session: Session, places: list[Place]) -> list[Place]:
        found = [
            (place, place.turn(session))
            for place in places
            if checkins.on_roster(session, place) or self._in_group(place)
        ]
        found.sort(key=lambda each: (each[1] is not None and each[1].checkin is not None, each[0].deadline))
        return [place for place, _ in found]

    def _in_group(self, place: Place) -> bool:
        group = self.desk.directory.group
        return any(place.person in (group(id_) or ()) for id_ in _groups(place.product))


def _groups(product: Product) -> list[str]:
    standup = product.standup
    return [id_ for id_ in (standup.roster if standup else ()) if id_.startswith("S")]


def _chosen(found: list[Place], product: str | None, *, channel: str) -> Place | None:
    if product is not None:
        return next((each for each in found if each.product.key == product), None)
    here = [each for each in found if each.product.channel == channel]
    return next(iter(here or found), None)


# --- pressed ---


async def opened(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Open the form that a direct message asks for."""
    place = _place(click.about, snapshot, circle, click.who.user)
    return Open(view=shown.form(await checkins.filling(desk.services, place)))


async def skipped(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Leave one standup out."""
    place = _place(click.about, snapshot, circle, click.who.user)
    await checkins.skip(desk.services, place, key=click.key)
    desk.wake()
    return None


async def away(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Be away for one standup."""
    place = _place(click.about, snapshot, circle, click.who.user)
    await checkins.be_away(desk.services, place, key=click.key)
    desk.wake()
    return None


async def whole(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Show all that somebody wrote, to who may read the product and to its author."""
    place = _place(click.about, snapshot, circle, click.about.get("person", ""))
    if not place.reads and place.person != click.who.user:
        circle.product(place.product.key)
    return Open(view=shown.whole(await checkins.one(desk.services, place)))


def _place(about: Mapping[str, str], snapshot: Snapshot, circle: Circle, user: str) -> Place:
    key = about.get("product", "")
    product = snapshot.configuration.products.get(key)
    if product is None:
        raise Refusal(OVER.format(command="/muster"))
    return Place(
        snapshot=snapshot, product=product, period=about.get("period", ""), person=user,
        reads=key in circle.products,
    )  # fmt: skip


# --- sent ---


async def answered(sent: Submission, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Keep somebody's answers; where the numbers say otherwise, ask them first."""
    place = _place(sent.about, snapshot, circle, sent.who.user)
    try:
        came = await checkins.answer(desk.services, place, said(sent.values), key=sent.key)
    except Refusal as refusal:
        return Wrong(errors={Field.CHANGED: str(refusal)})
    if came.contradicted:
        return Push(view=shown.warning(came.contradicted, came.turn))
    desk.wake()
    return None


async def anyway(sent: Submission, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Keep the answers that their author was asked about."""
    place = _place(sent.about, snapshot, circle, sent.who.user)
    await checkins.answer_anyway(desk.services, place, key=sent.key)
    desk.wake()
    return Close()


def said(values: Mapping[str, str]) -> Said:
    """Read what was typed into the form, by the names of its blocks."""
    still = _named(values, Field.STILL)
    return Said(
        changed=values.get(Field.CHANGED, "").strip(),
        learned=values.get(Field.LEARNED, "").strip(),
        blockers=tuple(_blocker(values, name) for name in _parts(values, Field.BLOCKER, Field.UNBLOCKER)),
        solved=tuple(id_ for id_, value in still.items() if value == SOLVED),
        still=tuple(id_ for id_, value in still.items() if value == OPEN),
        decisions=tuple(_decision(values, name) for name in _parts(values, Field.DECISION)),
    )


def _blocker(values: Mapping[str, str], name: str) -> SaidBlocker:
    kind, _, held_up = values.get(f"{Field.HOLDS_UP}.{name}", "").partition(":")
    return SaidBlocker(
        id="" if name == NEW else name,
        text=values.get(f"{Field.BLOCKER}.{name}", "").strip(),
        unblocker=values.get(f"{Field.UNBLOCKER}.{name}", ""),
        metric=held_up if kind == METRIC else "",
        launch=held_up if kind == LAUNCH else "",
    )


def _decision(values: Mapping[str, str], name: str) -> SaidDecision:
    return SaidDecision(
        number=int(name) if name.isdecimal() else -1,
        text=values.get(f"{Field.DECISION}.{name}", "").strip(),
        metric=values.get(f"{Field.DECISION_METRIC}.{name}", ""),
    )


def _parts(values: Mapping[str, str], *fields: Field) -> list[str]:
    """Name the blockers or decisions that a form holds; one without text may be too long for its field."""
    found = [name for field in fields for name in _named(values, field)]
    return list(dict.fromkeys(found))


def _named(values: Mapping[str, str], field: Field) -> dict[str, str]:
    """Give the values of one kind of field, by what follows its name."""
    start = f"{field}."
    return {block.removeprefix(start): value for block, value in values.items() if block.startswith(start)}
