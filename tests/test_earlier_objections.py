"""A launch that is withdrawn and asked for anew takes its objections along: nobody's no is wiped out by asking again."""

from dataclasses import replace

import pytest

from handlers import drawing, gates, items, launches, proofs, sheets
from handlers.items import Answer
from handlers.launches import Asked, Breaking
from handlers.views import gates as gate_views
from handlers.views.items import review_form
from integrations.store import cards, ledger, outbox
from schema.attempts import Code, Declined
from schema.flaws import flaws
from schema.items import ItemState
from schema.launches import EventKind, State
from schema.ledger import begin
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import (
    EVA,
    EVERYBODY,
    MANIFEST,
    MIA,
    PIA,
    RON,
    SAM,
    SIGNED,
    WAIVABLE,
    Room,
    a_key,
    person,
    team,
)
from tests.test_conversation_launches import a_room as a_talking_room
from tests.test_conversation_launches import words

NO = Answer(intent=Intent.OBJECT, reason="It forgets small shops.")
SIGN, BACK = Intent.SIGN, Intent.TAKE_BACK
FIRST, SECOND, THIRD = (f"fraud-detection-{number}" for number in (1, 2, 3))
MAX = person("MAX", Role.ML)


@pytest.fixture(name="room")
def a_room(store):
    return Room(store)


async def withdrawn(room, **said):
    """Open a launch, let Mia object, and take it back before anybody answered for it."""
    launch = await room.opened(**said)
    await room.said(launch, MIA, Role.ML, T_1=NO)
    await launches.withdraw(*room.acting(launch), by=PIA, key=a_key())
    return launch


async def told(room):
    waiting = await room.store.read(lambda session: outbox.waiting(session, room.workspace))
    return [(each.payload["user"], each.payload["text"]) for each in waiting if each.kind == "dm"]


async def shown(room, key):
    return str((await room.store.read(lambda session: cards.get(session, room.workspace, key))).message)


async def objected(room, launch):
    return [(vote.item, vote.launch) for vote in (await room.gate(launch)).dissent]


async def test_an_objection_that_a_withdrawn_launch_left_behind_stands_in_the_next_one(room):
    await withdrawn(room)
    launch = await room.opened(people=(*EVERYBODY, MAX))
    await room.said(launch, MAX, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)

    gate = await room.gate(launch)
    assert (gate.open, gate.items["T-1"]) == (False, ItemState.OBJECTED)
    assert await objected(room, launch) == [("T-1", FIRST)]
    events = await room.store.read(lambda session: ledger.events_since(session, room.workspace))
    assert flaws(begin(room.workspace), events) == ()


async def test_who_objected_is_asked_again_and_card_thread_form_and_certificate_name_the_earlier_launch(room):
    await withdrawn(room)
    launch = await room.opened()

    [(user, words)] = [each for each in await told(room) if "You objected" in each[1]]
    assert user == MIA.user
    assert words.startswith(f"You objected to T-1 in {FIRST}. *Ranker v3* ({SECOND}) asks anew")
    assert words.endswith("\n• *T-1* Does it work?")
    card = await shown(room, drawing.card_key(launch))
    assert f"*Mia objects to T-1*, since {FIRST}" in card
    assert "It forgets small shops." in card
    looked = await gates.look(*room.acting(launch))
    body = gate_views.body(looked.launch, looked.gate, looked.missing, at=room.clock.now, asked=None)
    assert [each["launch"] for each in body["dissent"]] == [FIRST]
    page = (await proofs.prove(room.services, room.snapshot, launch)).page.decode()
    assert f"to the earlier launch {FIRST}" in page
    assert "It forgets small shops." in page
    sheet = await sheets.sheet(*room.acting(launch), person=MAX, role=Role.ML, id=a_key())
    assert f"Somebody objected to this in {FIRST} on 23 November 2026" in str(review_form(sheet))
    mine = await sheets.sheet(*room.acting(launch), person=MIA, role=Role.ML, id=a_key())
    assert mine.items[0].said is Intent.OBJECT


@pytest.mark.parametrize("answer", [SIGN, BACK])
async def test_it_ends_when_who_objected_speaks_again(room, answer):
    await withdrawn(room)
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=answer)

    assert await objected(room, launch) == []
    await launches.withdraw(*room.acting(launch), by=PIA, key=a_key())
    assert await objected(room, await room.opened()) == []


async def test_an_override_holds_for_its_launch_only_until_that_goes_out(room):
    first = await room.opened()
    objection = (await room.said(first, MIA, Role.ML, T_1=NO)).events[0].seq
    await launches.override(*room.acting(first), objection, reason="We fixed it.", by=EVA, key=a_key())
    await launches.withdraw(*room.acting(first), by=PIA, key=a_key())

    second = await room.opened(people=(*EVERYBODY, MAX))
    assert (await room.gate(second)).items["T-1"] is ItemState.OBJECTED
    await launches.override(*room.acting(second), objection, reason="We did fix it.", by=EVA, key=a_key())
    await room.said(second, MAX, Role.ML, T_1=SIGN)
    await room.said(second, RON, Role.RAI, T_2=SIGN)
    await room.used(second)

    assert await objected(room, second) == [("T-1", FIRST)]
    assert await objected(room, await room.opened()) == []


