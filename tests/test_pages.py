"""Pages: what is stored of a product and period, judged and put into words."""

from datetime import UTC, datetime

import pytest

from handlers.pages import audience_named, brief, closed_period, load_page
from handlers.pulls import pull
from handlers.standups import preview
from handlers.views import plain
from integrations.store.engine import Store
from schema.errors import Refusal
from schema.metrics import Audience
from tests import builders
from tests.databases import fresh_url


@pytest.fixture
async def world(tmp_path):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(store)
    held = builders.snapshot(builders.document(), tmp_path)
    product = held.product("fraud-detection")
    yield builders.services(store, held), held, product
    for connector in held.connectors.values():
        await connector.close()
    await store.close()


@pytest.mark.parametrize(
    ("at", "first_day"),
    [
        (datetime(2026, 11, 23, 8, tzinfo=UTC), 16),  # Monday morning: the week that ended at midnight
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), 9),
        (datetime(2026, 11, 29, 12, tzinfo=UTC), 16),
    ],
)
async def test_the_newest_closed_period_is_the_last_whole_week(world, at, first_day):
    _, _, product = world

    assert closed_period(product, at).start == datetime(2026, 11, first_day, tzinfo=UTC)


async def test_a_page_of_nothing_stored_says_so_and_no_figure(world):
    services, held, product = world
    period = closed_period(product, builders.NOW)

    page = await load_page(services, held, product, period)
    text = plain.brief(await brief(services, held, product, audience=Audience.EXECUTIVE, period=period))

    assert all(each.now is None for each in page.judged.values())
    assert "There is no figure for" in text
    assert "Of every" not in text


async def test_all_audiences_read_the_same_verdicts_in_their_own_words(world):
    services, held, product = world
    period = closed_period(product, builders.NOW)
    await pull(services, held, product, period=period)

    texts = [
        plain.brief(await brief(services, held, product, audience=audience, period=period))
        for audience in Audience
    ]
    posted = plain.standup((await preview(services, held, product, period))[0])

    assert len(set(texts)) == len(Audience)
    for text in [*texts, posted]:
        assert text.startswith("Fraud detection, 16 to 22 November 2026: 1 clear loss")
        assert "70" in text


async def test_an_older_period_is_told_as_it_stood(world):
    services, held, product = world
    newest = closed_period(product, builders.NOW)
    await pull(services, held, product, period=newest)
    before = product.calendar.shift(newest, -1)

    text = plain.standup((await preview(services, held, product, before))[0])

    assert "9 to 15 November 2026" in text
    assert "clear loss" not in text.lower()


@pytest.mark.parametrize("typed", ["executive", " Executive ", "ENGINEER", "compliance", "support"])
def test_an_audience_is_read_as_people_type_it(typed):
    assert audience_named(typed).value == typed.strip().lower()


@pytest.mark.parametrize("typed", ["", "poets", "executives!"])
def test_who_is_no_audience_is_told_the_four(typed):
    with pytest.raises(Refusal, match="try executive, engineer, compliance or support"):
        audience_named(typed)
