"""Checkpoints: signed after each decision about a gate and once a day, and posted once where they cannot be rewritten."""

import asyncio
import html
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.local_slack.faults import FaultKind
from handlers import checkpoints, launches, outbox
from handlers.launches import Breaking
from integrations.store import checkpoints as stored
from integrations.store import ledger
from integrations.store.engine import Store
from schema.audits import audit
from schema.checkpoints import SigningKey, read_checkpoint
from schema.launches import EventKind
from schema.ledger import SYSTEM
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import AUDIT, HOUR, a_life, document
from tests.launch_rooms import EVA, LEO, MIA, PIA, RON, SIGNED, WAIVABLE, a_key

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
SIGN = Intent.SIGN
SPECS = (SIGNED, WAIVABLE)


@pytest.fixture(name="life")
async def a_life_of_launches(store):
    async with a_life(store, specs=SPECS) as made:
        yield made


def posted(life):
    """Give the notes that stand in the channel, exactly as they were signed."""
    shown = [m["blocks"][0]["text"]["text"] for m in life.thread(AUDIT)]
    return [html.unescape(each.strip("`").strip("\n")) + "\n" for each in shown if each.startswith("```")]


def sizes(life):
    return [read_checkpoint(note)[0].size for note in posted(life)]


async def every(life):
    return await life.room.store.read(lambda session: stored.every(session, life.room.workspace))


async def kept(life, times=2):
    for _ in range(times):
        await checkpoints.keep(life.services, life.snapshot)
        await outbox.send_pending(life.sender)


async def signed(life, id_):
    await life.said(id_, MIA, Role.ML, T_1=SIGN)
    await life.said(id_, RON, Role.RAI, T_2=SIGN)


async def test_what_stands_in_the_channel_proves_the_ledger_without_the_database(life):
    id_ = await life.open()
    await life.beat()
    await signed(life, id_)
    await kept(life)
    await life.use(id_)
    await kept(life)

    key = life.services.signing_key.public
    events, head = await life.room.store.read(
        lambda session: (
            ledger.events_since(session, life.room.workspace), ledger.head(session, life.room.workspace),
        )
    )  # fmt: skip
    found = audit(life.room.workspace, events, until=head, notes=posted(life), keys=[key])

    assert found.flaws == ()
    assert sizes(life) == sorted(set(sizes(life)))
    assert sizes(life)[-1] == events[-1].seq
    [head_message] = life.local.messages(AUDIT)
    assert head_message["text"].startswith("*Checkpoints of the ledger, November 2026*")


async def test_each_decision_about_a_gate_is_signed_and_nothing_else_before_a_day_has_passed(life):
    id_ = await life.open()
    await life.beat()
    before = len(await every(life))
    await life.said(id_, MIA, Role.ML, T_1=SIGN)
    await kept(life)
    assert len(await every(life)) == before  # one signature decides nothing

    await life.said(id_, RON, Role.RAI, T_2=SIGN)
    await kept(life)
    approved = await every(life)
    life.room.clock.turn(hours=23)
    await life.said(id_, RON, Role.RAI, T_2=Intent.TAKE_BACK)
    await kept(life)
    still = await every(life)
    life.room.clock.turn(hours=2)
    await kept(life)

    assert len(approved) == before + 1
    assert len(still) == before + 1
    assert len(await every(life)) == before + 2
    life.room.clock.turn(days=9)
    await kept(life)
    assert len(await every(life)) == before + 2  # nothing was added


@only_sqlite
@pytest.mark.parametrize("ending", ["rejected", "revoked", "bypassed"])
async def test_every_kind_of_ending_and_an_emergency_are_signed_at_once(life, ending):
    id_ = await life.open()
    await life.beat()
    before = len(await every(life))
    act = life.services, life.snapshot, id_
    if ending == "rejected":
        await launches.reject(*act, reason="Not lawful", by=LEO, key=a_key())
    elif ending == "revoked":
        await signed(life, id_)
        await kept(life)
        before += 1
        await launches.revoke(*act, reason="It harms people", by=EVA, key=a_key())
    else:
        glass = Breaking(reason="Payments are down", incident="INC-2041", hours=2)
        await launches.break_glass(*act, glass, by=EVA, key=a_key())

    await kept(life)

    assert len(await every(life)) == before + 1 == len(posted(life))


@only_sqlite
async def test_another_key_is_written_down_once_and_the_old_one_vouches_for_it(life):
    await life.open()
    await life.beat()
    await kept(life)
    old = life.services.signing_key
    new = SigningKey(Ed25519PrivateKey.generate())
    before, after = life.services, replace(life.services, signing_key=new, old_signing_key=old)

    for services in (after, before, after, before):  # while processes with either key run
        await checkpoints.keep(services, life.snapshot)

    events, head = await life.room.store.read(
        lambda session: (
            ledger.events_since(session, life.room.workspace), ledger.head(session, life.room.workspace),
        )
    )  # fmt: skip
    [change] = [event for event in events if event.kind == EventKind.KEY_ROTATED]
    assert (change.actor, change.payload["old"], change.payload["new"]) == (
        SYSTEM,
        old.public.id,
        new.public.id,
    )
    notes = [each.note for each in await every(life)]
    assert stored.signer((await every(life))[-1]) == new.public.id
    found = audit(life.room.workspace, events, until=head, notes=notes, keys=[old.public])
    assert found.flaws == ()  # who has the old key only believes the new one