async def test_it_stands_though_the_new_launch_asks_less_and_can_still_be_taken_back(store):
    room = Room(store, specs=(replace(SIGNED, applies_from=Tier.HIGH), WAIVABLE))
    await withdrawn(room, answers=frozenset({RiskQuestion.ALLOCATION}))
    launch = await room.opened()
    await room.said(launch, RON, Role.RAI, T_2=SIGN)

    assert (await room.gate(launch)).open is False
    sheet = await sheets.sheet(*room.acting(launch), person=MIA, role=Role.ML, id=a_key())
    [item] = [each for each in sheet.items if each.id == "T-1"]
    assert (item.said, tuple(item.choices)) == (Intent.OBJECT, (BACK,))
    await items.sign(
        room.services, room.snapshot, sheet.showing, {"T-1": Answer(intent=BACK)}, person=MIA, key=a_key()
    )
    assert (await room.gate(launch)).open is True


async def test_an_emergency_does_not_wipe_it_out_and_no_second_one_comes_before_the_review(room):
    first = await room.opened()
    await room.said(first, MIA, Role.ML, T_1=NO)
    glass = Breaking(reason="Payments are down", incident="INC-2041", hours=2)
    await launches.break_glass(*room.acting(first), glass, by=EVA, key=a_key())
    second = await room.opened()

    assert await objected(room, second) == [("T-1", FIRST)]
    with pytest.raises(
        Declined, match=f"^{FIRST} passed in an emergency and waits for its review; have two other"
    ) as caught:
        await launches.break_glass(*room.acting(second), glass, by=EVA, key=a_key())
    assert caught.value.code is Code.STATE
    for who in (SAM, RON):
        await launches.review_bypass(*room.acting(first), reason="It was needed.", by=who, key=a_key())
    await launches.break_glass(*room.acting(second), glass, by=EVA, key=a_key())
    assert (await room.gate(second)).state is State.BYPASSED


async def test_another_product_hears_nothing_of_it(store):
    given = builders.document()
    given["products"]["other"] = {**given["products"]["fraud-detection"], "title": "Other"}
    room = Room(store, document=given)
    await withdrawn(room)
    given = Asked(title="Ranker v3", manifest=MANIFEST, answers=frozenset())
    opened = await launches.open_launch(
        room.services,
        room.snapshot,
        room.snapshot.product("other"),
        given,
        by=PIA,
        team=team(*EVERYBODY),
        key=a_key(),
    )
    launch = opened.id

    assert await objected(room, launch) == []
    events = await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))
    assert EventKind.OBJECTION_CARRIED not in {event.kind for event in events}


async def test_who_objected_and_then_asks_for_a_launch_can_take_it_back_themselves(room):
    await withdrawn(room)
    launch = await room.opened(by=MIA, people=(*EVERYBODY, MAX))
    assert await objected(room, launch) == [("T-1", FIRST)]

    sheet = await sheets.sheet(*room.acting(launch), person=MIA, role=Role.ML, id=a_key())
    [item] = [each for each in sheet.items if each.id == "T-1"]
    assert item.choices == (Intent.COMMENT, BACK)
    await items.sign(
        room.services, room.snapshot, sheet.showing, {"T-1": Answer(intent=BACK)}, person=MIA, key=a_key()
    )
    assert await objected(room, launch) == []


def direct(room, user):
    """Give what somebody was told in a direct message, oldest first."""
    slack, both = room.talk.slack, {user.id, room.talk.app.bot_user_id}
    ids = [id_ for id_, held in slack.state.members.items() if id_.startswith("D") and set(held) == both]
    return [words(message) for id_ in ids for message in slack.messages(id_)]


def card_of(room, launch):
    return next(each for each in room.posted() if f"{launch} · asked for by" in words(each))


async def test_who_objected_hears_of_the_new_launch_and_takes_it_back_in_their_form(tmp_path):
    async with a_talking_room(tmp_path) as room:
        await room.begins()
        await room.signs(room.mia, LR_03=("object", "Recall is of last year."))
        await room.does(room.pia, "withdraw", reason="Once more.")
        await room.begins()
        await room.ticks(SECOND)

        [asked] = [said for said in direct(room, room.mia) if "You objected" in said]
        assert f"You objected to LR-03 in {FIRST}. *Ranker v3 for new shops* ({SECOND}) asks anew" in asked
        assert f"*Mia objects to LR-03*, since {FIRST}" in words(card_of(room, SECOND))
        thread = [
            words(each) for each in room.talk.slack.thread(room.talk.fraud, card_of(room, SECOND)["ts"])
        ]
        [carried] = [each for each in thread if "left behind" in each]
        assert carried.endswith(
            f"The objection of Mia that {FIRST} left behind stands here too, and they are asked whether it still holds:\n"
            "• *LR-03* Is LR-03 in order?"
        )
        await room.signs(room.mia, card_of(room, SECOND), LR_03="take_back")
        assert "objects" not in words(card_of(room, SECOND))
        assert (await room.kinds(SECOND))[-1] == "taken_back"


async def test_a_card_says_that_what_somebody_objected_to_has_changed_until_they_speak(tmp_path):
    async with a_talking_room(tmp_path) as room:
        await room.begins()
        await room.signs(room.mia, LR_03=("object", "Too early."))
        before = words(room.card())

        await room.does(room.pia, "revise", model_version="v3.2")
        await room.ticks()
        changed = words(room.card())
        [why] = await room.reviews(room.lea, action="launch_why")
        await room.reviews(room.mia)
        shown = words(room.view(room.mia).content)
        await room.saves(room.mia, LR_03=("object", "Still too early."))

        assert "*Mia objects to LR-03*\n" in before
        assert "*Mia objects to LR-03*, which has changed since\n" in changed
        assert "*LR-03* Is LR-03 in order? Mia objects. “Too early.”" in words(why)
        assert (
            "Since you objected to this on 23 November, the model version changed from v3.1 to v3.2." in shown
        )
        assert "*Mia objects to LR-03*\n> “Still too early.”" in words(room.card())
