"""When a launch has to be looked at again, because time alone may change it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from schema.launches import Launch, Revision, State
from schema.watches import LOOK_BACKS, look_back_at


def next_turn(launch: Launch, until: datetime | None, now: datetime, *, every: timedelta) -> datetime | None:
    """Give the first moment after now at which the clock has to look; None when nothing can happen any more.

    until   when time alone may change what the evidence shows
    every   how long a launch under way is left alone at most
    """
    if launch.ended:
        return None
    turns = [now + every, *([until] if until is not None else []), *_turns(launch)]
    return min(turn for turn in turns if turn > now)


def _turns(launch: Launch) -> Iterator[datetime]:
    if not launch.revisions:
        return
    revision = launch.revision
    if launch.state in (State.CHECKING, State.OPEN):
        yield revision.deadline
    for waiver in revision.waivers.values():
        yield waiver.until
    if revision.bypass is not None:
        yield revision.bypass.until
        yield revision.bypass.review_by
    if launch.state is State.LAUNCHED:
        yield from _look_backs(launch, revision)


def _look_backs(launch: Launch, revision: Revision) -> Iterator[datetime]:
    for day in LOOK_BACKS:
        if day not in revision.looked_back:
            yield look_back_at(launch, day)
