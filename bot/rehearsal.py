"""The launches of the demo's story, brought to where visitors find them: by what people do, on the days they did it."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from aiohttp import ClientSession

from bot.files import Secrets
from bot.offline import desk
from bot.settings import Settings
from bot.workspaces import MAIN
from deploy.demo import jobs_launch, offers_launch, people
from deploy.demo.scripts import CheckIn, Evidence, Give, Say, Script, Step, Submit, business_day
from deploy.demo.weeks import Weeks, weeks_before
from handlers import checkins, drawing, evidence, gates, items, launches, outbox, ticks
from handlers import people as known
from handlers.checkin_answers import Said, SaidBlocker, SaidDecision
from handlers.deciding import Person
from handlers.items import Answer
from handlers.launches import Asked
from handlers.pages import closed_period
from handlers.pulls import pull
from handlers.readers import Directory
from handlers.sender import Sender, let_go
from handlers.services import Services, Snapshot
from handlers.teams import person, team
from integrations.pacer import Pace, Pacer
from integrations.slack import Slack, slack_session
from schema.evidence import Document, Record
from schema.evidence_given import Giver, Typed, TypedDocument, read_document, read_record
from schema.manifests import pinned
from schema.products import Product
from schema.requirements import Requirement
from schema.votes import Intent

QUICK = Pace(channel_interval_s=0.02, workspace_per_minute=10_000)  # only a local Slack bears this
SCRIPTS = (offers_launch.SCRIPT, jobs_launch.SCRIPT)


@dataclass(slots=True, kw_only=True)
class Clock:
    """The time on the stage; it stands still during a step."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """The stage, and what has come of each launch so far."""

    services: Services
    snapshot: Snapshot
    directory: Directory
    sender: Sender
    clock: Clock
    weeks: Weeks
    opened: dict[str, str] = field(default_factory=dict)  # product → launch
    keys: Iterator[int] = field(default_factory=itertools.count)

    async def play(self, scripts: Sequence[Script]) -> None:
        """Let everybody do what they did, in the order of time."""
        for script in scripts:
            await self._prepare(self.snapshot.product(script.product))
        steps = [(step.when(self.weeks), script, step) for script in scripts for step in script.steps]
        for moment, script, step in sorted(steps, key=lambda each: each[0]):
            self.clock.at = moment
            await self._act(script, step)
        await self._post()

    async def _prepare(self, product: Product) -> None:
        """Ask Slack who everybody is, and read the figures that the reviews rest on."""
        await known.fetch(self.directory, product, pause_s=0)
        await pull(self.services, self.snapshot, product, period=closed_period(product, self.weeks.at))

    async def _act(self, script: Script, step: Step) -> None:
        product = self.snapshot.product(script.product)
        match step:
            case Give():
                await self._give(product, step.evidence)
                await drawing.catch_up(self.services, self.snapshot)
            case Submit():
                await self._submit(script, product, step)
            case Say():
                await self._say(product, step)
            case CheckIn():
                await self._check_in(product, step)
            case _:
                assert_never(step)

    async def _give(self, product: Product, given: Sequence[Evidence]) -> None:
        """Put all of it there with one commit, in its order."""
        givers = {each.by: await self._person(product, each.by) for each in given}
        giver = Giver(pid="", at=self.clock.at, zone=product.zoneinfo)

        def put(each: Evidence) -> Coroutine[Any, Any, bool]:
            asked = evidence.requirement_of(
                self.services, self.snapshot, product, item=each.item, name=each.name
            )
            return evidence.put(
                self.services, self.snapshot, product, item=each.item, given=typed(asked, each, giver),
                by=givers[each.by], key=self._key(),
            )  # fmt: skip

        await asyncio.gather(*(put(each) for each in given))

    async def _submit(self, script: Script, product: Product, step: Submit) -> None:
        by = await self._person(product, step.by)
        here = await team(self.services, self.directory, self.snapshot, product=product, outsiders=False)
        manifest, launch = pinned(step.parts), self.opened.get(product.key)
        if launch is None:
            day = business_day(self.weeks, script.goes_out_in)
            end = datetime.combine(day, self.weeks.at.time(), tzinfo=UTC)
            asked = Asked(
                title=script.title, manifest=manifest, answers=step.answers, goes_out_on=day, deadline=end
            )
            made = await launches.open_launch(
                self.services, self.snapshot, product, asked, by=by, team=here, key=self._key()
            )
            launch = self.opened[product.key] = made.id
            await self._post()  # what follows waits in line behind the card
        else:
            asked = Asked(title="", manifest=manifest, answers=step.answers)
            await launches.revise(
                self.services, self.snapshot, launch, asked, by=by, team=here, key=self._key()
            )
        await ticks.tick_launch(self.services, self.snapshot, launch)

    async def _say(self, product: Product, step: Say) -> None:
        """Answer what the modal shows; who has nothing to say by then says nothing."""
        launch, by = self.opened[product.key], await self._person(product, step.by)
        await ticks.tick_launch(self.services, self.snapshot, launch)
        gate = await gates.answer(self.services, self.snapshot, launch)
        signed = {*gate.waits_for.get(step.role, ()), *step.also} - step.leaves - step.objections.keys()
        said = {item: Answer(intent=Intent.SIGN) for item in sorted(signed)}
        said |= {item: Answer(intent=Intent.OBJECT, reason=why) for item, why in step.objections.items()}
        if said:
            shown = await items.show(
                self.services, self.snapshot, launch, person=by, role=step.role, id=secrets.token_urlsafe(18)
            )
            await items.sign(self.services, self.snapshot, shown.id, said, person=by, key=self._key())

    async def _check_in(self, product: Product, step: CheckIn) -> None:
        place = checkins.coming_place(self.snapshot, product, step.by, now=self.clock.at, reads=True)
        if place is None:
            message = f"{product.key} has no standup that {step.by} could answer for"
            raise RuntimeError(message)
        launch = self.opened.get(product.key, "")
        said = Said(
            changed=step.changed, learned=step.learned,
            blockers=(SaidBlocker(text=step.blocker, unblocker=step.unblocker, launch=launch),) if step.blocker else (),
            decisions=(SaidDecision(text=step.decision, metric=step.about),) if step.decision else (),
        )  # fmt: skip
        await checkins.answer(self.services, place, said, key=self._key())

    async def _post(self) -> None:
        """Show in Slack what was decided until now, in its order."""
        await outbox.send_pending(self.sender, at_once=1)

    async def _person(self, product: Product, user: str) -> Person:
        return await person(self.services, self.directory, self.snapshot, product=product, user=user)

    def _key(self) -> str:
        return f"rehearsal-{next(self.keys)}"


def typed(asked: Requirement, given: Evidence, giver: Giver) -> Record | Document:
    """Read what somebody typed for a requirement; raises Refusal where it does not fit."""
    day = (giver.at.astimezone(giver.zone).date() - timedelta(days=given.days)).isoformat()
    if given.value is None:
        return read_document(
            asked, TypedDocument(link=given.link, digest=given.digest, dated=day, states=given.states), giver
        )
    return read_record(
        asked, Typed(value=given.value, measured=day, link=given.link, states=given.states), giver
    )


async def rehearse(settings: Settings, *, now: Callable[[], datetime]) -> None:
    """Bring the story's launches to where they stand now, and what was said of them into the local Slack."""
    async with _stage(settings, now=now) as rehearsal:
        await rehearsal.play(SCRIPTS)


@asynccontextmanager
async def _stage(settings: Settings, *, now: Callable[[], datetime]) -> AsyncIterator[Rehearsal]:
    clock = Clock(at=now())
    async with (
        desk(settings, Secrets(environment={}), config=None, now=clock) as here,
        slack_session() as session,
    ):
        slack = _slack(settings, session)
        store, weeks = here.services.store, weeks_before(clock.at)

        async def owners(product: str) -> Sequence[str]:
            found = here.snapshot.product(product)
            return (found.owner, found.backup_owner)

        sender = Sender(
            workspace=MAIN, holder="rehearsal", store=store, slack=slack, now=now, owners=owners, started_at=now(),
            waits=settings.sending(),
        )  # fmt: skip
        directory = Directory(slack, now, team=people.TEAM, workspace=MAIN, store=store)
        yield Rehearsal(
            services=here.services, snapshot=here.snapshot, directory=directory, sender=sender, clock=clock,
            weeks=weeks,
        )  # fmt: skip
        await let_go(sender)


def _slack(settings: Settings, session: ClientSession) -> Slack:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    return Slack(
        token=token, session=session, base_url=settings.slack_api_url, pacer=Pacer(QUICK),
        request_s=settings.sending().request_s,
    )  # fmt: skip
