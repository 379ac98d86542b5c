"""When a standup runs, asked for and changed in Slack: its time, its roster, one that is left out, and whose it is."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from handlers import schedules
from handlers.listeners.answers import Answer, Later, Open, Replace, Show, Wrong
from handlers.listeners.desk import Desk
from handlers.listeners.ids import Field
from handlers.listeners.payloads import Click, Command, Submission
from handlers.listeners.rooms import room
from handlers.listeners.topics import product_here, product_named, titles
from handlers.listeners.words import Asked, Mode, choose
from handlers.readers import Circle, may_post, poster
from handlers.schedules import Wanted, Wish
from handlers.services import Snapshot
from handlers.views import schedules as shown
from handlers.views.blocks import Block
from handlers.views.refusals import note
from schema.configuration.mistakes import read
from schema.errors import Refusal
from schema.problems import Findings, Problem
from schema.products import Product, Readers, StandupTime
from schema.public_holidays import known, nearest_code
from schema.schedule_words import taken_apart

MAY_NOT: Final = "Only a product manager or an owner of {title} may change its standup; `standup {key} schedule` shows it to you."
UNSURE: Final = "Slack did not say in time who everybody is; send it again."
NOT_ON_IT: Final[
    Mapping[str, str]
] = {  # what Slack says of an account → why it is not asked, nor owns anything
    "deleted": "{name} is deactivated in Slack; choose somebody else.",
    "is_bot": "{name} is a bot; choose people.",
    "is_stranger": "{name} belongs to another company; choose people of this workspace.",
    "is_ultra_restricted": "{name} is a guest; choose full members of this workspace.",
    "is_restricted": "{name} is a guest; choose full members of this workspace.",
}
FIELDS: Final[Mapping[str, Field]] = {  # as muster.yaml names it → where it is typed
    "on": Field.DAY,
    "at": Field.AT,
    "zone": Field.ZONE,
    "every": Field.EVERY,
    "from": Field.STARTS_ON,
    "ask_at": Field.ASK_AT,
    "deadline": Field.DEADLINE,
}


async def typed(asking: Command, desk: Desk, snapshot: Snapshot, circle: Circle, *, wanted: Asked) -> Answer:
    """Do what somebody typed about a standup's schedule."""
    product, rest = _about(circle, wanted, channel=asking.channel, command=desk.command)
    wish = Wish(by=circle.user, key=f"command.{asking.trigger}")
    match wanted.mode:
        case Mode.SCHEDULE if rest:
            await _may_change(desk, product, circle.user)
            return Open(view=_form(snapshot, product, rest))
        case Mode.SCHEDULE:
            return await show(desk, snapshot, circle, product)
        case Mode.SKIP:
            return await _skipping(desk, snapshot, product, circle.user, why=rest)
        case Mode.HAND_OVER:
            return await _handing_over(desk, snapshot, product, wish, to=wanted.person)
        case _:
            return await _pausing(desk, snapshot, product, wish, paused=wanted.mode is Mode.PAUSE)


async def _pausing(desk: Desk, snapshot: Snapshot, product: Product, wish: Wish, *, paused: bool) -> Answer:
    """Pause, or go on; where nothing is paused, what was left out is posted after all."""
    await _may_change(desk, product, wish.by)
    wish = replace(wish, quiet=await _overheard(desk, product))
    if paused or schedules.need_time(product).paused:
        found = await schedules.pause(desk.services, snapshot, product, wish, paused=paused)
    else:
        found = await schedules.take_back(desk.services, snapshot, product, wish)
    desk.wake()
    return Show(messages=[shown.plan(found, command=desk.command, may_change=False, revision=0)])


async def _overheard(desk: Desk, product: Product) -> bool:
    """Tell whether nothing is to be said in a product's channel: others read along, or we may not post."""
    if product.channel is None:
        return True
    try:
        found = await room(desk, product.channel)
    except Refusal:
        return True
    return found.shared_outside or (product.readers is Readers.ROLES and not found.private)


