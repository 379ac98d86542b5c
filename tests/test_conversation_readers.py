"""Who may read: a product for the people in its roles is unknown to everybody else, wherever one looks."""

import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.files import load_yaml
from bot.local_slack.faults import FaultKind
from bot.local_slack.values import ChannelKind
from handlers import readers
from handlers.listeners.rooms import may_be_shown
from handlers.readers import Directory
from handlers.services import Snapshot
from schema.errors import Refusal
from tests import builders
from tests.conversations import MODES, a_talk, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
SECRET = {
    "title": "Secret scoring",
    "channel": "C0SECRET001",
    "readers": "roles",
    "roles": {"pm": [builders.PIA], "ml": ["S0ML000001"]},
}
DEMO = Path(__file__).parent.parent / "deploy" / "demo" / "muster.yaml"
DOCUMENT = builders.document(secret_scoring=SECRET)


@pytest.fixture(params=MODES)
async def talk(request, tmp_path):
    async with a_talk(tmp_path, mode=request.param, document=DOCUMENT) as opened:
        opened.slack.add_user("zoe")
        ml = opened.slack.add_group("ml", members=[opened.slack.user("zoe")])
        opened.slack.state.groups["S0ML000001"] = replace(
            ml, id="S0ML000001"
        )  # the id that the configuration names
        yield opened


async def test_a_guarded_product_is_unknown_in_help_and_in_suggestions(talk):
    shown = [
        await talk.types(talk.lea, typed)
        for typed in (
            "help",
            "brief secret-scorin",
            "explain precision of secret-scoring",
            "standup secret-scoring now",
        )
    ]

    said = [words(message) for messages in shown for message in messages]
    assert not any(
        "Secret scoring" in each or "`secret-scoring` (" in each or "mean `secret" in each for each in said
    )
    assert (
        "There is no product `secret-scorin`. What works: `fraud-detection`."
        in said[1 if len(shown[0]) == 1 else 2]
    )


async def test_a_guarded_product_is_read_by_those_in_its_roles(talk):
    *_, shown = await talk.types(talk.pia, "brief secret-scoring")
    *_, help_ = await talk.types(talk.pia, "help")

    assert "Secret scoring, 16 to 22 November 2026" in words(shown)
    assert "Secret scoring (`secret-scoring`)" in words(help_)


async def test_the_people_of_a_user_group_read_as_soon_as_they_are_in_it(talk):
    *_, before = await talk.types(talk.lea, "brief secret-scoring")

    await talk.slack.change_group("S0ML000001", members=[talk.lea])
    await talk.slack.settled()
    *_, after = await talk.types(talk.lea, "brief secret-scoring")

    assert "There is no product `secret-scoring`." in words(before)
    assert "Secret scoring, 16 to 22 November 2026" in words(after)


async def test_a_guest_does_not_read_a_guarded_product_even_with_a_role(talk):
    await talk.slack.change_user(talk.pia, guest=True)
    await talk.slack.settled()

    *_, shown = await talk.types(talk.pia, "brief secret-scoring")
    *_, other = await talk.types(talk.pia, "brief fraud-detection")

    assert "There is no product `secret-scoring`." in words(shown)
    assert "Fraud detection, 16 to 22 November 2026" in words(other)


async def test_where_slack_does_not_answer_nothing_is_shown(talk):
    talk.slack.fail(FaultKind.ERROR, "usergroups.users.list", error="internal_error")

    *_, shown = await talk.types(talk.lea, "brief secret-scoring")

    assert "Slack did not answer, so I cannot tell what you may read." in words(shown)


async def test_slack_is_asked_about_a_group_once_in_ten_minutes(talk):
    for _ in range(3):
        await talk.types(talk.lea, "help")

    assert len(talk.slack.calls("usergroups.users.list")) == 1


async def test_a_page_of_a_guarded_product_is_shared_in_its_own_channel_only(talk):
    await talk.types(talk.pia, "brief secret-scoring", talk.lunch)
    [page] = await talk.types(talk.pia, "brief secret-scoring", talk.lunch)

    [told] = await talk.presses(talk.pia, page, "brief_share", talk.lunch)
    await talk.sends()

    assert (
        words(told)
        == "Secret scoring is only for the people in its roles, so it may be shared in its own channel."
    )
    assert talk.slack.messages(talk.lunch) == []


async def test_a_mention_about_a_guarded_product_is_answered_as_if_there_were_none(talk):
    said = await talk.hears(talk.lea, "brief secret-scoring")

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
    assert "There is no product `secret-scoring`." in words(talk.slack.ephemerals(talk.lea, talk.fraud)[-1])


