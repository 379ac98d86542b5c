"""The configurations that a process holds: the newest one, its sources kept open while nothing about them changes."""

import asyncio
import gc
from dataclasses import dataclass, field

import pytest

from bot.files import catalogue
from bot.workspaces import MAIN, NO_CONFIGURATION, Workspaces
from handlers import configuration
from handlers.pages import closed_period
from integrations.base import Trouble, fetch
from integrations.store import workspaces as stored
from integrations.store.engine import Store
from schema.configuration.changes import Take
from schema.errors import Refusal
from schema.readings import BlankReason
from tests import builders
from tests.databases import fresh_url

EVERY_S = 2.0


@dataclass
class World:
    """A database, what is applied to it, and a process that looks at it."""

    store: Store
    held: Workspaces
    secrets: dict[str, str] = field(default_factory=dict)
    at: float = 0.0

    async def applies(self, document, workspace=MAIN):
        applied = await configuration.apply(
            self.store, workspace, document, catalogue=catalogue(), now=builders.NOW, take=Take.FILE
        )
        assert applied.problems == ()

    async def later(self, seconds=EVERY_S, workspace=MAIN):
        self.at += seconds
        return await self.held(workspace)


@pytest.fixture
async def world(tmp_path):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url("sqlite"))
    made = World(store=store, held=None)

    def secret(name):
        if name not in made.secrets:
            raise Refusal(f"There is no secret `{name}`.")
        return made.secrets[name]

    made.held = Workspaces(
        store=store,
        catalogue=catalogue(),
        secrets=secret,
        folder=tmp_path,
        every_s=EVERY_S,
        monotonic=lambda: made.at,
    )
    yield made
    await made.held.close()
    await store.close()


def titled(title):
    return builders.document(fraud_detection={"title": title})


async def asked(snapshot, query="outcomes"):
    """Ask one question of the tiny product."""
    product = snapshot.product("fraud-detection")
    chosen = product.queries[query]
    period = closed_period(product, builders.NOW)
    return await fetch(snapshot.connectors[chosen.source], chosen, period, timeout_s=5)


async def test_before_anything_is_applied_it_says_what_to_do(world):
    with pytest.raises(Refusal, match=NO_CONFIGURATION):
        await world.held(MAIN)


async def test_a_change_is_seen_after_two_seconds_and_not_looked_for_before(world):
    await world.applies(titled("First"))
    first = await world.held(MAIN)
    await world.applies(titled("Second"))

    assert await world.later(EVERY_S / 2) is first
    assert (await world.later()).product("fraud-detection").title == "Second"


async def test_nothing_changes_while_nothing_is_applied(world):
    await world.applies(titled("First"))
    first = await world.held(MAIN)

    assert await world.later() is first
    assert await world.later(3_600) is first


async def test_a_source_that_stays_the_same_stays_open_and_a_changed_one_is_opened_anew(world):
    await world.applies(builders.document())
    first = await world.held(MAIN)
    await world.applies(titled("Another title"))
    second = await world.later()
    document = builders.document()
    document["sources"]["warehouse"]["timeout_s"] = 5
    await world.applies(document)
    third = await world.later()

    assert second.connectors["warehouse"] is first.connectors["warehouse"]
    assert third.connectors["warehouse"] is not first.connectors["warehouse"]


async def test_a_source_that_was_replaced_stays_open_as_long_as_somebody_holds_it(world):
    await world.applies(builders.document())
    before = await world.held(MAIN)
    document = builders.document()
    document["sources"]["warehouse"]["timeout_s"] = 5
    await world.applies(document)
    after = await world.later()
    for _ in range(200):  # hours; a pull of many periods may take long
        await world.later(60)

    assert not isinstance(await asked(before), Trouble)
    assert not isinstance(await asked(after), Trouble)


async def test_a_source_that_was_replaced_is_closed_when_the_last_one_lets_go(world):
    await world.applies(builders.document())
    first = await world.held(MAIN)
    replaced = first.connectors["warehouse"]
    await world.applies(titled("Another title"))
    second = await world.later()
    assert second.connectors["warehouse"] is replaced
    document = builders.document()
    document["sources"]["warehouse"]["timeout_s"] = 5
    await world.applies(document)
    third = await world.later()
    product = first.product("fraud-detection")
    period = closed_period(product, builders.NOW)

    del first
    await world.later()
    still = await fetch(replaced, product.queries["outcomes"], period, timeout_s=5)
    del second
    gc.collect()
    await world.later()
    closed = await fetch(replaced, product.queries["outcomes"], period, timeout_s=5)

    assert not isinstance(still, Trouble)
    assert closed.detail == "warehouse, the query: its configuration was replaced meanwhile; ask again."
    assert not isinstance(await asked(third), Trouble)


async def test_many_requests_at_once_open_a_source_once(world):
    await world.applies(builders.document())
    found = await asyncio.gather(*(world.held(MAIN) for _ in range(20)))

    assert len({id(snapshot.connectors["warehouse"]) for snapshot in found}) == 1
    assert len({id(snapshot) for snapshot in found}) == 1


async def test_a_source_without_its_secret_answers_nothing_and_the_others_answer(world):
    document = builders.document()
    product = document["products"]["fraud-detection"]
    document["sources"]["vault"] = {"kind": "sql", "url": {"secret": "VAULT"}}
    product["queries"]["hidden"] = {**product["queries"]["outcomes"], "source": "vault"}
    product["metrics"]["npv"] = {"query": "hidden"}
    await world.applies(document)
    snapshot = await world.held(MAIN)
    hidden = await asked(snapshot, "hidden")

    assert hidden.reason is BlankReason.FORBIDDEN
    assert hidden.detail == "vault, opening it: There is no secret `VAULT`."
    assert not isinstance(await asked(snapshot), Trouble)


async def test_a_slack_team_finds_its_own_workspace_and_no_other(world):
    await world.applies(titled("Ours"))
    await world.applies(titled("Theirs"), workspace="other")
    for id_, team in ((MAIN, "T0OURS0001"), ("other", "T0THEIRS01")):
        await world.store.write(lambda session, id_=id_, team=team: stored.join_team(session, id_, team))

    ours, theirs = await world.held("T0OURS0001"), await world.held("T0THEIRS01")

    assert (ours.workspace, theirs.workspace) == (MAIN, "other")
    assert ours.product("fraud-detection").title == "Ours"  # the same key in both
    assert theirs.product("fraud-detection").title == "Theirs"
    assert await world.held(MAIN) is ours
    with pytest.raises(Refusal, match=NO_CONFIGURATION):
        await world.held("T0NOBODY01")


async def test_a_team_that_belongs_to_another_workspace_is_refused(world):
    await world.applies(titled("Ours"))
    await world.applies(titled("Theirs"), workspace="other")
    await world.store.write(lambda session: stored.join_team(session, MAIN, "T0OURS0001"))

    with pytest.raises(Refusal, match="belongs to workspace main"):
        await world.store.write(lambda session: stored.join_team(session, "other", "T0OURS0001"))
    with pytest.raises(Refusal, match="belongs to another Slack team"):
        await world.store.write(lambda session: stored.join_team(session, MAIN, "T0ELSE0001"))
