"""Since when a limit stands: one that was changed after a run does not judge that run."""

from datetime import timedelta

import pytest

from bot.files import catalogue, checklists
from handlers import configuration
from integrations.store import limits
from integrations.store.engine import Store
from tests import builders
from tests.databases import ENGINES, fresh_url

PRODUCT, ITEM, NAME = "fraud-detection", "LR-03", "quality"
LATER = builders.NOW + timedelta(days=2)


def asked(limit):
    document = builders.document()
    document["products"][PRODUCT]["reviews"] = {
        ITEM: {NAME: {"metric": "precision", "at_least": limit, "because": "Precision is what we promise."}}
    }
    return document


@pytest.fixture(params=ENGINES)
async def store(request):
    opened = Store(fresh_url(request.param))
    opened.upgrade()
    yield opened
    await opened.close()


async def applied(store, document, at=builders.NOW):
    found = await configuration.apply(
        store, builders.WORKSPACE, document, catalogue=catalogue(), checklists=checklists(), now=at
    )
    assert found.problems == ()


async def since(store):
    found = await store.read(lambda session: limits.since(session, builders.WORKSPACE, PRODUCT))
    return {place: at for place, (_, at) in found.items()}


async def test_what_is_asked_from_the_first_day_on_has_no_time(store):
    await applied(store, asked(0.8))

    assert await since(store) == {}


async def test_a_changed_limit_stands_since_it_was_changed_and_no_other_does(store):
    await applied(store, asked(0.8))
    await applied(store, asked(0.7), LATER)
    await applied(store, asked(0.7), LATER + timedelta(days=9))

    assert await since(store) == {(ITEM, NAME): LATER}


async def test_a_limit_that_was_left_out_for_a_while_is_no_first_one(store):
    await applied(store, asked(0.8))
    gone = builders.document()
    await applied(store, gone, LATER)
    await applied(store, asked(0.5), LATER + timedelta(days=1))

    assert (await since(store))[(ITEM, NAME)] == LATER + timedelta(days=1)


async def test_another_workspace_has_its_own_limits(store):
    await applied(store, asked(0.8))
    await applied(store, asked(0.7), LATER)

    assert await store.read(lambda session: limits.since(session, "another", PRODUCT)) == {}
