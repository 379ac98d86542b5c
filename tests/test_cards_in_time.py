"""What time alone changes stands on the card the moment after, not when the next round comes by."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.drawing import card_key
from integrations.store import cards
from schema.turns import next_turn
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import FRIDAY, a_life
from tests.launch_rooms import MEASURED, SIGNED
from tests.launch_stage import NOW, Stage
from tests.test_deliveries import only_sqlite

HOUR, A_SECOND = timedelta(hours=1), timedelta(seconds=1)


async def shown(life, launch):
    """Give the words of the card as it stands in Slack."""
    kept = await life.room.store.read(
        lambda session: cards.get(session, life.room.workspace, card_key(launch))
    )
    [message] = [m for m in life.local.messages(kept.channel) if m["ts"] == kept.ts]
    return str(message)


@only_sqlite
async def test_evidence_that_gets_too_old_shows_on_the_card_at_once(store):
    async with a_life(store, specs=(SIGNED, MEASURED)) as life:
        await life.room.drilled("4")
        launch = await life.open(deadline=FRIDAY + timedelta(days=60))
        await life.beat()
        old = FRIDAY + timedelta(days=30)
        await life.until(old - HOUR / 2, step=timedelta(days=5))
        before = await shown(life, launch)
        await life.until(old + A_SECOND)
        after = await shown(life, launch)

    assert "does not pass" not in before
    assert "*Held back most by* T-3: " in after
    assert (await life.room.gate(launch)).items["T-3"] == "auto_fail"


def test_a_launch_has_its_turn_when_a_signature_is_too_old_and_when_a_day_begins():
    stage = Stage().all_sign()
    valid = timedelta(days=stage.launch.revision.policy.sign_off_valid_days)
    lapses = NOW + valid

    assert next_turn(stage.launch, None, lapses - HOUR / 2, every=HOUR) == lapses
    here = ZoneInfo("Asia/Kolkata")
    midnight = datetime(2026, 12, 2, tzinfo=here)
    launch = replace(stage.launch, zone="Asia/Kolkata")
    assert next_turn(launch, None, midnight - HOUR / 4, every=HOUR) == midnight
    assert next_turn(launch, None, midnight, every=HOUR) == midnight + HOUR