def _about(circle: Circle, wanted: Asked, *, channel: str, command: str) -> tuple[Product, str]:
    """Tell which product is meant, and what else was said; words after the verb may be either."""
    if wanted.product is not None or not wanted.rest:
        return product_named(circle, wanted.product, channel=channel, command=command), wanted.rest
    try:
        return circle.products[choose(wanted.rest, titles(circle), kind="product")], ""
    except Refusal:
        return product_here(circle, channel=channel, command=command), wanted.rest


async def show(desk: Desk, snapshot: Snapshot, circle: Circle, product: Product) -> Show:
    """Show when a standup runs, and offer those who may to change it."""
    found = await schedules.plan_of(desk.services, snapshot, product)
    may = may_post(desk.directory, product, circle.user)
    return Show(
        messages=[shown.plan(found, command=desk.command, may_change=may, revision=snapshot.revision)]
    )


async def _may_change(desk: Desk, product: Product, user: str) -> None:
    await poster(
        desk.directory, product, user, otherwise=MAY_NOT.format(title=product.title, key=product.key)
    )


def _form(snapshot: Snapshot, product: Product, words: str) -> Block:
    """Open the form with what somebody typed; what is wrong with it is told at once."""
    given = taken_apart(words)
    now = schedules.plain(product.standup) if product.standup is not None else {"on": "monday", "at": "09:30"}
    findings = Findings()
    if read(StandupTime, {**now, "from": "2026-01-05", **given}, (), findings) is None:
        raise Refusal(_first(findings))
    values = {str(FIELDS[name]): str(value) for name, value in given.items()}
    return shown.form(product, revision=snapshot.revision, typed=values)


def _first(findings: Findings) -> str:
    return _sentence(findings.problems[0])


def _sentence(problem: Problem) -> str:
    return f"{problem.what} {problem.works}".strip()