async def test_the_modal_and_the_home_tab_offer_only_what_one_may_read(talk):
    *_, page = await talk.types(talk.lea, "brief fraud-detection")
    await talk.presses(talk.lea, page, "brief_other_reader")
    await talk.slack.open_home(talk.lea)
    await talk.settles()

    [asked] = talk.slack.views(talk.lea)
    assert "Fraud detection" in words(asked)
    assert "Secret scoring" not in words(asked) + words(talk.slack.home(talk.lea))


# --- the rule itself ---


class Silent:
    """A Slack that knows one group and counts how often it is asked."""

    def __init__(self, members=("U0BEN00001",)):
        self.members, self.asked, self.said = members, [], {}

    async def group_members(self, id, *, within_s=None):
        self.asked.append(id)
        return self.members

    async def user(self, id, *, within_s=None):
        self.asked.append(id)
        return {"id": id, **self.said}


def held() -> Snapshot:
    return Snapshot(
        workspace="main", revision=1, configuration=builders.configuration(DOCUMENT), connectors={}
    )


async def test_what_slack_said_is_believed_for_ten_minutes_or_until_it_says_that_it_changed():
    clock = [builders.NOW]
    slack = Silent()
    directory = Directory(slack=slack, now=lambda: clock[0])

    assert readers.known(directory, held(), builders.BEN) is None
    found = await readers.circle(directory, held(), builders.BEN)
    assert set(found.products) == {"fraud-detection", "secret-scoring"}
    assert readers.known(directory, held(), builders.BEN) == found

    clock[0] += timedelta(minutes=10)
    assert readers.known(directory, held(), builders.BEN) is None
    await readers.circle(directory, held(), builders.LEA)
    directory.forget("S0ML000001")
    assert readers.known(directory, held(), builders.LEA) is None


async def test_a_role_holder_outside_every_group_costs_one_look_up():
    slack = Silent(members=())
    directory = Directory(slack=slack, now=lambda: builders.NOW)

    found = await readers.circle(directory, held(), builders.PIA)

    assert set(found.products) == {"fraud-detection", "secret-scoring"}
    assert slack.asked == [builders.PIA]


@pytest.mark.parametrize("user", [builders.ANA, builders.BEN, builders.PIA])
async def test_product_managers_and_both_owners_may_post(user):
    directory = Directory(slack=Silent(), now=lambda: builders.NOW)

    await readers.poster(directory, held().configuration.products["fraud-detection"], user)


async def test_nobody_else_may_post():
    directory = Directory(slack=Silent(), now=lambda: builders.NOW)

    with pytest.raises(Refusal, match="preview"):
        await readers.poster(directory, held().configuration.products["fraud-detection"], builders.LEA)


async def test_a_page_that_one_may_not_read_any_more_opens_no_modal_with_it(talk):
    *_, page = await talk.types(talk.pia, "brief secret-scoring")
    await talk.slack.change_user(talk.pia, guest=True)
    await talk.slack.settled()

    await talk.presses(talk.pia, page, "brief_other_reader")

    [shown] = talk.slack.views(talk.pia)
    assert "There is no such product any more, or none that you may read." in words(shown)


async def test_a_mention_is_not_kept_waiting_for_a_slow_slack(talk):
    talk.slack.fail(FaultKind.SLOW, "usergroups.users.list", seconds=3)

    said = await talk.hears(talk.lea, "status")

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
    assert "Slack did not answer" in words(talk.slack.ephemerals(talk.lea, talk.fraud)[-1])
    assert all(each.acked for each in talk.slack.sent("app_mention"))


async def test_a_group_of_product_managers_is_asked_for_only_when_somebody_posts(tmp_path):
    document = builders.document()
    document["products"]["fraud-detection"]["roles"] = {"pm": ["S0PMS00001"]}
    async with a_talk(tmp_path, document=document) as talk:
        made = talk.slack.add_group("pms", members=[talk.lea])
        talk.slack.state.groups["S0PMS00001"] = replace(made, id="S0PMS00001")
        await talk.types(talk.lea, "help")
        before = len(talk.slack.calls("usergroups.users.list"))

        [refused] = await talk.types(talk.pia, "standup fraud-detection now")
        [posted] = await talk.types(talk.lea, "standup now")

    assert before == 0
    assert "Only a product manager or an owner" in words(refused)
    assert "Posting the standup" in words(posted)


def with_own_metric():
    """Give the guarded product a metric of its own, whose name alone tells too much."""
    document = builders.document(secret_scoring=SECRET)
    own = next(
        copy.deepcopy(each)
        for each in load_yaml(DEMO).document["metrics"]
        if each["key"] == "resolution_minutes"
    )
    document["metrics"] = [
        {**own, "key": "nightfall_people", "name": "Nightfall layoffs", "countermetrics": ["npv"]}
    ]
    product = document["products"]["secret-scoring"]
    product["queries"]["people"] = {
        "source": "warehouse", "shape": "bare", "sql": "SELECT tp AS value FROM outcomes WHERE day >= :start AND day < :end",
    }  # fmt: skip
    product["metrics"]["nightfall_people"] = {"query": "people"}
    product["metrics"]["npv"] = {"query": "outcomes"}
    return document


