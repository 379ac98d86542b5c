"""Objections that an earlier launch of a product left behind: withdrawing it and asking anew settles none of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from schema.checklists import ItemSpec
from schema.following import draft
from schema.launches import EventKind, Launch, State
from schema.ledger import SYSTEM, Draft
from schema.payloads import plain
from schema.votes import Voice, Vote

WENT_OUT = (State.LAUNCHED, State.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An objection that nobody took back before its launch ended."""

    vote: Vote  # names the launch in which it was made
    spec: ItemSpec  # the question as it was asked


def unsettled(launches: Iterable[Launch]) -> tuple[Unsettled, ...]:
    """List the objections that still stand, the oldest first: a person's newest word on an item decides.

    launches   the earlier ones of one product, the newest first
    """
    newest: dict[tuple[str, str], tuple[int, Unsettled | None]] = {}
    for launch in launches:
        for item, pid, voice in _voices(launch):
            said = max(vote.seq for vote in voice.newest.values())
            if said > newest.get((item, pid), (0, None))[0]:
                newest[item, pid] = (said, _left(launch, item, voice))
    found = [each for _, each in newest.values() if each is not None]
    return tuple(sorted(found, key=lambda each: each.vote.seq))


def _voices(launch: Launch) -> Iterator[tuple[str, str, Voice]]:
    for item, voices in (launch.revision.voices if launch.revisions else {}).items():
        for pid, voice in voices.items():
            if voice.newest:
                yield item, pid, voice


def _left(launch: Launch, item: str, voice: Voice) -> Unsettled | None:
    """Give the objection; none where it went out approved, so that somebody answered for going on in spite of it."""
    used = launch.revision.used
    if voice.objection is None or (launch.state in WENT_OUT and used is not None and not used.bypass):
        return None
    vote = replace(voice.objection, launch=voice.objection.launch or launch.id)
    return Unsettled(vote=vote, spec=launch.revision.specs[item])


def carried(launch: Launch, earlier: Sequence[Unsettled]) -> tuple[Draft, ...]:
    """Let what an earlier launch left unsettled stand in a new one."""
    return tuple(_carried(launch, each) for each in earlier)


def _carried(launch: Launch, each: Unsettled) -> Draft:
    vote = each.vote
    return draft(
        launch,
        EventKind.OBJECTION_CARRIED,
        SYSTEM,
        n=vote.revision,
        item=vote.item,
        objector=vote.pid,
        objection=vote.seq,
        objected_at=plain(vote.at),
        earlier=vote.launch,
        roles=plain(vote.roles),
        digest=vote.digest,
        showing=vote.showing,
        text=vote.text,
        principal=vote.principal,
        through=list(vote.through),
        spec=plain(each.spec),
    )
