"""The fault harness: nothing lost and nothing doubled at any step, and it sees what is."""

import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from bot.cli import app
from bot.commands.rehearse import lines
from bot.files import Secrets
from bot.local_slack.posting import put
from bot.rehearse.acting import rehearse
from bot.rehearse.counting import Came, counted
from bot.rehearse.lives import alive
from bot.rehearse.owing import Owing, composed
from bot.rehearse.plans import Rehearsal, Tally
from bot.rehearse.stages import staged
from bot.rehearse.steps import STEPS
from bot.settings import Settings
from bot.workspaces import MAIN
from handlers.effects import EffectKind
from integrations.slack_values import key_metadata
from integrations.store import deliveries as stored
from integrations.store import outbox
from integrations.store import parts as stored_parts
from integrations.store.tables import table_of
from schema.deliveries import part_key
from schema.errors import Refusal
from schema.tables.outbox import OutboxRow
from tests import builders
from tests.test_cli import written

OUTBOX = table_of(OutboxRow)
HERE = Secrets(environment=os.environ)


@pytest.fixture
def config(tmp_path):
    """Give a configuration of three products, each with a channel of its own."""
    channels = {name: {"channel": f"C0{name.upper()}0001"} for name in ("search", "support")}
    return written(tmp_path / "muster.yaml", builders.document(**channels))


@pytest.fixture
async def stage(config):
    async with staged(Rehearsal(config=config), Settings.from_env({}), HERE) as made:
        made.slack.heal()
        yield made


@pytest.fixture
async def owing(stage):
    made = Owing(stage, await composed(stage, Settings.from_env({})))
    await made.owe(12)
    return made


def post(stage, channel, key, *, thread_ts=""):
    """Let a message of the bot stand in Slack, as if it had been posted."""
    message = {"type": "message", "text": key, "metadata": key_metadata(key)}
    return put(stage.slack.state, channel, message, thread_ts=thread_ts)["ts"]


def carry_out(stage, owing):
    """Do everything that is owed, at once and without any process."""

    def do(session):
        now = datetime.now(UTC)
        for id in owing.deliveries:
            delivery = stored.begin(session, MAIN, id, late_line="")
            parent = ""
            for part in stored.parts(session, MAIN, id):
                stored_parts.begin_part(session, MAIN, part.key, now=now)
                ts = post(stage, delivery.channel, part.key, thread_ts=parent)
                parent = parent or ts
                stored_parts.part_sent(session, MAIN, part.key, ts=ts)
            stored.settle(session, MAIN, id, now=now)
        while taken := outbox.take(session, MAIN, now=datetime.now(UTC)):
            for effect in taken:
                channel = effect.payload.get("channel") or owing.channels[0]
                outbox.sent(session, effect, ts=post(stage, channel, f"outbox.{MAIN}.{effect.id}"))

    return stage.store.write(do)


def shown(stage, key):
    return next(m for _, m in stage.slack.every_message() if key == m.get("text"))


async def test_every_step_is_died_at_once_and_nothing_is_lost_or_doubled(config):
    said = []
    wanted = Rehearsal(config=config, sends=48, factor=25)

    tally = await rehearse(wanted, Settings.from_env({}), HERE, told=said.append)

    assert tally.missed == ()
    assert tally.kills == {step.event: 1 for step in STEPS}
    assert (tally.lost, tally.doubled) == (0, 0)
    assert tally.planned == tally.sent + tally.unknown >= 48
    assert tally.sent > tally.unknown
    assert sum(tally.faults.values()) > 10
    assert said[0].startswith("1 of ")


def test_the_command_prints_its_factor_and_what_came_of_all():
    result = CliRunner().invoke(app, ["rehearse", "--sends", "8", "--factor", "25", "--no-kill"])

    assert result.exit_code == 0, result.output
    assert "Time factor 25: every wait, fault and limit is 25 times shorter." in result.output
    for name in ("planned", "sent", "lost", "doubled", "unknown"):
        assert f"\n{name} " in result.output
    assert "Killed" not in result.output


def test_a_configuration_without_a_channel_is_refused(tmp_path):
    config = tmp_path / "muster.yaml"
    config.write_text("workspace: {name: Acme, zone: Europe/Berlin, currency: EUR}\n", encoding="utf-8")

    result = CliRunner().invoke(app, ["rehearse", "--config", str(config)])

    assert result.exit_code != 0
    assert "Give one a channel" in str(result.exception)


async def test_a_bot_that_cannot_run_is_told_by_what_it_said_last(stage):
    broken = replace(stage, environment={**stage.environment, "MUSTER_SETTLE_S": "soon"})

    async with alive(broken) as life:
        with pytest.raises(Refusal, match=r"(?s)ended by itself with code \d.*MUSTER_SETTLE_S"):
            await life.says("ready", within_s=20)


async def test_what_was_carried_out_is_counted_as_sent(stage, owing):
    await carry_out(stage, owing)

    came, doubled = await counted(stage, owing)

    assert (came, doubled) == ({Came.SENT: owing.planned}, 0)


async def test_nothing_carried_out_is_all_lost(stage, owing):
    came, _ = await counted(stage, owing)

    assert came == {Came.LOST: owing.planned}


async def test_a_second_message_with_the_same_key_is_a_double(stage, owing):
    await carry_out(stage, owing)
    key = part_key(next(iter(owing.deliveries)), 0)
    post(stage, stage.products[0].channel, key)

    _, doubled = await counted(stage, owing)

    assert doubled == 1


async def test_a_message_that_is_gone_from_slack_is_lost_though_the_database_says_sent(stage, owing):
    await carry_out(stage, owing)
    id = next(iter(owing.deliveries))
    key = owing.deliveries[id][-1]
    channel = stage.products[0].channel
    stage.slack.state.logs[channel].remove(shown(stage, key)["ts"])

    came, _ = await counted(stage, owing)

    assert came[Came.LOST] == 1


async def test_an_effect_that_vanished_from_the_database_is_lost(stage, owing):
    await carry_out(stage, owing)
    await stage.store.write(lambda session: session.execute(delete(OUTBOX).where(OUTBOX.c.id == 1)) and None)

    came, _ = await counted(stage, owing)

    assert came[Came.LOST] == 1


async def test_what_muster_cannot_tell_is_unknown_and_neither_lost_nor_sent(stage, owing):
    await carry_out(stage, owing)
    unknown = update(OUTBOX).where(OUTBOX.c.kind == EffectKind.POST, OUTBOX.c.id == 1)
    await stage.store.write(lambda session: session.execute(unknown.values(state="unknown")) and None)

    came, _ = await counted(stage, owing)

    assert (came[Came.UNKNOWN], came[Came.LOST]) == (1, 0)


def test_a_loss_or_a_double_is_no_success():
    kept = Tally(factor=20, planned=3, sent=2, lost=0, doubled=0, unknown=1)

    assert kept.sound
    assert not Tally(factor=20, planned=3, sent=2, lost=1, doubled=0, unknown=0).sound
    assert not Tally(factor=20, planned=3, sent=3, lost=0, doubled=1, unknown=0).sound
    assert "unknown        1" in lines(kept)
    assert any(line.startswith("Unknown: Slack would not say") for line in lines(kept))
    assert not any("Unknown" in line for line in lines(replace(kept, sent=3, unknown=0)))
