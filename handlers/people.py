"""Who may decide about a launch: what Slack said of people and groups, read inside the transaction that decides."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from handlers.readers import AT_ONCE, Directory
from handlers.services import Services
from integrations.store import identities
from integrations.store.identities import Identity, IdentityKind
from schema.errors import Refusal
from schema.policies import Standing
from schema.products import Product, Readers, Role

PRESS_AGAIN: Final = "Slack did not answer, so I cannot tell who may decide here; press again."
CHANGED: Final = "Who may decide here changed a moment ago; press again."
PAUSE_S: Final = (
    AT_ONCE * 0.6
)  # between two small groups of look-ups: 100 a minute, users.info's tier (SLACK.md 2.1)
ROUNDS: Final = 2  # of asking for who did not come at first

BARRED: Final[Mapping[str, str]] = {  # what Slack says of an account, in the order in which it matters
    "deleted": "This account is deactivated in Slack; ask an admin of the workspace to activate it.",
    "is_bot": "Bots decide nothing; a person who holds the role has to press this.",
    "is_stranger": "You belong to another company; ask a colleague of this workspace who holds the role.",
    "is_ultra_restricted": "You are a guest of single channels here, and guests decide nothing; ask a full member.",
    "is_restricted": "You are a guest here, and guests decide nothing; ask a full member.",
}

NOBODY: Final = (
    "Slack does not tell us who this account is, so it cannot decide; ask a colleague who holds the role."
)
NO_GROUP: Final[Mapping[str, str]] = {  # Slack's word → what would help
    "plan_upgrade_required": "user groups need a paid plan of Slack; name people in the product's roles instead.",
    "no_such_subteam": "there is no such group any more; name another one, or people, in the product's roles.",
}


class Cold(Exception):  # noqa: N818 - named for what happened
    """Somebody is not known, or for too long; Slack has to be asked first."""

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"{len(ids)} not known")
        self.ids = frozenset(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom a decision has to know: the people named, and every group that the product's roles name."""

    workspace: str
    product: Product
    users: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        return self.users | {id_ for id_ in holders(self.product) if _is_group(id_)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What Slack said of them, all of it young enough to decide on."""

    said: Mapping[str, Identity] = field(default_factory=dict)

    def barred(self, user: str) -> str | None:
        """Say why somebody never decides; who is not known does not."""
        said = self.said.get(user)
        if said is None:
            return PRESS_AGAIN
        if "refused" in said.body:
            return NOBODY
        return next((words for flag, words in BARRED.items() if said.body.get(flag)), None)

    def name(self, user: str) -> str:
        """Give a person's name as Slack shows it; their id where it is not known."""
        said = self.said.get(user)
        return str(said.body.get("name") or user) if said is not None else user

    def group(self, id: str) -> frozenset[str]:
        """Give the people of a group; one that Slack does not list has nobody."""
        said = self.said.get(id)
        return frozenset(said.body.get("users") or ()) if said is not None else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Who holds the roles of a product, directly or through user groups, as far as Slack says.

    roles   without those who are known to decide nothing
    closed  the groups that Slack does not list, and what would help; nobody holds a role through them
    unseen  holders of whom Slack was not asked lately: who they are is looked up when they decide
    """

    roles: Mapping[Role, frozenset[str]]
    closed: Mapping[str, str]
    unseen: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who came to a role and who left it."""

    role: Role
    joined: frozenset[str]
    left: frozenset[str]


# --- what is known, and asking for what is not ---


async def known(services: Services, directory: Directory, asked: Asked) -> Known:
    """Give who is who; Slack is asked only for what no process knows, and only for as long as people may wait.

    raises  Refusal when Slack does not answer in time
    """
    try:
        return await services.store.read(lambda session: look(session, asked, directory.since))
    except Cold as cold:
        learned = await _learned(directory, cold.ids)

    def learn(session: Session) -> Known:
        identities.remember(session, asked.workspace, *learned)
        return look(session, asked, directory.since)

    try:
        return await services.store.write(learn)
    except Cold:
        raise Refusal(PRESS_AGAIN) from None


def still(session: Session, asked: Asked, before: Known, since: datetime) -> None:
    """Refuse, inside the transaction that decides, when somebody changed since they were looked up."""
    try:
        now = look(session, asked, since)
    except Cold:
        raise Refusal(CHANGED) from None
    if any(now.said[id_].body != before.said[id_].body for id_ in asked.ids):
        raise Refusal(CHANGED)


def look(session: Session, asked: Asked, since: datetime) -> Known:
    """Read what Slack said after `since`; raises Cold for whom it said nothing of."""
    said = identities.known(session, asked.workspace, asked.ids, since=since)
    if missing := asked.ids - said.keys():
        raise Cold(missing)
    return Known(said=said)


async def _learned(directory: Directory, ids: Collection[str]) -> tuple[Identity, ...]:
    """Ask Slack for as long as somebody may be kept waiting; gives what it said."""
    with suppress(TimeoutError):
        async with asyncio.timeout(directory.within_s):
            await directory.learn(ids)
    return tuple(said for id_ in ids if (said := directory.identity(id_)) is not None)


async def fetch(directory: Directory, product: Product, *, pause_s: float = PAUSE_S) -> frozenset[str]:
    """Learn of everybody whom a product's roles name, a few at a time; gives who is still not known.

    For a task of its own when a launch opens: nobody waits for it, and Slack is not asked faster than it likes.
    """
    named = frozenset(holders(product))
    await directory.learn([id_ for id_ in named if _is_group(id_)])
    groups = [directory.group(id_) or frozenset[str]() for id_ in named if _is_group(id_)]
    missing = await directory.unknown(named.union(*groups))
    for _ in range(ROUNDS):
        for few in batched(sorted(missing)):
            await directory.learn(few)
            await asyncio.sleep(pause_s)
        missing = frozenset(id_ for id_ in missing if directory.identity(id_) is None)
    return missing


def batched(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Cut a list into what may be asked side by side."""
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))


# --- what follows from it ---


def standing(
    known: Known, product: Product, user: str, *, pid: str = "", admins: Collection[str] = ()
) -> Standing:
    """Say who somebody is in a product right now."""
    return standing_in(known, product, user, held=holding(known, product), pid=pid, admins=admins)


def holding(known: Known, product: Product) -> Mapping[Role, frozenset[str]]:
    """List who holds the roles of a product, whoever they are."""
    return {role: _holding(known, product, role) for role in product.roles}


def standing_in(
    known: Known, product: Product, user: str, *, held: Mapping[Role, frozenset[str]], pid: str = "",
    admins: Collection[str] = (),
) -> Standing:  # fmt: skip
    """Say who somebody is among those who hold the product's roles."""
    return Standing(
        pid=pid,
        roles=frozenset(role for role, users in held.items() if user in users),
        owner=user in (product.owner, product.backup_owner),
        admin=user in admins,
        barred=known.barred(user),
    )


def may_know(product: Product, who: Standing) -> bool:
    """Tell whether somebody may know of a product's launches."""
    return product.readers is Readers.WORKSPACE or bool(who.roles) or who.owner or who.admin


def membership(session: Session, asked: Asked, since: datetime) -> Membership:
    """Read who holds the product's roles; raises Cold for a group that is not known."""
    product = asked.product
    groups = look(session, Asked(workspace=asked.workspace, product=product), since)
    roles = holding(groups, product)
    everybody = frozenset[str]().union(*roles.values())
    known = Known(said=identities.known(session, asked.workspace, everybody, since=since))
    outside = frozenset(user for user in known.said if known.barred(user) is not None)
    return Membership(
        roles={role: users - outside for role, users in roles.items()},
        closed={id_: _help(said) for id_, said in groups.said.items() if "refused" in said.body},
        unseen=everybody - known.said.keys(),
    )


def unlisted(found: Membership, product: Product) -> tuple[str, ...]:
    """Say which groups Slack does not list, which roles nobody holds through them, and what would help."""
    return tuple(
        f"Slack does not list the user group {group}, so nobody holds"
        f" {_words(role for role in product.roles if group in product.holders(role))} through it: {what_helps}"
        for group, what_helps in sorted(found.closed.items())
    )


def unfilled(found: Membership, roles: Iterable[Role]) -> tuple[Role, ...]:
    """Name the roles that nobody holds who may decide."""
    return tuple(role for role in roles if not found.roles.get(role))


def changes(
    before: Mapping[Role, frozenset[str]], after: Mapping[Role, frozenset[str]]
) -> tuple[Change, ...]:
    """Say who came to which role and who left it, for the ledger; equal memberships give nothing."""
    nobody = frozenset[str]()
    found = (
        Change(
            role=role,
            joined=after.get(role, nobody) - before.get(role, nobody),
            left=before.get(role, nobody) - after.get(role, nobody),
        )
        for role in Role
    )
    return tuple(each for each in found if each.joined or each.left)


def holders(product: Product) -> tuple[str, ...]:
    """List the people and groups that a product's roles name."""
    return tuple(dict.fromkeys(id_ for role in product.roles for id_ in product.holders(role)))


def _holding(known: Known, product: Product, role: Role) -> frozenset[str]:
    direct = frozenset(id_ for id_ in product.holders(role) if not _is_group(id_))
    return direct.union(*(known.group(id_) for id_ in product.holders(role) if _is_group(id_)))


def _is_group(id: str) -> bool:
    return identities.kind_of(id) is IdentityKind.GROUP


def _help(said: Identity) -> str:
    return NO_GROUP.get(str(said.body["refused"]), str(said.body["advice"]))


def _words(roles: Iterable[Role]) -> str:
    return " or ".join(role.value for role in roles)