@only_sqlite
async def test_a_first_key_is_no_change_of_keys(life):
    await life.open()
    await kept(life)

    assert {event.kind for event in await life.room.store.read(
        lambda session: ledger.events_since(session, life.room.workspace)
    )}.isdisjoint({EventKind.KEY_ROTATED})  # fmt: skip


async def test_two_processes_sign_and_post_each_once(life, database):
    await life.open()
    other = Store(database)
    services = replace(life.room.another(other), signing_key=life.services.signing_key)

    await asyncio.gather(
        *[checkpoints.keep(each, life.snapshot) for each in (life.services, services, life.services)]
    )
    await other.close()
    await kept(life)

    assert len(posted(life)) == len(await every(life)) == 1


@only_sqlite
@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.STATUS_AFTER, FaultKind.APPEARS_LATE])
async def test_a_note_whose_post_was_lost_sight_of_stands_there_once(life, kind):
    await life.open()
    more = {"seconds": 20} if kind is FaultKind.APPEARS_LATE else {}
    life.local.fail(kind, "chat.postMessage", times=1, **more)

    for _ in range(5):
        await kept(life, times=1)
        life.room.clock.turn(minutes=1)
        await asyncio.sleep(0.25 if more else 0.01)

    assert len(posted(life)) == 1
    assert len(life.local.messages(AUDIT)) == 1


@only_sqlite
async def test_a_new_month_begins_a_new_thread(life):
    id_ = await life.open()
    await life.beat()
    life.room.clock.turn(days=12)
    await life.beat()

    heads = [m["text"].partition("*\n")[0] for m in life.local.messages(AUDIT)]
    assert heads == ["*Checkpoints of the ledger, November 2026", "*Checkpoints of the ledger, December 2026"]
    assert (await life.kinds(id_))[-1] == "expired"


@only_sqlite
async def test_owners_are_told_once_that_there_is_no_channel_and_again_after_it_was_taken_away(store):
    async with a_life(store, specs=SPECS, given=document(audit_channel=None)) as life:
        await life.open()
        await life.until(life.room.clock.now + timedelta(hours=8), step=2 * HOUR)
        life.restart()
        await life.until(life.room.clock.now + timedelta(hours=8), step=2 * HOUR)
        first = life.told(builders.ANA), life.told(builders.BEN), life.told(PIA.user)

        with_one = builders.configuration(document())
        without, life.room.snapshot = life.snapshot, replace(life.snapshot, configuration=with_one)
        await kept(life)
        life.room.snapshot = without
        await kept(life)
        again = life.told(builders.ANA)

    assert [len(each) for each in first[:2]] == [1, 1]
    assert first[0][0].startswith("Checkpoints of the ledger are posted nowhere")
    assert not any("Checkpoints" in each for each in first[2])
    assert len(again) == 1
    assert life.room.store is store


@only_sqlite
async def test_admins_are_told_where_there_are_some(store):
    given = document(audit_channel=None) | {"reviews": {"admins": [EVA.user]}}
    async with a_life(store, specs=SPECS, given=given) as life:
        await life.open()
        await kept(life)

        assert len(life.told(EVA.user)) == 1
        assert life.told(builders.ANA) == []


@only_sqlite
async def test_without_a_key_and_without_a_launch_nothing_is_signed(life):
    await kept(life)
    await checkpoints.keep(replace(life.services, signing_key=None), life.snapshot)

    assert await every(life) == ()
    assert life.local.messages(AUDIT) == []


@only_sqlite
async def test_a_channel_that_takes_nothing_is_told_of_once_and_gets_the_rest_when_it_does(life):
    channels = life.local.state.channels
    channels[AUDIT] = replace(channels[AUDIT], archived=True)
    id_ = await life.open()
    await life.beat()
    await signed(life, id_)
    await kept(life)
    troubles = life.told(builders.ANA)
    assert posted(life) == []

    channels[AUDIT] = replace(channels[AUDIT], archived=False)
    life.room.clock.turn(days=1, hours=1)
    await life.said(id_, RON, Role.RAI, T_2=Intent.TAKE_BACK)
    await kept(life, times=3)

    [trouble] = troubles
    assert AUDIT in trouble
    assert sorted(sizes(life)) == [each.size for each in await every(life)]
    unposted = await life.room.store.read(lambda session: stored.unposted(session, "main", place=AUDIT))
    assert unposted == ()
