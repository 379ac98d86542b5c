"""A launch's certificate as a page that a lawyer reads and prints: what went out, and who answers for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from handlers.views import certificate_items as items
from handlers.views.certificate_style import STYLE
from handlers.views.decisions import HAPPENED, SAID
from handlers.views.launches import STATES
from handlers.views.pages_html import Html, element, facts, joined, listed, page, paragraph, table, words
from schema.checklists import Review
from schema.gates import Gate
from schema.items import ByItem
from schema.launches import EventKind, Launch, Revision, State
from schema.ledger import SYSTEM, Event, moment
from schema.manifests import PARTS
from schema.risks import ASKED
from schema.votes import Vote

ERASED: Final = "(erased)"
PART_WORDS: Final = {
    "code": "Code", "model": "Model", "model_version": "Model version", "prompt": "Prompt",
    "configuration": "Configuration", "data": "Data",
}  # fmt: skip
REVIEWS: Final = {Review.LAUNCH: "Launch readiness", Review.ETHICS: "Ethics"}
MORE_HAPPENED: Final[Mapping[str, str]] = {
    EventKind.OPENED: "asked for the launch",
    EventKind.SUPERSEDED: "put a newer revision in its place",
    EventKind.ATTEMPT_REFUSED: "tried to {what}, and was refused ({why})",
    EventKind.LOOKED_BACK: "What was promised was held against what is real, {day} days after it went out.",
    EventKind.TEXT_ERASED: "Some of what somebody wrote here was erased.",
    EventKind.DELEGATED: "let somebody sign for them until {ends_at}",
    EventKind.DELEGATION_ENDED: "ended a delegation",
    EventKind.KEY_ROTATED: "Another key signs from here on.",
    EventKind.RESTORED: "A backup was put back; events {from} to {to} were lost.",
}
PROVES: Final = (
    (
        "The events of this page stand in this order in the workspace’s ledger, and none of this launch’s events up to the"
        " checkpoint was left out, added or changed."
    ),
    (
        "Names and quoted texts are those that the events mean; what was shown to somebody before they signed is bound to"
        " their signature."
    ),
    "This page is the one that was made together with the events.",
    "With the public key, taken from elsewhere: that whoever holds the private key signed all of this.",
)
PROVES_NOT: Final = (
    "Who held the telephone. Muster attests what Slack told it: that this account pressed this button.",
    (
        "That nobody lied. Whoever holds the private key, or somebody’s Slack account, could write what did not happen until"
        " somebody compares checkpoints."
    ),
    "Anything newer than the checkpoint. What came after it can be cut off until the next checkpoint is posted.",
    "That a measurement is right. The figures are those that the named sources and people gave at the time.",
    "That the product is lawful, safe or fair. It shows who judged that, and on what.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a certificate's page says."""

    workspace: str  # its name
    product: str  # its title
    launch: Launch
    events: Sequence[Event]
    gate: Gate
    found: ByItem
    names: Mapping[str, str]  # by pid; who was erased is not in it
    texts: Mapping[str, str]  # by id; what was erased is not in it
    shown: Mapping[str, Mapping[str, str]]  # by showing: item → every word
    checkpoint: str  # signed note
    key: str  # its id
    at: datetime

    def name(self, pid: str) -> str:
        """Name whoever acted."""
        if pid == SYSTEM:
            return "Muster"
        kind, _, system = pid.partition(":")
        return f"release system {system} ({kind})" if system else self.names.get(pid, ERASED)

    def text(self, id: str | None) -> str | None:
        """Give what somebody wrote; None where they wrote nothing."""
        return self.texts.get(id, ERASED) if id else None

    def when(self, at: datetime) -> str:
        """Write a time as the product's people have it."""
        local = at.astimezone(ZoneInfo(self.launch.zone))
        return f"{local:%-d %B %Y, %H:%M} ({local:%Z})"


def certificate(told: Told) -> bytes:
    """Write the page."""
    title = told.text(told.launch.title) or told.launch.id
    return page(
        f"Launch certificate: {title}",
        STYLE,
        element("h1", words(title)),
        paragraph(f"Launch certificate · {told.product} · {told.workspace}", cls="quiet"),
        element("p", words(_answer(told)), cls="answer"),
        *_warnings(told),
        _summary(told),
        _manifest(told),
        _objections(told),
        _exceptions(told),
        *_reviews(told),
        _revisions(told),
        _history(told),
        _proof(told),
        facts_for_programs=(("muster-launch", told.launch.id), ("muster-seq", str(told.gate.seq)), ("muster-answer", _short(told))),
    )  # fmt: skip


