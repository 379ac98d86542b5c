"""Items: shown to one person exactly as they will be signed, and signed as they were shown."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import findings, folds
from handlers.deciding import Acting, Decided, Deciding, Person, Presser, Request, known
from handlers.decisions import decide
from handlers.services import Services, Snapshot
from handlers.views.differences import beside, since_then
from integrations.store import people, texts
from integrations.store import showings as stored
from integrations.store.showings import Binding, Showing
from schema import signing
from schema.attempts import Code, Declined
from schema.differences import Difference, since
from schema.errors import Refusal
from schema.evidence import Finding
from schema.following import Course
from schema.items import Item
from schema.launches import Revision
from schema.ledger import SALT_BYTES, Json, canonical, digest
from schema.products import Role
from schema.signing import Choice
from schema.tallies import to_take_back
from schema.votes import Intent

NOT_ASKED: Final = "This is not asked any more, and your objection to it stands until you take it back."
VALID: Final = timedelta(hours=24)  # how long somebody may take to answer what they were shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody says to one item."""

    intent: Intent
    reason: str = ""


async def show(
    services: Services, snapshot: Snapshot, launch: str, *, person: Person, role: Role, id: str
) -> Showing:
    """Keep exactly what somebody is shown of a role's items, and give it under a name that its content has.

    A signature names its showing; so the chain binds every word that was shown, and a certificate proves them.

    id   a name for it that nobody can guess
    """

    def act(session: Session) -> Showing:
        kept = known(session, snapshot.workspace, launch)
        folded = folds.load(session, services.folds, kept)
        now = services.now()
        found = findings.found_in(session, services, snapshot, folded, now=now)
        mine = spoken_as(session, snapshot, person.user)
        left = to_take_back(folded.revision, mine)
        items = [item for item in (*folded.revision.items.values(), *left) if role in item.spec.seats]
        if not items:
            raise Refusal(
                f"Nothing in {launch} asks {role.value}; look at the card for the roles that it waits for."
            )
        text = {
            item.id: words_of(
                item,
                found.by_item.get(item.id, {}),
                _changed(folded.revision, mine, item),
                beside=[*beside(item, folded.revision), *([NOT_ASKED] if item in left else [])],
            )
            for item in items
        }
        bound = {item.id: item.digest for item in items}
        content: Json = {"muster-showing": 1, "revision": folded.revision.n, "items": bound, "text": text}
        salt = hashlib.sha256(id.encode()).digest()[:SALT_BYTES]
        kept_as = texts.keep(session, snapshot.workspace, canonical(content).decode(), salt=salt)
        showing = Showing(
            id=kept_as, launch=launch, revision=folded.revision.n, user=person.user, role=role.value, items=bound,
            text=text, hash=digest(content), at=now,
        )  # fmt: skip
        stored.keep(session, snapshot.workspace, showing)
        return showing

    return await services.store.write(act)


def spoken_as(session: Session, snapshot: Snapshot, user: str) -> frozenset[str]:
    """Give the pids of all accounts of a person; none where they never acted."""
    accounts = snapshot.configuration.reviews.accounts(user)
    return frozenset(people.pids_of(session, snapshot.workspace, accounts).values())


def _changed(revision: Revision, mine: Collection[str], item: Item) -> Difference | None:
    """Find what changed since this person spoke last, by whichever account."""
    found = [each for pid in mine if (each := since(revision, pid, item.id)) is not None]
    return max(found, key=lambda each: each.vote.seq, default=None)


def words_of(
    item: Item, found: Mapping[str, Finding], changed: Difference | None = None, *, beside: Sequence[str] = ()
) -> str:
    """Write every word that somebody is shown of an item: the question, why it is asked, and what its evidence shows.

    changed   what is not as it was when they spoke to it last
    beside    what else a signature is bound to
    """
    told = [since_then(changed, item.spec)] if changed is not None else []
    evidence = [_evidence(finding) for finding in found.values()]
    return "\n".join([item.spec.question, item.spec.why, *told, *beside, *evidence])


def _evidence(finding: Finding) -> str:
    verdict = "Passes" if finding.passed else "Does not pass"
    return " ".join(filter(None, (f"{verdict}: {finding.statement or finding.why}", finding.link)))


async def sign(
    services: Services, snapshot: Snapshot, showing: str, answers: Mapping[str, Answer], *, person: Person | Presser,
    key: str, acting_for: Acting | None = None,
) -> Decided:  # fmt: skip
    """Record what somebody says to what they were shown; all of it or nothing.

    person       who says it, or that somebody does of whom Slack spoke lately; raises Cold where it did not
    showing      its id; refused when it is not this person's, too old, or not what the items are now
    acting_for   a colleague who let this person sign for them
    """
    rule = partial(_said, answers=answers, user=person.user, acting_for=acting_for)
    attempt = ", ".join(f"{each.intent.value} {item}" for item, each in answers.items())
    request = Request(snapshot=snapshot, rule=rule, by=person, key=key, attempt=attempt, showing=showing)
    return await decide(services, request)


def _said(
    deciding: Deciding, *, answers: Mapping[str, Answer], user: str, acting_for: Acting | None
) -> Course:
    shown = deciding.showing
    assert shown is not None  # the request names one, and without it there is no launch to decide about
    if shown.user != user:
        raise Declined(Code.STALE, "This was shown to somebody else; open your own items.")
    if deciding.now - shown.at > VALID:
        raise Declined(Code.STALE, "This was shown to you more than a day ago; open the items again.")
    _need_current(deciding, shown, answers)
    choices = [_choice(deciding, shown, item, each) for item, each in answers.items()]
    return signing.cast(
        deciding.launch, deciding.who, choices, found=deciding.found.by_item, now=deciding.now,
        acting_for=deciding.authority(acting_for),
    )  # fmt: skip


def _choice(deciding: Deciding, shown: Binding, item: str, said: Answer) -> Choice:
    if item not in shown.items:
        raise Declined(Code.UNKNOWN_ITEM, f"{item} was not shown to you; open the items again.")
    return Choice(
        item=item, intent=said.intent, revision=shown.revision, digest=shown.items[item], showing=shown.id,
        text=deciding.keep(said.reason) or None,
    )  # fmt: skip


def _need_current(deciding: Deciding, shown: Binding, answers: Mapping[str, Answer]) -> None:
    """Refuse a signature on what has changed, and name all of it at once."""
    now = deciding.launch.revision
    changed = [
        item
        for item, each in answers.items()
        if each.intent not in (Intent.TAKE_BACK, Intent.COMMENT)
        and item in now.items
        and item in shown.items
        and (shown.revision != now.n or now.items[item].digest != shown.items[item])
    ]
    if changed:
        have = "has" if len(changed) == 1 else "have"
        raise Declined(
            Code.STALE,
            f"{', '.join(changed)} {have} changed since this was shown to you; open the items again.",
        )
