"""What the thread of a launch says of each decision, and what is said to who asked for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views.blocks import Payload, fallback, sections
from handlers.views.launches import MOST_QUESTION, About, joined, name, quote, title_of
from handlers.views.receipts import slack_time
from handlers.views.text import bold, clip, escape
from schema.checklists import ItemSpec
from schema.launches import EventKind, Launch, State
from schema.ledger import SYSTEM, Event, Json
from schema.payloads import value_of
from schema.renewals import Renewal
from schema.votes import Vote

MOST_LINES: Final = 12
MOST_QUOTED: Final = 500
MOST_ITEMS: Final = 8  # named in one line
MOST_PEOPLE: Final = 5  # named for one item

_K: Final = EventKind
ASIDE: Final = frozenset(
    {_K.CHECKED, _K.EVIDENCE_CHANGED}
)  # the card says it; whom it asks again is told at the end
SAID: Final[Mapping[str, str]] = {
    _K.SIGNED: "signed",
    _K.OBJECTED: "objects to",
    _K.NOT_APPLICABLE: "says this does not apply:",
    _K.COMMENTED: "comments on",
    _K.TAKEN_BACK: "takes back their word on",
}
HAPPENED: Final[Mapping[str, str]] = {
    _K.SUBMITTED: "submitted revision {n}",
    _K.CHECKED: "The checks have run.",
    _K.OBJECTION_CARRIED: "The objection to {item} that {earlier} left behind stands here too.",
    _K.EVIDENCE_CHANGED: "The evidence of {item} changed.",
    _K.WAIVED: "waives {item} until {until}",
    _K.WAIVER_ENDED: "The waiver of {item} has ended.",
    _K.OVERRIDDEN: "goes on in spite of the objection to {item}, which stays visible",
    _K.APPROVED: "Everything is settled: the launch is approved.",
    _K.REOPENED: "The launch is open again, because something is no longer settled.",
    _K.REJECTED: "rejects the launch",
    _K.WITHDRAWN: "withdrew the launch",
    _K.EXPIRED: "The deadline has passed: the launch has expired.",
    _K.REVOKED: "revokes the approval",
    _K.USED: "recorded that it went out",
    _K.BYPASS_STARTED: "lets it pass without approval until {until}, for incident {incident}",
    _K.BYPASS_USED: "recorded that it went out without approval",
    _K.BYPASS_ENDED: "The emergency has ended; nothing passes any more.",
    _K.BYPASS_REVIEWED: "has reviewed the emergency",
    _K.CLOSED: "The launch is closed.",
    _K.TIER_RAISED: "raised the tier to {tier}",
    _K.TIER_LOWERED: "lowered the tier to {tier}",
    _K.REBASED: "moved the launch to today’s rules; the checks run again",
    _K.PROMISE_BROKEN: "What was promised for {item} does not hold any more.",
    _K.PROMISE_KEPT: "What was promised for {item} holds again.",
}
MOVED: Final[Mapping[State, str]] = {
    State.OPEN: "is open for sign-off",
    State.APPROVED: "is approved",
    State.LAUNCHED: "is recorded as launched",
    State.BYPASSED: "was let through without approval",
    State.REJECTED: "was rejected",
    State.WITHDRAWN: "was withdrawn",
    State.EXPIRED: "has expired",
    State.REVOKED: "was revoked",
    State.CLOSED: "is closed",
}


def moved(launch: Launch, about: About) -> str:
    """Tell who asked for a launch where it stands now; escaped."""
    words = MOVED.get(launch.state, f"is {launch.state.value}")
    again = f", revision {launch.revision.n}" if launch.revisions and launch.revision.n > 1 else ""
    return f"{bold(escape(title_of(launch, about)))} ({escape(launch.id)}{again}) {words}."


def asked_again(launch: Launch, about: About, votes: Sequence[Vote], *, channel: str) -> str:
    """Ask somebody whose objection an earlier launch left behind what they say to the new one; escaped."""
    items = _items(dict.fromkeys(escape(vote.item) for vote in votes))
    earlier = joined(dict.fromkeys(escape(vote.launch) for vote in votes))
    specs = launch.revision.specs
    asked = "\n".join(
        _question(each, specs[each].question) for each in dict.fromkeys(vote.item for vote in votes)
    )
    return (
        f"You objected to {items} in {earlier}. {bold(escape(title_of(launch, about)))} ({escape(launch.id)}) asks anew,"
        f" and your objection stands there too: choose *Review my items* on its card in <#{channel}>, then object again,"
        f" sign, or take it back.\n{asked}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the thread is told: runs of events that get a line each, and how many more there are."""

    runs: Sequence[Sequence[Event]] = ()
    more: int = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """List what is told, without the rest."""
        return tuple(event for run in self.runs for event in run)