def _short(told: Told) -> str:
    return {True: "yes", False: "no", None: "unknown"}[told.gate.open]


def _answer(told: Told) -> str:
    revision = told.launch.revisions[-1] if told.launch.revisions else None
    state = STATES[told.gate.state]
    if revision is None or revision.used is None:
        may = {
            True: "It may go out.",
            False: "It may not go out.",
            None: "Whether it may go out cannot be told.",
        }
        until = told.gate.bypass_until
        emergency = f" In this emergency it may pass until {told.when(until)}." if until else ""
        return f"{state}. {may[told.gate.open]}{emergency}"
    how = "without approval, in an emergency" if revision.used.bypass else "approved"
    return f"{state}. It went out {how}, on {told.when(revision.used.at)}, by {told.name(revision.used.by)}."


def _warnings(told: Told) -> Iterator[Html]:
    gate, revision = told.gate, told.launch.revisions[-1] if told.launch.revisions else None
    if revision is not None and revision.bypass is not None:
        yield paragraph("An emergency was called for this launch: see Exceptions.", cls="loud")
    if gate.dissent:
        yield paragraph(f"Somebody objected ({len(gate.dissent)}): see Objections.", cls="loud")
    if gate.self_approved:
        listed_ = ", ".join(gate.self_approved)
        yield paragraph(f"Signed by who asked for the launch, as the rules allow: {listed_}.", cls="loud")
    if gate.unseparated:
        text = f"The team was too small for different people to sign: {', '.join(gate.unseparated)}."
        yield paragraph(text, cls="loud")


def _summary(told: Told) -> Html:
    launch = told.launch
    rows: list[tuple[str, object]] = [
        ("Launch", launch.id),
        ("Asked for by", f"{told.name(launch.requester)}, {told.when(launch.opened_at)}"),
    ]
    if launch.due_on:
        rows.append(("Meant to go out on", launch.due_on))
    if launch.revisions:
        revision = launch.revision
        rows += [
            ("Revision", f"{revision.n}, submitted {told.when(revision.submitted_at)}"),
            ("Care that it needs", f"{revision.tier.value} tier"),
        ]
        if revision.approved_at:
            rows.append(("Approved", told.when(revision.approved_at)))
    rows.append(("This page was made", told.when(told.at)))
    return facts(rows)


def _manifest(told: Told) -> Html:
    if not told.launch.revisions:
        return element("h2", words("What goes out: nothing was submitted yet"))
    revision = told.launch.revision
    parts = revision.manifest.parts
    yes = [ASKED[each].question for each in ASKED if each in revision.answers]
    return joined([
        element("h2", words("What goes out")),
        facts([(PART_WORDS[name], parts[name]) for name in PARTS]),
        element("p", words(f"Digest of all this: {revision.manifest.digest}"), cls="code"),
        element("h3", words("Answered with yes")),
        listed(yes) or paragraph("None of the ten risk questions."),
    ])  # fmt: skip


def _objections(told: Told) -> Html:
    inside = [element("h2", words("Objections"))]
    if not told.gate.dissent:
        return joined([*inside, paragraph("Nobody’s objection stands.")])
    overrides = told.launch.revision.overrides
    for vote in told.gate.dissent:
        inside.append(
            paragraph(
                f"{told.name(vote.pid)} objected to {vote.item} on {told.when(vote.at)} ({_place(vote)}):"
            )
        )
        inside.append(paragraph(told.text(vote.text) or "", cls="said"))
        override = overrides.get(vote.seq)
        if override is None:
            inside.append(paragraph("It was neither taken back nor overridden."))
            continue
        inside.append(
            paragraph(f"{told.name(override.by)} went on in spite of it, on {told.when(override.at)}:")
        )
        inside.append(paragraph(told.text(override.reason) or "", cls="said"))
    return joined(inside)


def _place(vote: Vote) -> str:
    """Say where an objection stands; one to an earlier launch stands in that one's certificate."""
    return f"event {vote.seq}, to the earlier launch {vote.launch}" if vote.launch else f"event {vote.seq}"


