"""When standups run, in words: the same lines for everybody, with a reader's own time where Slack can show it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from handlers.listeners.ids import Action, Callback, Field
from handlers.views import inputs, modals
from handlers.views.blocks import Block, Payload, actions, button, context, fallback, sections
from handlers.views.receipts import slack_time
from handlers.views.text import bold, escape, mention
from schema.products import ASK_AT, DEADLINE, Product, StandupTime
from schema.schedule_words import marks, short_day
from schema.schedule_words import said as spoken
from schema.schedules import Occurrence, Plan, Schedule

LONGEST_WHY: Final = 200
MOST_WEEKS: Final = 13
PEOPLE_MOST: Final = 100
NO_HOLIDAYS: Final = "No public holidays move it."


def said(text: str) -> Payload:
    """Make a message of one escaped sentence or some."""
    return {"blocks": sections(text), "text": fallback(text)}


# --- what stands ---


def plan(found: Plan, *, command: str, may_change: bool, revision: int) -> Payload:
    """Show when a standup runs, and its next times."""
    text = "\n".join(_lines(found, command=command))
    blocks = sections(text)
    if may_change:
        about = {"product": found.product.key, "revision": str(revision)}
        buttons = [button("Change it", action_id=Action.SCHEDULE, value=about, primary=True)]
        if found.runs:
            buttons.append(button("Leave the next one out", action_id=Action.SKIP, value=about))
        blocks.append(actions(buttons))
    return {"blocks": blocks, "text": fallback(text)}


def _lines(found: Plan, *, command: str) -> Iterator[str]:
    product, schedule = found.product, found.schedule
    title = bold(escape(f"Standup of {product.title}"))
    if schedule is None or product.standup is None:
        yield f"{title}: no time is set, so nothing is posted by itself."
        return
    yield f"{title}: {escape(spoken(schedule))}"
    if product.channel is None:
        yield "It has no channel yet, so nothing is posted. Give it one in muster.yaml."
    if product.standup.paused:
        yield f"Paused. `{escape(command)} standup {product.key} resume` goes on; without the pause it would be:"
    yield from (_run(each.occurrence, schedule, each.left_out) for each in found.runs)
    yield escape(asked(product.standup))
    yield (
        escape(f"Public holidays of {product.holidays} move it within its week." if product.holidays else "")
        or NO_HOLIDAYS
    )
    if found.lost:
        yield lost(found, command=command)


def _run(found: Occurrence, schedule: Schedule, left_out: str) -> str:
    line = f"• {escape(when(found, schedule))} (for you {slack_time(found.at)})"
    return f"{line}: {left_out}" if left_out else line


def when(found: Occurrence, schedule: Schedule) -> str:
    """Say one time: day, wall time and zone, and what is unusual about it; plain words."""
    unusual = "; ".join(marks(found, schedule))
    return _local(found.at, schedule.zone) + (f", {unusual}" if unusual else "")


def _local(at: datetime, zone: ZoneInfo) -> str:
    wall = at.astimezone(zone)
    return f"{short_day(wall.date())}, {wall:%H:%M} {zone.key}"


def asked(standup: StandupTime) -> str:
    """Say who is asked before it, and until when; plain words."""
    if not standup.roster:
        return "Nobody is asked for a check-in before it."
    people = sum(not each.startswith("S") for each in standup.roster)
    groups = len(standup.roster) - people
    counted = [f"{people} {'person' if people == 1 else 'people'}"] if people else []
    counted += [f"{groups} user {'group' if groups == 1 else 'groups'}"] if groups else []
    return (
        f"Asked before it: {' and '.join(counted)}, at {standup.ask_at:%H:%M} where each is, with answers until"
        f" {standup.deadline:%H:%M} on the last business day before."
    )


def lost(found: Plan, *, command: str) -> str:
    """Warn of a period that nothing tells any more."""
    return (
        f":warning: {escape(found.lost)} is not told yet, and its time is past:"
        f" `{escape(command)} standup {found.product.key} now` posts it."
    )


# --- what everybody in the channel is told ---


def changed(found: Plan, *, by: str) -> str:
    schedule = found.schedule
    assert schedule is not None  # it was just given one
    following = f" The next one: {escape(when(found.runs[0].occurrence, schedule))}." if found.runs else ""
    return f"{mention(by)} changed the standup: {escape(spoken(schedule))}.{following}"


def paused(found: Plan, *, by: str, paused: bool) -> str:
    if paused:
        return f"{mention(by)} paused the standup of {escape(found.product.title)}. Nothing is posted until somebody resumes it."
    schedule = found.schedule
    if schedule is None or not found.runs:
        return f"{mention(by)} resumed the standup of {escape(found.product.title)}."
    return f"{mention(by)} resumed the standup. The next one: {escape(when(found.runs[0].occurrence, schedule))}."


def left_out(product: Product, found: Occurrence, *, by: str, why: str) -> str:
    return f"The standup of {escape(product.title)} on {short_day(found.on)} is left out. {mention(by)}: {escape(why)}"


def taken_back(product: Product, found: Occurrence, *, by: str) -> str:
    return f"The standup of {escape(product.title)} on {short_day(found.on)} is posted after all, says {mention(by)}."


def handed_over(product: Product, *, by: str) -> str:
    """Tell somebody what is theirs now."""
    return (
        f"{mention(by)} handed {bold(escape(product.title))} over to you: you are told when its standup fails, and you"
        f" may change it with `/muster standup {product.key} schedule`."
    )


# --- forms ---


def form(product: Product, *, revision: int, typed: dict[str, str] | None = None) -> Block:
    """Ask for another time, roster or holidays; what holds now stands in the fields.

    typed   what goes over it, by field
    """
    now = product.standup
    values = _values(product) | (typed or {})

    def line(field: Field, example: str) -> Block:
        return inputs.line(initial=values.get(field, ""), placeholder=example, most=60)

    users = [each for each in (now.roster if now is not None else ()) if not each.startswith("S")]
    groups = [each for each in (now.roster if now is not None else ()) if each.startswith("S")]
    kept = f" {len(groups)} user {'group stays' if len(groups) == 1 else 'groups stay'}; muster.yaml names them." if groups else ""  # fmt: skip
    blocks = [
        inputs.asked("Day", line(Field.DAY, "monday"), block_id=Field.DAY, hint="monday, first monday, last friday, last business day …"),
        inputs.asked("Time", line(Field.AT, "09:30"), block_id=Field.AT),
        inputs.asked("Time zone", line(Field.ZONE, "Europe/Berlin"), block_id=Field.ZONE),
        inputs.asked("How often", _pace(int(values.get(Field.EVERY, "1"))), block_id=Field.EVERY),
        inputs.asked("From", _since(values.get(Field.STARTS_ON, "")), block_id=Field.STARTS_ON, optional=True, hint="Where it is not every week, weeks are counted from here."),
        inputs.asked("Public holidays", line(Field.HOLIDAYS, "DE-BE"), block_id=Field.HOLIDAYS, optional=True, hint="A country, or its part: they move the standup within its week. Never guessed from the zone."),
        inputs.asked("Who is asked before it?", _people(users), block_id=Field.ROSTER, optional=True, hint=f"Each is asked in a direct message.{kept}"),
        inputs.asked("Asked at, where each is", line(Field.ASK_AT, "10:00"), block_id=Field.ASK_AT),
        inputs.asked("Answers until", line(Field.DEADLINE, "16:00"), block_id=Field.DEADLINE, hint="On the last business day before."),
    ]  # fmt: skip
    about = {"product": product.key, "revision": str(revision)}
    return inputs.form("Standup", blocks, callback=Callback.SCHEDULE, about=about, submit="Change it")


def _values(product: Product) -> dict[str, str]:
    now = product.standup
    zone = product.standup_zone.key
    common: dict[str, str] = {Field.ZONE: zone, Field.HOLIDAYS: product.holidays or ""}
    if now is None:
        return common | {Field.DAY: "monday", Field.AT: "09:30", Field.ASK_AT: f"{ASK_AT:%H:%M}", Field.DEADLINE: f"{DEADLINE:%H:%M}"}  # fmt: skip
    return common | {
        Field.DAY: str(now.on), Field.AT: f"{now.at:%H:%M}", Field.EVERY: str(now.every),
        Field.STARTS_ON: now.since.isoformat() if now.since else "", Field.ASK_AT: f"{now.ask_at:%H:%M}",
        Field.DEADLINE: f"{now.deadline:%H:%M}",
    }  # fmt: skip


def _pace(every: int) -> Block:
    choices = [inputs.choice("Every week, or once a month" if weeks == 1 else f"Every {weeks} weeks", str(weeks)) for weeks in range(1, MOST_WEEKS + 1)]  # fmt: skip
    return inputs.menu(choices, chosen=str(every))


def _since(day: str) -> Block:
    return {"type": "datepicker"} | ({"initial_date": day} if day else {})


def _people(users: Sequence[str]) -> Block:
    made: Block = {"type": "multi_users_select", "max_selected_items": PEOPLE_MOST}
    return made | {"initial_users": list(users[:PEOPLE_MOST])} if users else made


def skip_form(product: Product, found: Occurrence, schedule: Schedule, *, why: str = "") -> Block:
    """Ask why the next standup is left out."""
    blocks = [
        *sections(f"The standup of {escape(product.title)} on {escape(when(found, schedule))}."),
        inputs.asked(
            "Why?", inputs.line(initial=why, most=LONGEST_WHY), block_id=Field.REASON,
            hint="One line, for everybody in its channel.",
        ),
    ]  # fmt: skip
    about = {"product": product.key, "at": found.at.isoformat()}
    return inputs.form("Leave one out", blocks, callback=Callback.SKIP, about=about, submit="Leave it out")


def done(found: Plan, *, command: str) -> Block:
    """Confirm what holds from now on, in the modal that was sent."""
    told = [context("Its channel is told.")] if found.told else []
    return modals.page("Standup", [*sections("\n".join(_lines(found, command=command))), *told])