async def change(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Ask what is to be different."""
    product = circle.product(click.about.get("product", ""))
    await _may_change(desk, product, circle.user)
    return Open(view=shown.form(product, revision=snapshot.revision))


async def changed(sent: Submission, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Change what somebody sent; what is wrong is told beside its field."""
    product = circle.product(sent.about.get("product", ""))
    await _may_change(desk, product, circle.user)
    found = _wanted(product, sent)
    errors = found if isinstance(found, dict) else await _not_on_it(desk, found.standup.roster)
    if isinstance(found, dict) or errors:
        return Wrong(errors=errors)
    seen = sent.about.get("revision", "")
    quiet = await _overheard(desk, product)
    wish = Wish(by=circle.user, key=sent.key, seen=int(seen) if seen.isdigit() else None, quiet=quiet)
    plan = await schedules.change(desk.services, snapshot, product, wish, wanted=found)
    desk.wake()
    return Replace(view=shown.done(plan, command=desk.command))


def _wanted(product: Product, sent: Submission) -> Wanted | dict[str, str]:
    """Read the form; gives what is wrong by field where something is."""
    now = schedules.plain(product.standup) if product.standup is not None else {}
    given: dict[str, Any] = {name: sent.values.get(field, "").strip() for name, field in FIELDS.items()}
    given |= {
        "every": int(given["every"] or 1),
        "roster": _roster(product, sent),
        "paused": now.get("paused", False),
    }
    if given["zone"] == product.zone:
        given["zone"] = now.get("zone")
    findings, holidays = Findings(), sent.values.get(Field.HOLIDAYS, "").strip()
    standup = read(StandupTime, {name: value for name, value in given.items() if value or name in ("on", "at")}, (), findings)  # fmt: skip
    errors = {str(_field(problem)): _sentence(problem) for problem in reversed(findings.problems)}
    if not known(holidays):
        errors[Field.HOLIDAYS] = f"No holidays are known of it. {nearest_code(holidays)}"
    return errors if standup is None or errors else Wanted(standup=standup, holidays=holidays or None)


def _roster(product: Product, sent: Submission) -> list[str]:
    """Take the people of the form; user groups stay as muster.yaml has them."""
    before = product.standup.roster if product.standup is not None else ()
    return [*sent.lists.get(Field.ROSTER, ()), *(each for each in before if each.startswith("S"))]


def _field(problem: Problem) -> Field:
    """Find where a mistake was typed; one of several fields stands at the date, or at the day."""
    name = str(problem.path[0]) if problem.path else "from" if "weeks" in problem.what else "on"
    return FIELDS.get(name, Field.DAY)


async def _not_on_it(desk: Desk, roster: tuple[str, ...]) -> dict[str, str]:
    """Say who on a roster is nobody to ask."""
    people = [each for each in roster if not each.startswith("S")]
    await _meet(desk, people)
    wrong = (why for each in people if (why := _no_colleague(desk, each)) is not None)
    return {str(Field.ROSTER): why for why in islice(wrong, 1)}


async def _meet(desk: Desk, people: Sequence[str]) -> None:
    """Ask Slack who people are, for as long as the person who waits may be kept waiting."""
    unknown = [each for each in people if desk.directory.identity(each) is None]
    with suppress(TimeoutError):
        async with asyncio.timeout(desk.directory.within_s):
            await desk.directory.learn(unknown)


def _no_colleague(desk: Desk, user: str) -> str | None:
    """Say why somebody is no full member of this workspace; None where they are one."""
    said = desk.directory.identity(user)
    if said is None:
        return UNSURE
    if "refused" in said.body:
        return "Slack does not know this person; choose somebody else."
    name = str(said.body.get("name") or "This person")
    return next((words.format(name=name) for flag, words in NOT_ON_IT.items() if said.body.get(flag)), None)


# --- one that is left out, and whose it is ---


async def skip(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Ask why the next one is left out."""
    return await _skipping(desk, snapshot, circle.product(click.about.get("product", "")), circle.user)


async def _skipping(desk: Desk, snapshot: Snapshot, product: Product, user: str, *, why: str = "") -> Answer:
    await _may_change(desk, product, user)
    schedules.need_time(product)
    found = await schedules.plan_of(desk.services, snapshot, product)
    first = next((each for each in found.runs if not each.left_out), None)
    if first is None or found.schedule is None:
        raise Refusal(f"No standup of {product.title} is coming, so there is none to leave out.")
    return Open(view=shown.skip_form(product, first.occurrence, found.schedule, why=why))


async def skipped(sent: Submission, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Leave the next standup out."""
    product = circle.product(sent.about.get("product", ""))
    await _may_change(desk, product, circle.user)
    why = " ".join(sent.values.get(Field.REASON, "").split())
    if not why:
        return Wrong(errors={str(Field.REASON): "Say why in a line; everybody in its channel reads it."})
    wish = Wish(by=circle.user, key=sent.key, quiet=await _overheard(desk, product))
    at = datetime.fromisoformat(sent.about["at"])
    plan = await schedules.skip(desk.services, snapshot, product, wish, at=at, why=why)
    desk.wake()
    return Replace(view=shown.done(plan, command=desk.command))


async def _handing_over(
    desk: Desk, snapshot: Snapshot, product: Product, wish: Wish, *, to: str | None
) -> Answer:
    """Make a colleague the owner; Slack may have to be asked who they are."""
    if to is None:
        raise Refusal(f"Name whom to hand it to: `{desk.command} standup {product.key} hand-over @kim`.")

    async def after() -> Answer:
        await _meet(desk, [to])
        why = _no_colleague(desk, to)
        if why is not None:
            raise Refusal(why)
        await schedules.hand_over(desk.services, snapshot, product, wish, to=to)
        desk.wake()
        return Show(messages=[note(f"Done. {product.title} has a new owner, and they are told.")])

    return await after() if desk.directory.identity(to) is not None else Later(note=None, work=after)