def _exceptions(told: Told) -> Html:
    head = element("h2", words("Exceptions: waivers and emergencies"))
    if not told.launch.revisions:
        return joined([head, paragraph("None.")])
    revision = told.launch.revision
    found = [*_waivers(told, revision), *_emergency(told, revision)]
    return joined([head, *(found or [paragraph("None.")])])


def _waivers(told: Told, revision: Revision) -> Iterator[Html]:
    for waiver in revision.waivers.values():
        until = f"until {told.when(waiver.until)}; {told.name(waiver.owner)} answers for it, and watches {waiver.metric}"
        yield paragraph(f"{told.name(waiver.by)} waived {waiver.item} on {told.when(waiver.at)}, {until}:")
        yield paragraph(told.text(waiver.reason) or "", cls="said")


def _emergency(told: Told, revision: Revision) -> Iterator[Html]:
    bypass = revision.bypass
    if bypass is None:
        return
    yield paragraph(
        f"BYPASSED: {told.name(bypass.by)} let it pass without approval from {told.when(bypass.at)} until"
        f" {told.when(bypass.until)}, for incident {bypass.incident}:", cls="loud",
    )  # fmt: skip
    yield paragraph(told.text(bypass.reason) or "", cls="said")
    reviewers = ", ".join(told.name(each) for each in bypass.reviews)
    yield paragraph(
        f"Looked at afterwards by {reviewers}."
        if reviewers
        else f"Nobody has looked at it afterwards; due {told.when(bypass.review_by)}."
    )


def _reviews(told: Told) -> Iterator[Html]:
    if not told.launch.revisions:
        return
    revision = told.launch.revision
    for review in Review:
        mine = [item for item in revision.items.values() if item.spec.review is review]
        aside = [spec for spec in revision.aside if spec.review is review]
        yield element("h2", words(f"{REVIEWS[review]}: {len(mine)} questions"))
        yield from (items.item(told, revision, each) for each in mine)
        if aside:
            yield element("h3", words("Not asked, because the answers and the tier do not call for it"))
            yield listed(f"{spec.id}: {spec.question}" for spec in aside)


def _revisions(told: Told) -> Html:
    if len(told.launch.revisions) < 2:
        return Html("")
    rows = [
        (
            each.n,
            told.when(each.submitted_at),
            each.tier.value,
            STATES[State(each.state)],
            each.manifest.digest,
        )
        for each in told.launch.revisions
    ]
    heads = ("Revision", "Submitted", "Tier", "Where it stands", "Digest")
    return joined([element("h2", words("Revisions")), table(heads, rows)])


def _history(told: Told) -> Html:
    rows = [
        (event.seq, moment(event.at)[:19].replace("T", " "), _happened(told, event)) for event in told.events
    ]
    head = element("h2", words("Everything that happened"))
    return joined([head, table(("Event", "Time (UTC)", "What"), rows)])


def _happened(told: Told, event: Event) -> str:
    if event.kind in SAID:
        said = f"{told.name(event.actor)} {SAID[event.kind]} {event.payload['item']}"
    else:
        form = MORE_HAPPENED.get(event.kind) or HAPPENED.get(event.kind) or event.kind.replace("_", " ")
        what = form.format_map(items.Filled({**event.payload, **_times(told, event)}))
        said = what if event.actor == SYSTEM or what[0].isupper() else f"{told.name(event.actor)} {what}"
    text = told.text(str(event.payload["text"])) if event.payload.get("text") else None
    return f"{said.rstrip('.')}: “{text}”" if text else said


def _times(told: Told, event: Event) -> dict[str, str]:
    """Write the times of an event as people read them."""
    written = {name: event.payload[name] for name in ("until", "ends_at") if name in event.payload}
    return {name: told.when(datetime.fromisoformat(str(each))) for name, each in written.items()}


def _proof(told: Told) -> Html:
    return joined([
        element("h2", words("What this proves, and what it does not")),
        element("h3", words("It proves")), listed(PROVES),
        element("h3", words("It does not prove")), listed(PROVES_NOT),
        element("h3", words("How to check it")),
        paragraph("In this folder, with any Python from 3.11 on, without a network and without Muster:"),
        element("p", words("python verify.py . --key muster.pub"), cls="code"),
        paragraph("Take the public key from somewhere else than this folder. Its id must be:"),
        element("p", words(told.key), cls="code"),
        paragraph("Compare this checkpoint with the one that was posted in the workspace’s audit channel:"),
        element("p", words(told.checkpoint), cls="code"),
    ])  # fmt: skip