def news(events: Sequence[Event]) -> News:
    """Choose what is worth a line; what one person, or the clock, said of several items in a row becomes one."""
    runs: list[list[Event]] = []
    for event in events:
        if event.kind in ASIDE:
            continue
        if runs and _same(runs[-1][-1], event):
            runs[-1].append(event)
        else:
            runs.append([event])
    told = [run for run in runs if _worth_a_line(run[0])]
    return News(runs=told[:MOST_LINES], more=max(len(told) - MOST_LINES, 0))


def thread(
    told: News, about: About, order: Sequence[str] = (), renewals: Sequence[Renewal] = ()
) -> Payload | None:
    """Say in the thread what was decided, in one message; None where nothing is worth a line.

    order      of items, as the checklists have it
    renewals   whom evidence that changed asks again
    """
    shown = [_line(run, about, order) for run in told.runs]
    shown += [f"And {told.more} more of this kind."] if told.more else []
    shown += [_asked_again(renewals, about)] if renewals else []
    if not shown:
        return None
    words = "\n".join(shown)
    return {"text": fallback(words), "blocks": sections(words)}


def _worth_a_line(event: Event) -> bool:
    """Tell whether it is said at all; of the first revision the card above says it, with who asked."""
    if event.kind == _K.SUBMITTED:
        return event.payload["n"] != 1
    return event.kind in SAID or event.kind in HAPPENED


def _same(one: Event, other: Event) -> bool:
    plain = not _text(one) and not _text(other) and "item" in one.payload
    alone = one.kind == _K.OBJECTION_CARRIED
    return plain and not alone and (one.kind, one.actor, one.at) == (other.kind, other.actor, other.at)


def _line(run: Sequence[Event], about: About, order: Sequence[str]) -> str:
    first = run[0]
    place = {item: at for at, item in enumerate(order)}
    named = sorted(
        (str(each.payload.get("item")) for each in run), key=lambda each: place.get(each, len(place))
    )
    items = _items(dict.fromkeys(escape(each) for each in named))
    if first.kind in SAID:
        return (
            f"{name(first.actor, about)} {SAID[first.kind]} {items}.{quote(_text(first), about, MOST_QUOTED)}"
        )
    if first.kind == _K.OBJECTION_CARRIED:
        return _carried(first, about)
    words = HAPPENED[first.kind]
    said = words.format_map(
        _Filled({key: _shown(key, each) for key, each in first.payload.items()} | {"item": items})
    )
    if first.actor == SYSTEM or words[0].isupper():
        return said
    return f"{name(first.actor, about)} {said}.{quote(_text(first), about, MOST_QUOTED)}"


def _carried(event: Event, about: About) -> str:
    """Say that an objection to an earlier launch stands here too, and who is asked about it."""
    spec, earlier = value_of(ItemSpec, event.payload["spec"]), escape(str(event.payload["earlier"]))
    who = name(str(event.payload["objector"]), about)
    return (
        f"The objection of {who} that {earlier} left behind stands here too, and they are asked whether it still holds:\n"
        f"{_question(spec.id, spec.question)}"
    )


def _asked_again(renewals: Sequence[Renewal], about: About) -> str:
    """Say who is asked again, and what; a person looks for their name first."""
    lines = [line for each in renewals for line in _asked(each, about)]
    more = len(lines) - MOST_ITEMS
    shown = [*lines[:MOST_ITEMS], *([f"and {more} more"] if more > 0 else [])]
    return "\n".join(("The evidence changed. Asked again:", *shown))


def _asked(each: Renewal, about: About) -> Iterator[str]:
    question = f"{bold(escape(each.item))} {escape(clip(each.question, MOST_QUESTION))}"
    if each.signers:
        once = "" if each.passes else ", once its evidence passes"
        yield f"• {_named(each.signers, about)}{once}: {question}"
    if each.objectors:
        yield f"• {_named(each.objectors, about)}: {question} Does your objection still hold?"


def _named(pids: Sequence[str], about: About) -> str:
    names = [name(pid, about) for pid in pids[:MOST_PEOPLE]]
    more = len(pids) - len(names)
    return joined([*names, *([f"{more} more"] if more else [])])


def _question(item: str, question: str) -> str:
    return f"• {bold(escape(item))} {escape(clip(question, MOST_QUESTION))}"


def _items(names: Mapping[str, None]) -> str:
    """Name items, as many as anybody reads."""
    if len(names) <= MOST_ITEMS:
        return ", ".join(names)
    few = list(names)[: MOST_ITEMS // 2]
    return f"{len(names)} items ({', '.join(few)} and {len(names) - len(few)} more)"


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def _shown(key: str, value: Json) -> str:
    """Write a field of an event for people; what ends then is told in each reader's own zone."""
    return slack_time(datetime.fromisoformat(str(value))) if key == "until" else escape(str(value))


def _text(event: Event) -> str | None:
    """Give the id of what somebody wrote with a decision."""
    text = event.payload.get("text")
    return str(text) if text else None