async def test_a_metric_of_a_guarded_product_is_unknown_to_those_who_may_not_read_it(tmp_path):
    async with a_talk(tmp_path, document=with_own_metric()) as talk:
        ml = talk.slack.add_group("ml", members=[])
        talk.slack.state.groups["S0ML000001"] = replace(ml, id="S0ML000001")
        *_, typo = await talk.types(talk.lea, "explain nightfall layoff")
        *_, exact = await talk.types(talk.lea, "explain nightfall_people")
        said = await talk.hears(talk.lea, "explain nightfall_people")
        *_, listed = await talk.types(talk.lea, "explain x-y-z")
        *_, told = await talk.types(talk.pia, "explain nightfall_people")

        assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
        assert "There is no metric `nightfall layoff`." in words(typo)
        assert "There is no metric `nightfall_people`." in words(exact)
        assert "ightfall layoffs" not in words(typo) + words(exact)
        assert "nightfall_people" not in words(typo)
        assert "ightfall" not in words(listed)
        assert "Nightfall layoffs" in words(told)


@pytest.mark.parametrize("change", [{"guest": True}, {"guest": True, "single_channel_guest": True}])
async def test_a_guest_posts_no_standup_even_as_product_manager(talk, change):
    await talk.slack.change_user(talk.pia, **change)
    await talk.slack.settled()

    *_, refused = await talk.types(talk.pia, "standup fraud-detection now")
    await talk.sends()

    assert "Only a product manager or an owner of Fraud detection may post" in words(refused)
    assert talk.slack.messages(talk.fraud) == []


async def test_who_is_not_known_to_be_inside_posts_nothing(talk):
    talk.desk.directory.forget(builders.PIA)
    talk.slack.fail(FaultKind.ERROR, "users.info", error="internal_error", times=9)

    *_, refused = await talk.types(talk.pia, "standup fraud-detection now")

    assert "Slack did not answer, so I cannot tell what you may read." in words(refused)


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        ({}, {"fraud-detection", "secret-scoring"}),
        ({"is_restricted": True}, {"fraud-detection"}),
        ({"is_ultra_restricted": True}, {"fraud-detection"}),
        ({"is_stranger": True}, set()),
        ({"deleted": True}, set()),
        ({"is_bot": True}, set()),
    ],
)
async def test_a_guest_reads_open_products_and_a_person_of_another_company_none(said, reads):
    slack = Silent()
    slack.said = said
    directory = Directory(slack=slack, now=lambda: builders.NOW)

    found = await readers.circle(directory, held(), builders.BEN)

    assert set(found.products) == reads
    assert found.sure


async def test_who_is_not_known_reads_nothing_and_is_told_to_press_again(talk):
    talk.desk.directory.forget(builders.LEA)
    talk.slack.fail(FaultKind.ERROR, "users.info", error="internal_error", times=9)

    *_, shown = await talk.types(talk.lea, "brief fraud-detection")

    assert "Slack did not answer, so I cannot tell what you may read." in words(shown)


async def test_in_a_channel_that_waits_to_be_shared_nothing_is_shown(talk):
    """The event says nothing of an invitation that the other company has not taken yet; Slack says it when asked."""
    product = (await talk.desk.services.snapshot("main")).product("fraud-detection")
    await talk.slack.change_channel(talk.fraud, ext_shared=True)

    with pytest.raises(Refusal, match="shared with another company"):
        await may_be_shown(talk.desk, product, talk.fraud.id, shared_outside=False)


async def test_a_guarded_product_is_not_shown_in_a_channel_that_anybody_may_join(tmp_path):
    document = builders.document(fraud_detection={"readers": "roles"})
    async with a_talk(tmp_path, document=document) as talk:
        await talk.hears(talk.pia, "brief")
        *_, page = await talk.types(talk.pia, "brief")
        [told] = await talk.presses(talk.pia, page, "brief_share")
        await talk.sends()
        before = talk.slack.messages(talk.fraud)

        talk.slack.state.channels[talk.fraud.id] = replace(talk.fraud, kind=ChannelKind.PRIVATE)
        [shared] = await talk.presses(talk.pia, page, "brief_share")

    assert "anybody here may join this channel. Make it a private channel first." in words(told)
    assert [each for each in before if each.get("bot_id")] == []
    assert "It will be in the channel in a moment." in words(shared)


async def test_who_is_looked_up_quickly_gets_the_answer_alone_and_at_once(talk):
    await talk.types(talk.lea, "brief fraud-detection")
    talk.desk.directory.forget(builders.LEA)

    shown = await talk.types(talk.lea, "brief fraud-detection")

    assert len(shown) == 1
    assert "Fraud detection, 16 to 22 November 2026" in words(shown[0])
