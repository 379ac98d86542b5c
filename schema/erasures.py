"""What has to change in a launch when somebody is forgotten: whoever comes back is somebody new to the ledger."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from schema.errors import Refusal
from schema.following import draft
from schema.histories import KIND_OF, SIGNED
from schema.launches import EventKind, Launch, State
from schema.ledger import SYSTEM, Draft
from schema.votes import Intent, Vote

IN_WORK = (State.CHECKING, State.OPEN, State.APPROVED)


def need_no_bypass(launch: Launch, pids: Collection[str]) -> None:
    """Refuse while an emergency waits for its review: who called it must not come back as somebody else and review it."""
    bypass = launch.revision.bypass if launch.state is State.BYPASSED else None
    if bypass is not None and not {bypass.by, launch.requester, *bypass.reviews}.isdisjoint(pids):
        raise Refusal(
            f"{launch.id} went out in an emergency and this person is part of it; have it reviewed first."
        )


def without(launch: Launch, pids: Collection[str], before: Mapping[str, Sequence[str]]) -> tuple[Draft, ...]:
    """Give what lets somebody's signatures count no more; objections stay, and what they asked for is withdrawn.

    before   by pid, those that the person's accounts had before they were linked, which nobody will know any more
    """
    if launch.state not in IN_WORK:
        return ()
    if launch.requester in pids:
        return (draft(launch, EventKind.WITHDRAWN, SYSTEM, text=None),)
    return tuple(
        _taken_back(launch, vote, pid)
        for vote in _signatures(launch, pids)
        for pid in (vote.pid, *before.get(vote.pid, ()))
    )


def _signatures(launch: Launch, pids: Collection[str]) -> Iterator[Vote]:
    for voices in launch.revision.voices.values():
        for voice in voices.values():
            for vote in voice.newest.values() if voice.objection is None else ():
                if vote.intent in SIGNED and not set(vote.people).isdisjoint(pids):
                    yield vote


def _taken_back(launch: Launch, vote: Vote, pid: str) -> Draft:
    return draft(
        launch,
        KIND_OF[Intent.TAKE_BACK],
        pid,
        n=launch.revision.n,
        item=vote.item,
        digest=vote.digest,
        roles=[],
        showing="",
        text=None,
        principal=vote.principal,
        through=list(vote.through),
        self_approved=False,
    )
