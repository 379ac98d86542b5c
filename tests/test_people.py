"""Who may decide: what Slack says of people and groups, shared by all processes, believed for ten minutes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.local_slack.faults import FaultKind
from bot.local_slack.server import LocalSlack
from handlers import people, readers
from handlers.people import Asked, Change, Cold, Known
from handlers.readers import Directory, Person
from handlers.services import Services
from integrations.slack import Slack, slack_session
from integrations.store import identities
from integrations.store.engine import Store
from integrations.store.identities import Identity, IdentityKind
from schema.errors import Refusal
from schema.products import Role
from tests import builders
from tests.conversations import a_talk
from tests.databases import a_database, a_store, an_engine, fresh_url, plan, two_stores  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LAW, PMS = "S0LAW00001", "S0PMS00001"
FLAG_CASES = [
    ({"deleted": True}, "deactivated in Slack"),
    ({"bot": True}, "Bots decide nothing"),
    ({"stranger": True}, "another company"),
    ({"guest": True}, "You are a guest here"),
    ({"guest": True, "single_channel_guest": True}, "a guest of single channels"),
]
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])


def product(**roles):
    return builders.configuration(
        builders.document(
            fraud_detection={"roles": {"pm": [builders.PIA, PMS], "leg": [LAW], "ml": [builders.LEA]} | roles}
        )
    ).products["fraud-detection"]


def asked(*users, workspace="main", of=None):
    return Asked(workspace=workspace, product=of or product(), users=frozenset(users))


class World:
    """A local Slack with people and groups, a store, and processes that share both."""

    def __init__(self, local, store, session):
        self.local, self.store, self.session = local, store, session
        self.clock = NOON
        self.app = local.add_app("Muster")
        self.team = next(iter(local.state.workspaces))
        for name, id_ in (
            ("ana", builders.ANA),
            ("ben", builders.BEN),
            ("pia", builders.PIA),
            ("lea", builders.LEA),
        ):
            local.add_user(name, id=id_, real_name=name.capitalize())
        self.max = local.add_user("max")
        self.group(LAW, self.max)
        self.group(PMS, local.user("ben"))

    def group(self, id_, *members):
        made = self.local.add_group(id_.lower(), members=list(members))
        self.local.state.groups.pop(made.id)
        self.local.state.groups[id_] = replace(made, id=id_)

    def directory(self, **changes):
        """Start a process: its own memory, the store of all."""
        slack = Slack(token=self.app.bot_token, session=self.session, base_url=self.local.base_url)
        shared = {"team": self.team, "workspace": "main", "store": self.store}
        return Directory(slack, lambda: self.clock, within_s=0.5, **(shared | changes))

    @property
    def services(self):
        return Services(store=self.store, snapshot=None, now=lambda: self.clock, nouns={})

    async def known(self, directory, *users, **more):
        return await people.known(self.services, directory, asked(*users, **more))

    def asks(self):
        wanted = ("users.info", "usergroups.users.list")
        return sum(len(self.local.calls(method)) for method in wanted)

    async def membership(self, directory, of=None):
        return await self.store.read(
            lambda session: people.membership(session, asked(of=of), directory.since)
        )


@pytest.fixture
async def world(store):
    async with LocalSlack(time_factor=10) as local, slack_session() as session:
        local.add_workspace("Acme")
        yield World(local, store, session)


# --- standing ---


async def test_a_standing_names_the_roles_held_directly_and_through_groups(world):
    directory = world.directory()

    found = await world.known(directory, builders.PIA, world.max.id, builders.BEN, builders.ANA)

    roles = {
        user: people.standing(found, product(), user, pid="p", admins=[builders.ANA])
        for user in (builders.PIA, world.max.id, builders.BEN, builders.ANA)
    }
    assert [each.roles for each in roles.values()] == [{Role.PM}, {Role.LEG}, {Role.PM}, set()]
    assert [each.owner for each in roles.values()] == [False, False, True, True]
    assert [each.admin for each in roles.values()] == [False, False, False, True]
    assert {each.barred for each in roles.values()} == {None}
    assert found.name(builders.PIA) == "Pia"


@pytest.mark.parametrize(("fields", "said"), FLAG_CASES)
@only_sqlite
async def test_who_never_decides_is_told_why_and_what_would_work(world, fields, said):
    await world.local.change_user(builders.PIA, **fields)

    found = await world.known(world.directory(), builders.PIA)

    barred = people.standing(found, product(), builders.PIA).barred
    assert said in barred
    assert barred.endswith(".")


@only_sqlite
async def test_a_person_of_another_team_is_no_colleague_even_where_slack_calls_them_no_stranger(world):
    other = world.local.add_workspace("Globex")
    theirs = world.local.state.users[builders.PIA]
    world.local.state.users[builders.PIA] = replace(theirs, team_id=other.id, stranger=True)
    shown = readers.said_of({"team_id": other.id, "name": "pia"}, team=world.team)
    grid = readers.said_of(
        {"team_id": other.id, "enterprise_user": {"teams": [other.id, world.team]}}, team=world.team
    )

    found = await world.known(world.directory(), builders.PIA)

    assert "another company" in found.barred(builders.PIA)
    assert (shown["is_stranger"], grid["is_stranger"]) == (True, False)


@only_sqlite
async def test_an_account_that_slack_does_not_know_decides_nothing(world):
    found = await world.known(world.directory(), "U0NOBODY01")

    assert "cannot decide" in found.barred("U0NOBODY01")
    assert found.name("U0NOBODY01") == "U0NOBODY01"
    assert Known().barred("U1") == people.PRESS_AGAIN
    assert Known().name("U1") == "U1"
    assert Known().group("S1") == frozenset()


@only_sqlite
async def test_where_slack_does_not_answer_nobody_decides_and_is_told_to_press_again(world):
    world.local.fail(FaultKind.SLOW, "usergroups.users.list", seconds=30)

    with pytest.raises(Refusal, match="press again"):
        await world.known(world.directory(), builders.PIA)

    world.local.heal()
    found = await world.known(world.directory(), builders.PIA)
    assert found.barred(builders.PIA) is None


# --- what all processes share ---


async def test_what_one_process_was_told_costs_another_no_call(world):
    await world.known(world.directory(), builders.PIA)
    before = world.asks()

    for _ in range(3):
        await world.known(world.directory(), builders.PIA)

    assert world.asks() == before == 3


@only_sqlite
async def test_a_process_whose_memory_is_its_own_still_decides_by_the_rows_of_all(world):
    directory = world.directory(store=None, workspace="")
    await directory.notice()
    first = await world.known(directory, builders.PIA)
    before = world.asks()

    second = await world.known(directory, builders.PIA)

    assert first == second
    assert world.asks() == before == 3


async def test_what_slack_said_is_believed_for_ten_minutes(world):
    directory = world.directory()
    await world.known(directory, builders.PIA)
    world.clock += timedelta(minutes=10) - SECOND
    await world.known(directory, builders.PIA)
    young = world.asks()

    world.clock += SECOND
    await world.known(directory, builders.PIA)

    assert (young, world.asks()) == (3, 6)


async def test_a_change_that_one_process_hears_of_is_forgotten_by_all(world):
    here, there = world.directory(), world.directory()
    for each in (here, there):
        await each.learn([builders.PIA, LAW])
    world.clock += SECOND
    await world.local.change_user(builders.PIA, guest=True)
    await here.changed(builders.PIA)

    await there.notice()
    found = await world.known(there, builders.PIA)

    assert here.person(builders.PIA) is None
    assert there.person(builders.PIA) == Person(inside=False, stranger=False)
    assert there.group(LAW) == {world.max.id}
    assert "guest" in found.barred(builders.PIA)


@only_sqlite
async def test_a_decision_sees_a_change_before_its_process_notices(world):
    here, there = world.directory(), world.directory()
    await there.learn([builders.PIA, LAW, PMS])
    await world.local.change_group(LAW, members=[builders.PIA])
    world.clock += SECOND
    await here.changed(LAW)

    found = await world.known(there, builders.PIA)

    assert people.standing(found, product(), builders.PIA).roles == {Role.PM, Role.LEG}


@only_sqlite
async def test_an_answer_that_was_on_its_way_does_not_bring_back_what_was_before(world):
    directory = world.directory()
    world.local.fail(FaultKind.SLOW, "users.info", seconds=3, times=1)
    asking = asyncio.create_task(directory.learn([builders.PIA]))
    await world.local.wait_for(lambda: world.local.calls("users.info"))
    world.clock += SECOND

    await directory.changed(builders.PIA)
    await asking

    assert directory.person(builders.PIA) is None
    with pytest.raises(Cold):
        await world.store.read(
            lambda s: people.look(s, asked(builders.PIA, of=product(pm=[], leg=[])), directory.since)
        )


async def test_a_group_that_changed_is_forgotten_when_the_event_comes(tmp_path):
    document = builders.document(fraud_detection={"roles": {"pm": [builders.PIA], "leg": [LAW]}})
    async with a_talk(tmp_path, document=document) as talk:
        made = talk.slack.add_group("law", members=[talk.lea])
        talk.slack.state.groups[LAW] = replace(made, id=LAW)
        directory = talk.desk.directory
        directory.store, directory.workspace = talk.desk.services.store, builders.WORKSPACE
        law = product(pm=[builders.PIA], ml=[])
        known = Asked(workspace=builders.WORKSPACE, product=law, users=frozenset({talk.lea.id}))
        before = await people.known(talk.desk.services, directory, known)

        await talk.slack.change_group(LAW, members=[talk.pia])
        await talk.slack.settled()
        after = await people.known(talk.desk.services, directory, known)

    assert before.group(LAW) == {talk.lea.id}
    assert after.group(LAW) == {talk.pia.id}


async def test_who_changed_between_look_up_and_decision_does_not_decide(world):
    directory = world.directory()
    before = await world.known(directory, builders.PIA)
    wanted = asked(builders.PIA)

    async def still():
        await world.store.write(lambda session: people.still(session, wanted, before, directory.since))

    await still()
    world.clock += SECOND
    await directory.changed(PMS)
    with pytest.raises(Refusal, match="changed a moment ago"):
        await still()

    await directory.learn([PMS])
    await still()  # asked again, and the same as before

    await world.local.change_user(builders.PIA, deleted=True)
    await directory.changed(builders.PIA)
    await directory.learn([builders.PIA])
    with pytest.raises(Refusal, match="changed a moment ago"):
        await still()


@only_sqlite
async def test_a_thousand_warm_people_cost_slack_nothing_and_little_time(world):
    directory = world.directory()
    users = [f"U{n:09d}" for n in range(1_000)]
    group = Identity(kind=IdentityKind.GROUP, id=LAW, body={"users": users}, fetched_at=NOON)
    said = [
        Identity(
            kind=IdentityKind.PERSON, id=user, body={"name": user, "is_stranger": False}, fetched_at=NOON
        )
        for user in users
    ]
    await world.store.write(lambda session: identities.remember(session, "main", group, *said))
    law = product(pm=[], ml=[])

    def decide(session, user):
        return people.standing(people.look(session, asked(user, of=law), directory.since), law, user).roles

    began = asyncio.get_running_loop().time()
    roles = await asyncio.gather(
        *(world.store.write(lambda session, user=user: decide(session, user)) for user in users)
    )
    took_s = asyncio.get_running_loop().time() - began
    found = await world.membership(directory, law)

    assert set(roles) == {frozenset({Role.LEG})}
    assert found.roles[Role.LEG] == frozenset(users)
    assert world.asks() == 0
    assert took_s < 5  # 1 s on an idle machine


# --- memberships ---


async def test_a_membership_leaves_out_who_decides_nothing(world):
    await world.local.change_user(builders.LEA, guest=True)
    directory = world.directory()
    await world.known(directory, builders.LEA, builders.PIA)

    found = await world.membership(directory)

    assert found.roles == {
        Role.PM: {builders.PIA, builders.BEN}, Role.LEG: {world.max.id}, Role.ML: frozenset()
    }  # fmt: skip
    assert found.unseen == {builders.BEN, world.max.id}
    assert people.unfilled(found, [Role.PM, Role.ML, Role.RAI]) == (Role.ML, Role.RAI)
    assert people.unlisted(found, product()) == ()


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        ("plan_upgrade_required", "user groups need a paid plan of Slack; name people"),
        ("no_such_subteam", "there is no such group any more"),
        ("missing_scope", "Muster lacks a scope: add it under OAuth & Permissions"),
    ],
)
@only_sqlite
async def test_a_group_that_slack_does_not_list_is_closed_and_it_is_said(world, error, helps):
    world.local.fail(FaultKind.ERROR, "usergroups.users.list", error=error)
    directory = world.directory()

    found = await world.known(directory, world.max.id)
    members = await world.membership(directory)
    asks = world.asks()
    await world.known(directory, world.max.id)

    assert people.standing(found, product(), world.max.id).roles == frozenset()
    assert people.unfilled(members, [Role.PM, Role.LEG]) == (Role.LEG,)
    first, second = people.unlisted(members, product())
    assert first.startswith(f"Slack does not list the user group {LAW}, so nobody holds leg through it: ")
    assert helps in first
    assert "pm through it" in second
    assert world.asks() == asks


@only_sqlite
async def test_a_membership_of_a_group_that_nobody_asked_for_is_not_guessed(world):
    with pytest.raises(Cold) as raised:
        await world.membership(world.directory())

    assert raised.value.ids == {LAW, PMS}


def test_changes_between_two_memberships_are_named_by_role():
    before = {Role.PM: frozenset({"a", "b"}), Role.LEG: frozenset({"c"})}
    after = {Role.PM: frozenset({"b", "d"}), Role.ML: frozenset({"e"}), Role.LEG: frozenset({"c"})}

    assert people.changes(before, after) == (
        Change(role=Role.PM, joined=frozenset({"d"}), left=frozenset({"a"})),
        Change(role=Role.ML, joined=frozenset({"e"}), left=frozenset()),
    )
    assert people.changes(after, after) == ()


# --- learning of everybody ---


@only_sqlite
async def test_everybody_with_a_role_is_learned_and_who_fails_is_asked_once_more(world):
    world.local.fail(FaultKind.ERROR, "users.info", error="internal_error", times=2)
    directory = world.directory()

    missing = await people.fetch(directory, product(), pause_s=0)

    assert missing == frozenset()
    found = await world.membership(directory)
    assert found.unseen == frozenset()
    before = world.asks()
    assert await people.fetch(world.directory(), product(), pause_s=0) == frozenset()
    assert world.asks() == before


@only_sqlite
async def test_who_slack_does_not_tell_of_is_named_when_learning_ends(world):
    world.local.fail(FaultKind.ERROR, "users.info", error="internal_error")

    missing = await people.fetch(world.directory(), product(), pause_s=0)

    assert missing == {builders.PIA, builders.LEA, builders.BEN, world.max.id}


@only_sqlite
async def test_a_token_that_slack_does_not_take_is_no_word_about_anybody(world):
    directory = world.directory()
    world.local.fail(FaultKind.ERROR, "users.info", error="token_revoked")

    await directory.learn([builders.PIA])

    assert directory.identity(builders.PIA) is None


# --- rows ---

PERSON = Identity(kind=IdentityKind.PERSON, id="U1", body={"is_stranger": False}, fetched_at=NOON)


def do(store: Store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def known(store, since):
    return do(store, identities.known, "w", ["U1", "U2"], since=since)


def test_an_identity_is_believed_only_while_it_is_young(store):
    do(store, identities.remember, "w", PERSON)

    assert known(store, NOON - SECOND) == {"U1": PERSON}
    assert known(store, NOON) == {}
    assert do(store, identities.known, "other", ["U1"], since=NOON - SECOND) == {}


def test_those_who_are_asked_for_are_found_without_going_through_everybody():
    store = Store(fresh_url("sqlite"))

    [step] = plan(store, lambda: store.read_sync(
        lambda session: identities.known(session, "w", ["U1", "U2"], since=NOON)
    ))  # fmt: skip

    assert "workspace=? AND kind=? AND id=?" in step
    store.close_sync()


def test_a_newer_answer_displaces_an_older_one_and_not_the_other_way(store):
    newer = replace(PERSON, body={"is_stranger": True}, fetched_at=NOON + SECOND)

    for each in (PERSON, newer, PERSON):
        do(store, identities.remember, "w", each)

    assert known(store, NOON - SECOND) == {"U1": newer}


def test_a_forgotten_identity_stays_forgotten_until_slack_was_asked_after_that(store):
    do(store, identities.remember, "w", PERSON)
    do(store, identities.forget, "w", "U1", at=NOON + SECOND)
    do(store, identities.remember, "w", PERSON)

    assert known(store, NOON - SECOND) == {}
    assert do(store, identities.changed, "w", since=NOON) == {"U1": NOON + SECOND}

    later = replace(PERSON, fetched_at=NOON + 2 * SECOND)
    do(store, identities.remember, "w", later)
    assert known(store, NOON - SECOND) == {"U1": later}
    assert do(store, identities.changed, "w", since=NOON) == {}


def test_what_nobody_may_believe_any_more_is_deleted(store):
    do(store, identities.remember, "w", PERSON, replace(PERSON, id="U2", fetched_at=NOON + MINUTE))

    assert do(store, identities.forget_old, before=NOON + SECOND) == 1
    assert known(store, NOON - SECOND).keys() == {"U2"}
