"""When a standup runs, talked over in a local Slack: shown, changed, left out, paused, handed over, refused."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.local_slack.faults import FaultKind
from bot.local_slack.values import User
from bot.workspaces import Workspaces
from handlers import configuration, digests
from integrations.store import deliveries as stored
from integrations.store import due
from schema.configuration.changes import Fate, Kind, ObjectKey, Take
from schema.deliveries import DeliveryState
from tests import builders
from tests.conversations import MODES, Talk, a_talk, words

FRAUD = ObjectKey(Kind.PRODUCT, "fraud-detection")


class Live:
    """The configuration as the database has it at every question."""

    workspaces = None

    async def __call__(self, workspace):
        return await self.workspaces(builders.WORKSPACE)


@dataclass(slots=True)
class Office:
    """A talk whose configuration is stored, so that it can be changed."""

    talk: Talk
    kim: User  # a guest

    def __getattr__(self, name):
        return getattr(self.talk, name)

    @property
    def store(self):
        return self.talk.desk.services.store

    async def product(self):
        services = self.talk.desk.services
        return (await services.snapshot(builders.WORKSPACE)).product("fraud-detection")

    async def plans(self):
        services = self.talk.desk.services
        await digests.plan_ahead(services, await services.snapshot(builders.WORKSPACE), prepare_before_s=900)
        planned = await self.store.read(lambda s: due.planned(s, builders.WORKSPACE, kind=digests.PREPARE))
        return [work.payload["at"][:16] for work in planned]

    async def presses(self, user, message, action, channel=None):
        return await self.talk.presses(user, message, action, channel)

    def modal(self, user):
        return self.talk.slack.views(user)[-1]

    async def sends(self, user, **values):
        """Submit the topmost modal; gives what stands in it then, and the errors beside its fields."""
        await self.talk.slack.submit(user, self.modal(user)["id"], values)
        await self.talk.desk.tasks.idle()
        view = self.modal(user)
        return words(view), view["errors"]

    async def channel_says(self):
        await self.talk.sends()
        return [words(each) or each["text"] for each in self.talk.slack.messages(self.talk.fraud)]


@asynccontextmanager
async def an_office(folder: Path, *, mode="socket", document=None):
    live = Live()
    document = document or builders.document()
    async with a_talk(folder, mode=mode, document=document, beside={"snapshot": live}) as talk:
        store = talk.desk.services.store
        live.workspaces = Workspaces(
            store=store, catalogue=builders.known_metrics(), secrets=lambda name: name, folder=folder, every_s=0
        )  # fmt: skip
        await apply(store, document)
        kim = talk.slack.add_user("kim", real_name="Kim Lee", guest="guest")
        try:
            yield Office(talk=talk, kim=kim)
        finally:
            await live.workspaces.close()


async def apply(store, document, take=None):
    return await configuration.apply(
        store, builders.WORKSPACE, document, catalogue=builders.known_metrics(), now=builders.NOW, take=take
    )


@pytest.fixture
async def office(tmp_path):
    async with an_office(tmp_path) as opened:
        yield opened


# --- shown and changed ---


@pytest.mark.parametrize("mode", MODES)
async def test_a_standup_is_moved_and_the_confirmation_shows_zone_and_the_next_three_runs(tmp_path, mode):
    async with an_office(tmp_path, mode=mode) as office:
        [shown] = await office.types(office.pia, "standup schedule")
        await office.presses(office.pia, shown, "schedule_change")
        confirmed, _ = await office.sends(
            office.pia, day="tuesday", at="10:15", zone="Europe/Lisbon", holidays="PT", roster=[office.lea]
        )
        said = await office.channel_says()
        planned = await office.plans()
        product = await office.product()

    assert "*Standup of Fraud detection*: every Monday at 09:30, UTC" in words(shown)
    assert "Mon 23 Nov, 09:30 UTC (for you <!date^" in words(shown)
    assert words(shown).count("• ") == 3
    assert "every Tuesday at 10:15, Europe/Lisbon" in confirmed
    assert "• Tue 24 Nov, 10:15 Europe/Lisbon (for you <!date^" in confirmed
    assert "• Wed 9 Dec, 10:15 Europe/Lisbon, moved from Tue 8 Dec, Immaculate Conception" in confirmed
    assert "Asked before it: 1 person, at 10:00 where each is" in confirmed
    assert said == [
        (
            "<@U0PIA00001> changed the standup: every Tuesday at 10:15, Europe/Lisbon."
            " The next one: Tue 24 Nov, 10:15 Europe/Lisbon."
        )
    ]
    assert planned[:3] == ["2026-11-24T10:15", "2026-12-02T10:15", "2026-12-09T10:15"]
    assert (product.zone, product.holidays, product.standup.roster) == ("UTC", "PT", (builders.LEA,))


async def test_what_was_changed_in_slack_is_a_conflict_for_a_file_that_says_otherwise(office):
    [shown] = await office.types(office.ana, "standup fraud-detection schedule")
    await office.presses(office.ana, shown, "schedule_change")
    await office.sends(office.ana, day="first monday")

    same = await apply(office.store, builders.document())
    other = await apply(office.store, builders.document(fraud_detection={"title": "Fraud watch"}))
    settled = await apply(
        office.store, builders.document(fraud_detection={"title": "Fraud watch"}), Take.SLACK
    )

    assert [(d.fate, d.changed_by) for d in same.differences if d.at == FRAUD] == [(Fate.KEPT, builders.ANA)]
    assert [d.fate for d in other.conflicts] == [Fate.CONFLICT]
    assert [d.fate for d in settled.differences if d.at == FRAUD] == [Fate.KEPT]
    body = (await office.store.read(lambda s: configuration.stored.objects(s, builders.WORKSPACE)))[
        FRAUD
    ].body
    assert body == {**builders.PRODUCT, "standup": {"on": "first monday", "at": "09:30"}}


async def test_what_is_typed_stands_in_the_form(office):
    await office.types(office.pia, "standup schedule every second thursday at 16:00 Asia/Tokyo")
    _, errors = await office.sends(office.pia)
    confirmed, _ = await office.sends(office.pia, starts_on="2026-12-03")

    assert errors == {
        "starts_on": "It is not said which weeks these are. Add `from: 2027-01-04`, a day in the first one."
    }
    assert "every second Thursday at 16:00, Asia/Tokyo" in confirmed
    assert "• Thu 3 Dec, 16:00" in confirmed
    assert "• Thu 17 Dec, 16:00" in confirmed


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("monday 9", '`9` is no time of day. Did you mean "09:00"?'),
        ("monday 25:00", "`25:00` is no time of day. Write hours from 00 to 23"),
        ("every 31st", "`every 31st` is no day of a standup. Not every month has it on a day of work; did you mean `last business day`?"),
        ("mondey 09:30", "`mondey` is no day of a standup. Did you mean `monday`?"),
        ("monday 09:30 Berlin", "There is no time zone `Berlin`. Did you mean `Europe/Berlin`?"),
        ("every 20 weeks on monday", "`20` is out of range. Write a number of at most 13."),
    ],
)  # fmt: skip
async def test_what_does_not_work_gets_the_nearest_thing_that_does(office, typed, answer):
    [shown] = await office.types(office.pia, f"standup schedule {typed}")

    assert answer in words(shown)
    assert office.slack.views(office.pia) == []


async def test_what_is_wrong_in_the_form_is_told_beside_each_field_and_nothing_changes(office):
    [shown] = await office.types(office.pia, "standup schedule")
    await office.presses(office.pia, shown, "schedule_change")
    _, errors = await office.sends(
        office.pia, day="every 31st", at="25:00", zone="Mars/Base", holidays="Germany", deadline="late"
    )

    assert {field: each.split(".")[0] for field, each in errors.items()} == {
        "day": "`every 31st` is no day of a standup", "at": "`25:00` is no time of day",
        "zone": "There is no time zone `Mars/Base`", "holidays": "No holidays are known of it",
        "deadline": "`late` is no time of day",
    }  # fmt: skip
    assert (await office.product()).standup == builders.configuration(builders.document()).products[
        "fraud-detection"
    ].standup


async def test_guests_bots_and_people_who_left_are_on_no_roster(office):
    gone = office.slack.add_user("gus", real_name="Gus Old")
    [shown] = await office.types(office.pia, "standup schedule")
    await office.presses(office.pia, shown, "schedule_change")
    told = []
    for person in (office.kim, office.app.bot_user_id, gone):
        office.slack.fill(office.pia, office.modal(office.pia)["id"], {"roster": [person]})
        if person is gone:
            await office.slack.change_user(gone, deleted=True)
            await office.slack.settled()
        _, errors = await office.sends(office.pia)
        told.append(errors["roster"])

    assert told == [
        "Kim Lee is a guest; choose full members of this workspace.", "Muster is a bot; choose people.",
        "Gus Old is deactivated in Slack; choose somebody else.",
    ]  # fmt: skip


async def test_a_roster_is_changed_without_a_word_in_the_channel(office):
    [shown] = await office.types(office.pia, "standup schedule")
    await office.presses(office.pia, shown, "schedule_change")
    confirmed, errors = await office.sends(office.pia, roster=[office.lea, office.ana], ask_at="09:00")

    assert errors == {}
    assert "Asked before it: 2 people, at 09:00 where each is" in confirmed
    assert "Its channel is told" not in confirmed
    assert await office.channel_says() == []
    body = (await office.store.read(lambda s: configuration.stored.objects(s, builders.WORKSPACE)))[
        FRAUD
    ].body
    assert body["standup"] == {
        "on": "monday", "at": "09:30", "ask_at": "09:00", "roster": [builders.LEA, builders.ANA],
    }  # fmt: skip


async def test_nothing_is_said_where_another_company_reads_along(office):
    await office.slack.change_channel(office.fraud, ext_shared=True)
    [paused] = await office.types(office.pia, "standup pause")
    await office.types(office.pia, "standup schedule friday 10:00")
    confirmed, _ = await office.sends(office.pia)

    assert "Paused." in words(paused)
    assert "every Friday at 10:00, UTC" in confirmed
    assert "Its channel is told" not in confirmed
    assert await office.channel_says() == []


async def test_nothing_is_said_of_a_product_for_its_roles_where_anybody_may_read(tmp_path):
    document = builders.document(fraud_detection={"readers": "roles"})
    async with an_office(tmp_path, document=document) as office:
        [paused] = await office.types(office.pia, "standup fraud-detection pause")

        assert "Paused." in words(paused)
        assert await office.channel_says() == []


async def test_only_a_product_manager_or_an_owner_changes_anything(office):
    [shown] = await office.types(office.lea, "standup schedule")
    told = [
        words((await office.types(office.lea, f"standup {typed}"))[-1])
        for typed in ("schedule friday 10:00", "skip", "pause", "resume")
    ]
    [handed] = await office.types(office.pia, f"standup hand-over <@{builders.LEA}>")

    assert "every Monday at 09:30, UTC" in words(shown)
    assert [each["type"] for each in shown["blocks"]] == ["section"]  # no buttons
    assert set(told) == {
        (
            "Only a product manager or an owner of Fraud detection may change its standup;"
            " `standup fraud-detection schedule` shows it to you."
        )
    }
    assert "Only the owner of Fraud detection can hand it over" in words(handed)
    assert office.slack.views(office.lea) == []


async def test_two_people_who_change_it_at_once_do_not_undo_each_other(office):
    for user in (office.ana, office.pia):
        [shown] = await office.types(user, "standup schedule")
        await office.presses(user, shown, "schedule_change")
    await office.sends(office.ana, day="friday")
    _, errors = await office.sends(office.pia, at="14:00")

    assert list(errors.values()) == [
        "Somebody changed the configuration meanwhile. Open it again, and it shows what holds now."
    ]
    assert str((await office.product()).standup.on) == "friday"


async def test_a_week_that_nothing_would_tell_any_more_is_said(office):
    await office.types(office.pia, "standup schedule monday 07:00")
    confirmed, _ = await office.sends(office.pia)

    assert (
        ":warning: 2026-W47 is not told yet, and its time is past: `/muster standup fraud-detection now`"
        in confirmed
    )


# --- left out, paused, handed over ---


async def test_one_standup_is_left_out_and_who_and_why_stands_in_its_channel_and_record(office):
    await office.plans()
    await office.types(office.pia, "standup skip team offsite <!channel>")
    confirmed, _ = await office.sends(office.pia)
    said = await office.channel_says()
    services = office.desk.services
    later = replace(services, now=lambda: builders.NOW + timedelta(minutes=80))
    await digests.prepare_due(later, await services.snapshot(builders.WORKSPACE), holder="test")

    [delivery] = await office.store.read(
        lambda s: stored.record(s, builders.WORKSPACE, product="fraud-detection")
    )
    assert (delivery.state, delivery.last_reason) == (
        DeliveryState.SKIPPED, "<@U0PIA00001> left it out: team offsite",
    )  # fmt: skip
    assert "• Mon 23 Nov, 09:30 UTC (for you" in confirmed
    assert ": <@U0PIA00001> left it out: team offsite\n• Mon 30 Nov" in confirmed
    assert said == ["The standup of Fraud detection on Mon 23 Nov is left out. <@U0PIA00001>: team offsite"]


async def test_the_home_tab_knows_what_is_left_out_and_paused(office):
    async def home():
        await office.slack.open_home(office.pia)
        await office.slack.settled()
        await office.desk.tasks.idle()
        await office.talk.sends()
        return words(office.slack.home(office.pia))

    first = await home()
    await office.types(office.pia, "standup skip")
    await office.sends(office.pia, reason="offsite")
    second = await home()
    await office.types(office.pia, "standup pause")
    third = await home()

    assert "|2026-11-23 09:30 UTC>" in first
    assert "|2026-11-30 09:30 UTC>" in second
    assert "no standup is planned" in third


async def test_a_standup_that_was_left_out_is_posted_after_all(office):
    await office.types(office.pia, "standup skip")
    await office.sends(office.pia, reason="offsite")
    [shown] = await office.types(office.ana, "standup resume")
    [again] = await office.types(office.ana, "standup resume")

    assert "left it out" not in words(shown)
    assert "is not paused, and none of the next ones is left out" in words(again)
    assert (await office.channel_says())[-1].endswith("is posted after all, says <@U0ANA00001>.")
    [delivery] = await office.store.read(
        lambda s: stored.record(s, builders.WORKSPACE, product="fraud-detection")
    )
    assert delivery.state is DeliveryState.PLANNED


async def test_a_pause_lasts_until_somebody_resumes(office):
    assert len(await office.plans()) == 8
    [paused] = await office.types(office.pia, "standup pause")
    planned = await office.plans()
    [resumed] = await office.types(office.pia, "standup fraud-detection resume")

    assert "Paused. `/muster standup fraud-detection resume` goes on" in words(paused)
    assert planned == []
    assert "Paused" not in words(resumed)
    assert len(await office.plans()) == 8
    assert [each.split(" the standup")[0] for each in await office.channel_says()] == [
        "<@U0PIA00001> paused", "<@U0PIA00001> resumed",
    ]  # fmt: skip


async def test_a_week_that_a_pause_left_untold_is_said_when_it_ends(office):
    await office.types(office.pia, "standup schedule monday 07:00")
    await office.sends(office.pia)
    await office.types(office.pia, "standup pause")
    [resumed] = await office.types(office.pia, "standup resume")

    assert (
        ":warning: 2026-W47 is not told yet, and its time is past: `/muster standup fraud-detection now`"
        in words(resumed)
    )


async def test_the_owner_hands_a_product_over(office):
    [done] = await office.types(office.ana, f"standup fraud-detection hand-over <@{builders.PIA}|pia>")
    product = await office.product()
    await office.talk.sends()
    [swapped] = await office.types(office.pia, f"standup hand-over <@{builders.BEN}>")
    after = await office.product()
    refused = [
        words((await office.types(office.slack.user("ben"), f"standup hand-over {who}"))[-1])
        for who in (f"<@{office.kim.id}>", f"<@{builders.BEN}>", "somebody")
    ]

    assert "Fraud detection has a new owner" in words(done)
    assert "has a new owner" in words(swapped)
    assert (product.owner, product.backup_owner) == (builders.PIA, builders.BEN)
    assert (after.owner, after.backup_owner) == (builders.BEN, builders.PIA)
    assert refused == [
        "Kim Lee is a guest; choose full members of this workspace.",
        "You own Fraud detection already; name whom to hand it to, such as `@kim`.",
        "Name whom to hand it to: `/muster standup fraud-detection hand-over @kim`.",
    ]


async def test_a_submission_that_slack_brings_twice_changes_and_tells_once(office):
    await office.types(office.pia, "standup schedule friday 10:00")
    office.slack.fail(FaultKind.DOUBLED, "schedule_changed", times=1)
    await office.sends(office.pia)
    await office.slack.settled()

    assert len(await office.channel_says()) == 1


async def test_a_product_without_a_standup_gets_one_in_slack(tmp_path):
    document = builders.document(fraud_detection={"standup": None})
    async with an_office(tmp_path, document=document) as office:
        [shown] = await office.types(office.pia, "standup schedule")
        [skipped] = await office.types(office.pia, "standup skip")
        await office.presses(office.pia, shown, "schedule_change")
        confirmed, _ = await office.sends(office.pia, day="last business day", at="15:00")
        planned = await office.plans()

    assert "no time is set, so nothing is posted by itself" in words(shown)
    assert "Fraud detection has no standup yet" in words(skipped)
    assert "the last business day of each month at 15:00, UTC" in confirmed
    assert planned[:2] == ["2026-11-30T15:00", "2026-12-31T15:00"]
