"""The whole Slack surface as one table; deploy/slack_manifest.yaml is held equal to it."""

from typing import Final

from handlers.listeners import (
    checkins,
    commands,
    homes,
    items,
    launches,
    pages,
    payloads,
    reviews,
    schedules,
    threads,
    verbs,
)
from handlers.listeners.door import Row
from handlers.listeners.ids import COMMAND, Action, Callback, Event
from handlers.listeners.showing import Kind

SURFACE: Final = (  # Bolt goes through it in this order, so what comes from a thousand people at once stands first
    Row(Kind.COMMAND, COMMAND, payloads.command, commands.command),
    Row(Kind.VIEW, Callback.ITEMS, payloads.submission, items.answered, recorded=True),
    Row(Kind.ACTION, Action.SHARE, payloads.click, pages.share, at_once=True),
    Row(Kind.ACTION, Action.OTHER_READER, payloads.click, pages.another_reader),
    Row(Kind.ACTION, Action.HOW, payloads.click, pages.how),
    Row(Kind.ACTION, Action.REVIEW, payloads.click, items.review, recorded=True),
    Row(Kind.ACTION, Action.WHY, payloads.click, reviews.why),
    Row(Kind.ACTION, Action.MORE, payloads.click, verbs.more, recorded=True),
    Row(Kind.ACTION, Action.EVIDENCE, payloads.click, items.add_evidence),
    Row(Kind.ACTION, Action.SCHEDULE, payloads.click, schedules.change),
    Row(Kind.ACTION, Action.SKIP, payloads.click, schedules.skip),
    Row(Kind.ACTION, Action.CHECKIN, payloads.click, checkins.opened),
    Row(Kind.ACTION, Action.CHECKIN_SKIP, payloads.click, checkins.skipped, at_once=True),
    Row(Kind.ACTION, Action.CHECKIN_AWAY, payloads.click, checkins.away, at_once=True),
    Row(Kind.ACTION, Action.CHECKIN_WHOLE, payloads.click, checkins.whole),
    Row(Kind.VIEW, Callback.READER, payloads.submission, pages.reader_chosen),
    Row(Kind.VIEW, Callback.LAUNCH, payloads.submission, launches.asked),
    Row(Kind.VIEW, Callback.REVISION, payloads.submission, launches.revised),
    Row(Kind.VIEW, Callback.EVIDENCE, payloads.submission, items.evidence_given),
    Row(Kind.VIEW, Callback.VERB, payloads.submission, verbs.chosen),
    Row(Kind.VIEW, Callback.DONE, payloads.submission, verbs.done, recorded=True),
    Row(Kind.VIEW, Callback.CHECKIN, payloads.submission, checkins.answered, at_once=True),
    Row(Kind.VIEW, Callback.CHECKIN_ANYWAY, payloads.submission, checkins.anyway, at_once=True),
    Row(Kind.VIEW, Callback.SCHEDULE, payloads.submission, schedules.changed),
    Row(Kind.VIEW, Callback.SKIP, payloads.submission, schedules.skipped),
    Row(Kind.EVENT, Event.MENTION, payloads.mention, threads.mention, at_once=True),
    Row(Kind.EVENT, Event.DIRECT_MESSAGE, payloads.direct_message, threads.direct_message, at_once=True),
    Row(Kind.EVENT, Event.HOME, payloads.home_opened, homes.opened),
    Row(Kind.EVENT, Event.JOINED, payloads.joined, homes.joined),
    Row(Kind.EVENT, Event.GROUP_CHANGED, payloads.changed, homes.changed),
    Row(Kind.EVENT, Event.GROUP_UPDATED, payloads.changed, homes.changed),
    Row(Kind.EVENT, Event.PERSON_CHANGED, payloads.changed, homes.changed),
)
