"""Nobody is left without a word: what takes two steps, what is refused later, and what cannot be read."""

import pytest

from handlers import homes, outbox
from handlers.listeners.answers import Later, Show
from handlers.listeners.showing import finished
from handlers.outbox import EffectKind
from handlers.readers import Circle
from handlers.views.helps import Examples
from handlers.views.homes import home
from handlers.views.refusals import note
from integrations.store.engine import Store
from tests import builders
from tests.conversations import words
from tests.databases import a_database, a_store, an_engine, fresh_url  # noqa: F401 - fixtures
from tests.test_deliveries import a_world, only_sqlite
from tests.test_outbox import message, put


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


async def test_each_further_step_of_an_answer_says_what_it_is_about():
    said = []

    async def say(told):
        said.append(told)

    async def last():
        return Show(messages=[note("Here.")])

    async def first():
        return Later(note="Asking the sources.", work=last)

    found = await finished(Later(note="Checking.", work=first), say=say)

    assert said == ["Asking the sources."]
    assert [words(each) for each in found.messages] == ["Here."]


@only_sqlite
async def test_who_shared_what_slack_refuses_later_is_told_where_it_failed(world):
    sender = await world.sender()
    await world.local.change_channel(world.channel, archived=True)
    await put(world, EffectKind.POST, message("for all", channel=world.channel, by=world.ada.id))

    for _ in range(2):
        await outbox.send_pending(sender)

    [text] = world.texts(world.local.direct(world.ada, world.app.bot_user_id))
    assert text.startswith(f"What you shared could not be posted in <#{world.channel}>.")
    assert "archived" in text


async def test_a_product_that_cannot_be_read_costs_only_its_own_card_on_the_home_tab(tmp_path, caplog):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(store)
    held = builders.snapshot(builders.document(other={"title": "Other", "channel": "C0OTHER0001"}), tmp_path)
    products = dict(held.configuration.products)
    products["other"] = products["other"].model_copy(update={"metrics": None})
    circle = Circle(user=builders.PIA, products=products, sure=True)

    cards = await homes.cards(builders.services(store, held), held, circle)

    by_title = {card.title: str(card.headline) for card in cards}
    assert "could not be read" in by_title["Other"]
    assert "could not be read" not in by_title["Fraud detection"]
    assert home(
        cards, command="/muster", examples=Examples(product=None, here=False, metric=None, may_post=False)
    )["blocks"]
    assert [record.product for record in caplog.records if record.message == "card_failed"] == ["other"]
    for connector in held.connectors.values():
        await connector.close()
    await store.close()
