"""When a launch has to be looked at again, because time alone may change it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from schema.launches import Launch, Revision, State
from schema.spoken import SIGNED
from schema.wall_times import instant
from schema.watches import LOOK_BACKS, look_back_at


def next_turn(launch: Launch, until: datetime | None, now: datetime, *, every: timedelta) -> datetime | None:
    """Give the first moment after now at which the clock has to look; None when nothing can happen any more.

    until   when time alone may change what the evidence shows
    every   how long a launch under way is left alone at most
    """
    if launch.ended:
        return None
    turns = [now + every, _midnight(launch, now), *([until] if until is not None else []), *_turns(launch)]
    return min(turn for turn in turns if turn > now)


def _midnight(launch: Launch, now: datetime) -> datetime:
    """Give the beginning of the next day: a period may be over then, and what holds until a day holds no more."""
    zone = ZoneInfo(launch.zone)
    return instant(now.astimezone(zone).date() + timedelta(days=1), time(), zone)


def _turns(launch: Launch) -> Iterator[datetime]:
    if not launch.revisions:
        return
    revision = launch.revision
    if launch.state in (State.CHECKING, State.OPEN):
        yield revision.deadline
    if launch.state in (State.OPEN, State.APPROVED):
        yield from _lapses(revision)
    for waiver in revision.waivers.values():
        yield waiver.until
    if revision.bypass is not None:
        yield revision.bypass.until
        yield revision.bypass.review_by
    if launch.state is State.LAUNCHED:
        yield from _look_backs(launch, revision)


def _lapses(revision: Revision) -> Iterator[datetime]:
    """Give when signatures are too old to count."""
    valid = timedelta(days=revision.policy.sign_off_valid_days)
    for name, item in revision.items.items():
        for voice in revision.voices.get(name, {}).values():
            if voice.said(item.digest) in SIGNED:
                yield voice.newest[item.digest].at + valid


def _look_backs(launch: Launch, revision: Revision) -> Iterator[datetime]:
    for day in LOOK_BACKS:
        if day not in revision.looked_back:
            yield look_back_at(launch, day)
