"""The server of the rows about sign-offs: Muster with a launch and a thousand who may sign it, and a stock Bolt app."""

import asyncio
import json
import logging
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import Muster, opened, set_aside
from bot.demo import MANIFEST, SAMPLE_SECRET, apply
from bot.files import Secrets, load_yaml
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import App
from bot.server import SLACK_PATH
from bot.workspaces import MAIN
from handlers import items, launches, people, ticks
from handlers.launches import Asked
from handlers.listeners.ids import Callback
from handlers.teams import person, team
from integrations import keys
from integrations.store import ledger
from integrations.store.connections import LOCK_WAIT_S, parsed, writing_engine
from schema.ledger import Event
from schema.manifests import pinned
from schema.products import Role
from tests import builders
from tests.bench.answering import listening, settings_for
from tests.bench.children import serve
from tests.bench.commits import one_by_one
from tests.bench.stories import clock

PRODUCT, LAUNCH, CHANNEL, TEAM = "fraud-detection", "fraud-detection-1", "C0FRAUD001", "T0BENCH001"
EVERYBODY = "S0EVERY001"  # the user group that fills the seats of one role
ASKS = "U0ASKS0000"
GOES_OUT = pinned({
    "code": "4f2a9c1e7b3d", "model": "ranker", "model_version": "v3.1.0", "prompt": "none",
    "configuration": "limits-2.0.0", "data": "payments-2026-11-01",
})  # fmt: skip


def holders() -> dict[str, list[str]]:
    """Give one role to everybody, and each other one to somebody of their own; one more may ask for a launch."""
    found = {role.value: [EVERYBODY if role is Role.UX else f"U0{role.value.upper():0<8}"] for role in Role}
    return found | {Role.PM.value: [*found[Role.PM.value], ASKS]}


def document() -> dict[str, Any]:
    product = {"channel": CHANNEL, "roles": holders(), "owner": "U0PM000000", "backup_owner": "U0EXEC0000"}
    written = builders.document(fraud_detection=product)
    written["workspace"] |= {"slack_team": TEAM}
    return written


def seeded(slack: LocalSlack, many: int) -> tuple[App, list[str]]:
    slack.add_workspace("Bench", team_id=TEAM)
    named = [f"U0{role.value.upper():0<8}" for role in Role if role is not Role.UX] + [ASKS]
    everybody = [f"U1{number:08d}" for number in range(many)]
    for user in (*named, *everybody):
        slack.add_user(user.lower(), id=user)
    app = slack.add_app_from_manifest(load_yaml(MANIFEST).document, signing_secret=SAMPLE_SECRET)
    slack.add_channel("fraud", id=CHANNEL, members=[*named, *everybody, app.bot_user_id])
    slack.add_group("everybody", name="Everybody", members=everybody, id=EVERYBODY)
    return app, everybody


async def launched(muster: Muster) -> None:
    """Open a launch and let its checks run."""
    services, directory = muster.services, muster.desk.directory
    snapshot = await services.snapshot(MAIN)
    product = snapshot.product(PRODUCT)
    await people.fetch(directory, product, pause_s=0)
    by = await person(services, directory, snapshot, product=product, user=ASKS)
    here = await team(services, directory, snapshot, product=product, outsiders=False)
    asked = Asked(title="Ranker v3", manifest=GOES_OUT, answers=frozenset())
    await launches.open_launch(services, snapshot, product, asked, by=by, team=here, key="bench")
    await ticks.tick_launch(services, snapshot, LAUNCH)


async def shown(muster: Muster, users: list[str]) -> dict[str, str]:
    """Put the items before everybody; gives the showing of each."""
    services, directory = muster.services, muster.desk.directory
    snapshot = await services.snapshot(MAIN)
    product = snapshot.product(PRODUCT)
    found = {}
    for user in users:
        by = await person(services, directory, snapshot, product=product, user=user)
        showing = await items.show(services, snapshot, LAUNCH, person=by, role=Role.UX, id=f"shown-to-{user}")
        found[user] = showing.id
    return found


async def template(slack: LocalSlack, muster: Muster, user: str) -> dict[str, Any]:
    """Give what Slack sends when somebody saves their answers, as the local one does."""
    await slack.wait_for(lambda: slack.messages(CHANNEL), timeout_s=30)
    card = slack.messages(CHANNEL)[0]
    await slack.click(user, CHANNEL, card["ts"], "items_review")
    await muster.desk.tasks.idle()
    view = slack.state.views[slack.state.stacks[user][-1]]
    sent = await slack.submit(user, view.id)
    return dict(sent.payload)


async def events(muster: Muster) -> tuple[Event, ...]:
    return await muster.store.read(partial(ledger.events_of, workspace=MAIN, launch=LAUNCH))


def stock(app: App, slack: LocalSlack) -> AsyncApp:
    """Make what Bolt's own guide makes: a modal that only acks."""
    client = AsyncWebClient(token=app.bot_token, base_url=slack.base_url)
    made = AsyncApp(signing_secret=SAMPLE_SECRET, client=client, logger=logging.getLogger("slack_bolt"))

    @made.view(Callback.ITEMS.value)
    async def acks(ack) -> None:
        await ack()

    return made


async def main(home: Path, many: int, emptied: str) -> None:
    os.chdir(home)
    logging.disable(logging.WARNING)
    builders.write_outcomes(home)
    config = home / "muster.yaml"
    config.write_text(json.dumps(document()), encoding="utf-8")
    keys.new(home / "key")
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(LocalSlack())
        now = clock()
        slack.clock.advance(now().timestamp() - slack.clock.now())
        app, everybody = seeded(slack, many)
        settings = settings_for(slack, app, home=home, config=config)
        settings = settings.model_copy(update={"signing_key": home / "key"})
        await apply(settings, config, now)
        muster = await stack.enter_async_context(opened(settings, Secrets(environment={}), now=now))
        slack.change_app(app, mode="http", request_url=f"http://127.0.0.1:{muster.port}{SLACK_PATH}")
        await launched(muster)
        showings = await shown(muster, everybody)
        payload = await template(slack, muster, everybody[0])
        ports = {"muster": muster.port, "stock": await listening(stock(app, slack), stack)}
        before = (await events(muster))[-1].seq

        engine = writing_engine(parsed(emptied), lock_wait_s=LOCK_WAIT_S, connections=1)
        stack.callback(engine.dispose)

        async def answer(question: str) -> dict[str, float]:
            what, _, number = question.partition(" ")
            if what == "commits":
                return {"a_second": await asyncio.to_thread(one_by_one, engine, int(number))}
            return Counter(str(each.kind) for each in await events(muster) if each.seq > before)

        stack.enter_context(set_aside())  # as `muster run` does
        await serve(ports | {"secret": SAMPLE_SECRET, "payload": payload, "showings": showings}, answer)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
