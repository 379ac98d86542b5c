"""Reviews as conversations: opened, read, signed, objected to, refused and explained, over real sockets."""

import asyncio
import copy
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.local_slack.faults import FaultKind
from bot.local_slack.values import User
from handlers import drawing, outbox, pipelines, rosters, ticks
from handlers.pipelines import Giving
from integrations.store import ledger
from schema.checklists import CheckKind, Checklists, ItemClass, ItemSpec, Review
from schema.checkpoints import SigningKey
from schema.launches import EventKind
from schema.products import Role
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.risks import RiskQuestion
from tests import builders
from tests.conversations import MODES, Talk, a_talk, words

LAUNCH = "fraud-detection-1"
GOES_OUT = {
    "title": "Ranker v3 for new shops", "due_on": "2026-12-01", "code": "4f2a9c1e7b3d", "model": "ranker",
    "model_version": "v3.1", "prompt": "none", "configuration": "ab" * 32, "data": "offers-2026-11-01",
}  # fmt: skip


def spec(id_, *seats, **more):
    kept = {
        "review": Review.LAUNCH, "klass": ItemClass.HARD, "check": CheckKind.PEOPLE, "why": "Because people rely on it.",
        "question": f"Is {id_} in order?", "rests_on": frozenset({"model", "model_version"}),
    }  # fmt: skip
    return ItemSpec(id=id_, seats=seats, **{**kept, **more})


DRILL = Requirement(
    name="drill", kind=EvidenceKind.RECORD, words="how long the switch-off took", unit=RecordUnit.MINUTES, at_most=5,
    fresh_days=30,
)  # fmt: skip
SPECS = (
    spec("LR-03", Role.ML),
    spec("LR-10", Role.SRE, check=CheckKind.AUTO_AND_SIGN, requirements=(DRILL,), rests_on=frozenset({"code"})),
    spec("ETH-08", Role.ML, Role.RAI, review=Review.ETHICS, klass=ItemClass.WAIVABLE),
    spec("ETH-13", Role.RAI, review=Review.ETHICS, klass=ItemClass.CONDITIONAL,
         applies_if=frozenset({RiskQuestion.TALKS_TO_PEOPLE})),
)  # fmt: skip
NAMED = {"mia": Role.ML, "sam": Role.SRE, "ron": Role.RAI, "eva": Role.EXEC, "leo": Role.LEG}


@dataclass(slots=True)
class Room:
    """A talk in which launches are reviewed."""

    talk: Talk
    people: dict[str, User]

    def __getattr__(self, name):
        return self.people[name] if name in self.people else getattr(self.talk, name)

    def view(self, user):
        """Give the view that somebody has open on top."""
        return self.talk.slack.state.views[self.talk.slack.state.stacks[user.id][-1]]

    def open_for(self, user) -> bool:
        return bool(self.talk.slack.state.stacks[user.id])

    async def quiet(self):
        await self.talk.slack.settled()
        await self.talk.desk.tasks.idle()
        await self.shown()

    async def shown(self):
        """Let everything that is decided be drawn and sent."""
        services = self.talk.desk.services
        await drawing.catch_up(services, await services.snapshot(builders.WORKSPACE))
        for _ in range(4):
            self.talk.sender.memory.coalesced.clear()
            await outbox.send_pending(self.talk.sender)

    async def ticks(self, launch=LAUNCH):
        services = self.talk.desk.services
        await ticks.tick_launch(services, await services.snapshot(builders.WORKSPACE), launch)
        await self.shown()

    async def learns_who_is_who(self):
        desk = self.talk.desk
        snapshot = await desk.services.snapshot(builders.WORKSPACE)
        product = snapshot.product("fraud-detection")
        await rosters.learn(desk.services, desk.directory, snapshot, product, pause_s=0)

    async def opens(self, user=None, **fields):
        """Type the command, fill the form, and let the checks run; gives what the modal says then."""
        user = user or self.talk.pia
        await self.talk.types(user, "launch fraud-detection")
        view = self.view(user)
        given = {**GOES_OUT, **fields}
        values = {block: {block: value} for block, value in given.items()}
        sent = await self.talk.slack.submit(user, view.id, values)
        await self.quiet()
        return sent

    async def begins(self, **fields):
        await self.opens(**fields)
        self.talk.slack.state.stacks[self.talk.pia.id].clear()
        await self.ticks()

    def posted(self):
        return self.talk.slack.messages(self.talk.fraud)

    def card(self):
        return next(each for each in self.posted() if each.get("thread_ts", each["ts"]) == each["ts"])

    def thread(self):
        return self.talk.slack.thread(self.talk.fraud, self.card()["ts"])[1:]

    def asked(self, role: str):
        return next(each for each in self.thread() if f"For {role}" in words(each))

    async def reviews(self, user, message=None, *, action="items_review"):
        """Press the button that opens one's items; gives the private messages that came back."""
        return await self.talk.presses(user, message or self.card(), action)

    async def saves(self, user, **answers):
        """Answer items in the open modal; `LR_03="sign"` or `("object", "why")`."""
        values = {}
        for name, said in answers.items():
            item = name.replace("_", "-")
            intent, why = said if isinstance(said, tuple) else (said, None)
            values[f"answer.{item}"] = {f"answer.{item}": intent}
            if why is not None:
                values[f"reason.{item}"] = {f"reason.{item}": why}
        sent = await self.talk.slack.submit(user, self.view(user).id, values)
        await self.quiet()
        return sent

    async def forgets(self, *users):
        """Let nobody know any more who somebody is, as after they changed."""
        for user in users:
            await self.talk.desk.directory.changed(user.id)

    async def sends_late(self, sent, *, by=None, **answers):
        """Send what was sent before once more, as a press of its own, with these answers instead."""
        payload = copy.deepcopy(dict(sent.payload)) | {"trigger_id": "a.later.press"}
        for item, said in answers.items():
            block = payload["view"]["state"]["values"][f"answer.{item.replace('_', '-')}"]
            next(iter(block.values()))["selected_option"]["value"] = said
        if by is not None:
            payload["user"] = {**payload["user"], "id": by.id, "team_id": by.team_id}
        again = await self.talk.slack.deliveries.hand_over(
            self.talk.app, team_id=sent.team_id, kind=sent.kind, name=sent.name, payload=payload
        )
        await self.quiet()
        return again

    async def signs(self, user, message=None, **answers):
        await self.reviews(user, message)
        return await self.saves(user, **answers)

    async def events(self, launch=LAUNCH):
        return await self.talk.desk.services.store.read(
            lambda session: ledger.events_of(session, builders.WORKSPACE, launch)
        )

    async def kinds(self, launch=LAUNCH):
        return [str(event.kind) for event in await self.events(launch)]

    async def chooses(self, user, verb):
        """Choose something in the card's menu; gives the private messages that came back."""
        card = self.card()
        before = len(self.talk.slack.ephemerals(user, self.talk.fraud))
        menu = next(
            each
            for block in card["blocks"]
            for each in block.get("elements", ())
            if each.get("action_id") == "launch_more"
        )
        verbs = {json.loads(each["value"])["verb"]: each["value"] for each in menu["options"]}
        chosen = verbs[verb] if verb in verbs else verbs["other"]
        await self.talk.slack.pick(user, self.talk.fraud, card["ts"], "launch_more", chosen)
        await self.talk.desk.tasks.idle()
        if verb not in verbs:
            await self.fills(user, verb=verb)
        return self.talk.slack.ephemerals(user, self.talk.fraud)[before:]

    async def fills(self, user, **fields):
        """Fill the modal that is open and send it."""
        values = {block: {block: value} for block, value in fields.items()}
        sent = await self.talk.slack.submit(user, self.view(user).id, values)
        await self.quiet()
        return sent

    async def does(self, user, verb, **fields):
        await self.chooses(user, verb)
        return await self.fills(user, **fields)

    async def gives_evidence(self, user, *, minutes):
        await self.talk.slack.click_view(user, self.view(user).id, "evidence_add")
        await self.talk.desk.tasks.idle()
        return await self.fills(user, value=minutes, measured="2026-11-20")

    async def gets_approved(self):
        await self.signs(self.mia, LR_03="sign", ETH_08="sign")
        await self.signs(self.ron, ETH_08="sign")
        await self.reviews(self.sam)
        await self.gives_evidence(self.sam, minutes="4")
        await self.saves(self.sam, LR_10="sign")
        assert (await self.kinds())[-1] == "approved"


@asynccontextmanager
async def a_room(folder: Path, *, mode="socket", specs=SPECS, roles=None, **product):
    ids = {name: f"U0{name.upper()}00001" for name in NAMED}
    held = roles or {
        "pm": [builders.PIA], "ml": [ids["mia"]], "sre": [ids["sam"]], "rai": [ids["ron"]], "exec": [ids["eva"]],
        "leg": [ids["leo"]],
    }  # fmt: skip
    document = builders.document(fraud_detection={"roles": held, **product})
    beside = {
        "checklists": Checklists(items=specs), "signing_key": SigningKey(Ed25519PrivateKey.generate()),
    }  # fmt: skip
    async with a_talk(folder, mode=mode, document=document, beside=beside) as talk:
        people = {
            name: talk.slack.add_user(name, id=id_, real_name=name.title()) for name, id_ in ids.items()
        }
        for person in people.values():
            await talk.slack.join(person, talk.fraud)
        await talk.desk.directory.learn([*ids.values()])
        yield Room(talk, people)


@pytest.fixture(name="room")
async def a_small_room(tmp_path):
    async with a_room(tmp_path) as made:
        yield made


@pytest.mark.parametrize("mode", MODES)
async def test_a_launch_is_opened_signed_and_approved(tmp_path, mode):
    async with a_room(tmp_path, mode=mode) as room:
        sent = await room.opens()
        assert "fraud-detection-1" in words(room.view(room.pia).content)
        await room.ticks()

        assert "Open for sign-off" in words(room.card())
        assert "0 of 2 launch items settled, 0 of 1 ethics items settled" in words(room.card())
        await room.signs(room.mia, LR_03="sign", ETH_08="sign")
        await room.signs(room.ron, ETH_08="sign")

        assert sent.acked
        assert await room.kinds() == ["opened", "submitted", "checked", "signed", "signed", "signed"]
        assert "1 of 2 launch items settled, 1 of 1 ethics items settled" in words(room.card())
        assert EventKind.SIGNED in await room.kinds()


# --- opening ---


async def test_what_moves_is_refused_at_its_field_and_nothing_typed_is_lost(room):
    await room.talk.types(room.pia, "launch fraud-detection")
    view = room.view(room.pia)
    typed = GOES_OUT | {"model_version": "latest", "code": "main", "configuration": "^1.2"}

    await room.talk.slack.submit(room.pia, view.id, {block: {block: value} for block, value in typed.items()})

    assert set(view.errors) == {"code", "model_version", "configuration"}
    assert "“latest” can mean something else tomorrow" in view.errors["model_version"]
    assert view.state["title"]["title"]["value"] == GOES_OUT["title"]
    assert room.posted() == []


async def test_a_launch_is_not_meant_for_a_day_that_is_over(room):
    sent = await room.opens(due_on="2020-12-01")

    assert sent.ack["errors"] == {"due_on": "That day is over; choose the day on which it goes out, or none."}
    assert room.posted() == []


async def test_a_seat_that_nobody_can_fill_is_named_before_anything_is_posted(tmp_path):
    async with a_room(
        tmp_path, roles={"pm": [builders.PIA], "ml": ["U0MIA00001"], "sre": ["U0SAM00001"]}
    ) as room:
        await room.opens()

        shown = words(room.view(room.pia).content)
        assert "responsible AI" in shown
        assert "ETH-08" in shown
        assert room.view(room.pia).state["title"]["title"]["value"] == GOES_OUT["title"]
        assert room.posted() == []
        assert await room.kinds() == []


async def test_a_group_that_slack_does_not_list_is_named_and_closed(tmp_path):
    roles = {"pm": [builders.PIA], "ml": ["U0MIA00001"], "sre": ["U0SAM00001"], "rai": ["S0NOBODY01"]}
    async with a_room(tmp_path, roles=roles) as room:
        await room.opens()

        assert "Slack does not list the user group S0NOBODY01" in words(room.view(room.pia).content)
        assert room.posted() == []


async def test_who_may_not_open_a_launch_is_told_who_may(room):
    [told] = await room.talk.types(room.leo, "launch fraud-detection")

    assert "You may not open a launch here" in words(told)
    assert not room.open_for(room.leo)


async def test_in_the_thread_who_has_to_sign_is_asked_before_who_has_not(tmp_path):
    drilled = spec(
        "LR-02", Role.EXEC, check=CheckKind.AUTO, requirements=(DRILL,), rests_on=frozenset({"code"})
    )
    async with a_room(tmp_path, specs=[drilled, spec("LR-03", Role.SRE)]) as room:
        await room.opens()
        await room.shown()

        said = [words(each) for each in room.thread()]
        assert [each.split("\n")[0] for each in said] == [
            "*For operations*  Your item waits for you.",
            "*For management*  Nothing to sign yet: evidence is missing or does not pass for 1 item.",
        ]


async def test_the_risks_that_are_ticked_make_the_tier(room):
    await room.begins(risks=["personal_data", "at_risk_people"])

    assert "high risk" in words(room.card())


# --- who may not sign ---


async def refusal(room, user, message=None):
    """Press the button for one's items, and give the one private sentence that comes back."""
    before = await room.kinds()
    [told] = await room.reviews(user, message)
    after = await room.kinds()
    assert after == [*before, "attempt_refused"]
    assert not room.open_for(user)
    return words(told)


async def test_who_has_no_role_is_told_who_has(room):
    await room.begins()

    assert "These items are for data science" in await refusal(room, room.lea)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"guest": True}, "You are a guest here"),
        ({"single_channel_guest": True, "guest": True}, "You are a guest of single channels here"),
        ({"bot": True}, "Bots decide nothing"),
    ],
)
async def test_guests_and_bots_are_told_that_they_never_sign(room, fields, told):
    await room.begins()
    await room.talk.slack.change_user(room.mia, **fields)
    await room.talk.slack.settled()

    await room.reviews(room.mia)

    assert told in words(room.view(room.mia).content)
    assert (await room.kinds())[-1] == "attempt_refused"


async def test_what_somebody_sends_who_was_deactivated_meanwhile_counts_for_nothing(room):
    await room.begins()
    await room.reviews(room.mia)
    sent = await room.saves(room.mia, LR_03=("comment", "I look at it."))
    await room.talk.slack.change_user(room.mia, deleted=True)
    await room.talk.slack.settled()

    late = await room.sends_late(sent, LR_03="sign")

    assert "This account is deactivated" in late.ack["errors"]["answer.LR-03"]
    assert (await room.kinds())[-1] == "attempt_refused"


async def test_people_of_another_company_are_told_so(room):
    await room.begins()
    eve = room.talk.slack.add_user("eve", workspace=room.talk.slack.add_workspace("Other"), stranger=True)
    await room.talk.slack.join(eve, room.talk.fraud)
    await room.reviews(room.mia)
    sent = await room.saves(room.mia, LR_03=("comment", "I look at it."))

    await room.reviews(eve)
    forged = await room.sends_late(sent, by=eve, LR_03="sign")

    assert "You belong to another company" in words(room.view(eve).content)
    assert list(forged.ack["errors"]) == ["answer.LR-03"]
    assert (await room.kinds())[-2:] == ["attempt_refused", "attempt_refused"]


async def test_the_requester_signs_nothing_of_their_own(tmp_path):
    roles = {
        "pm": [builders.PIA],
        "ml": [builders.PIA, "U0MIA00001"],
        "sre": ["U0SAM00001"],
        "rai": ["U0RON00001"],
    }
    async with a_room(tmp_path, roles=roles) as room:
        await room.begins()

        assert "You asked for this launch" in await refusal(room, room.pia)


async def test_a_card_of_last_month_says_that_it_is_over(room):
    await room.begins()
    old = dict(room.asked("data science"))
    await room.does(room.pia, "withdraw")
    room.talk.slack.state.logs[room.talk.fraud.id].by_ts[old["ts"]].update(blocks=old["blocks"])

    assert "This launch is withdrawn; nothing can be said to it any more." in await refusal(
        room, room.mia, old
    )


# --- signing ---


async def test_an_objection_needs_its_reason_at_the_item(room):
    await room.begins()
    await room.reviews(room.mia)

    await room.saves(room.mia, LR_03="object", ETH_08="sign")

    assert list(room.view(room.mia).errors) == ["reason.LR-03"]
    assert "signed" not in await room.kinds()

    await room.saves(room.mia, LR_03=("object", "Recall is measured on last year's shops."), ETH_08="sign")

    assert not room.open_for(room.mia)
    assert (await room.kinds())[-2:] == ["objected", "signed"]
    assert "Mia objects to LR-03" in words(room.card())
    assert "“Recall is measured on last year's shops.”" in words(room.card())


async def test_an_objection_is_taken_back_by_who_made_it(room):
    await room.begins()
    await room.signs(room.mia, LR_03=("object", "No."))

    await room.signs(room.mia, LR_03="take_back")

    assert "objects" not in words(room.card())
    assert (await room.kinds())[-1] == "taken_back"


async def test_an_objection_that_is_overridden_stays_on_the_card(room):
    await room.begins()
    await room.signs(room.mia, LR_03=("object", "Too early."))

    objection = (await room.events())[-1].seq
    await room.does(room.eva, "override", objection=str(objection), reason="The pilot is small.")

    assert "Mia objects to LR-03* (overridden by Eva)" in words(room.card())


async def test_a_replayed_submission_signs_once(room):
    await room.begins()
    await room.reviews(room.mia)
    sent = await room.saves(room.mia, LR_03="sign")

    again = await room.talk.slack.replay(sent)
    await room.quiet()

    assert again.acked
    assert (await room.kinds()).count("signed") == 1


async def test_two_people_who_press_at_once_both_count_once(room):
    await room.begins()
    for user in (room.mia, room.ron):
        await room.reviews(user)

    await asyncio.gather(room.saves(room.mia, ETH_08="sign"), room.saves(room.ron, ETH_08="sign"))

    assert (await room.kinds()).count("signed") == 2
    assert "1 of 1 ethics items settled" in words(room.card())


async def test_the_same_person_in_two_windows_counts_once(room):
    await room.begins()
    await room.reviews(room.mia)

    sent = await room.saves(room.mia, LR_03="sign", ETH_08="sign")
    other = await room.sends_late(sent)

    assert other.acked
    assert (await room.kinds()).count("signed") == 2


async def test_what_was_shown_to_somebody_else_is_not_signed(room):
    await room.begins()
    await room.reviews(room.mia)
    sent = await room.saves(room.mia, LR_03=("comment", "I look at it."))

    other = await room.sends_late(sent, by=room.ron, LR_03="sign")

    assert other.ack["errors"] == {"answer.LR-03": "This was shown to somebody else; open your own items."}


async def test_what_changed_meanwhile_is_not_signed_and_is_named(room):
    await room.begins()
    await room.reviews(room.sam)
    await room.gives_evidence(room.sam, minutes="4")
    stale = room.talk.slack.sent("items_review")[0]
    assert stale.acked

    assert "Kept as evidence of LR-10" in words(room.view(room.sam).content)
    assert "passes" in words(room.view(room.sam).content).lower()
    await room.saves(room.sam, LR_10="sign")
    assert "signed" in await room.kinds()


async def test_evidence_that_does_not_read_is_refused_at_its_field(room):
    await room.begins()
    await room.reviews(room.sam)

    await room.gives_evidence(room.sam, minutes="soon")

    assert list(room.view(room.sam).errors) == ["value"]
    assert "write minutes, such as 4.5" in room.view(room.sam).errors["value"]


async def test_old_buttons_answer_after_a_restart(room):
    await room.begins()
    services = room.talk.desk.services
    services.folds._held.clear()
    services.looks._held.clear()

    await room.signs(room.mia, LR_03="sign")

    assert (await room.kinds())[-1] == "signed"


# --- what is done to a launch ---


async def test_who_may_not_do_something_is_told_before_they_type(room):
    await room.begins()

    [told] = await room.chooses(room.mia, "waive")

    assert "You may not waive an item here" in words(told)
    assert (await room.kinds())[-1] == "attempt_refused"
    assert not room.open_for(room.mia)


async def test_an_item_is_waived_for_a_while(room):
    await room.begins()

    await room.chooses(room.ron, "waive")
    view = room.view(room.ron)
    [option] = next(each for each in view.content["blocks"] if each.get("block_id") == "item")["element"][
        "options"
    ]
    await room.fills(
        room.ron, item=option["value"], reason="The shops are few.", ends_on="2026-12-20", owner=room.mia,
        metric="recall",
    )  # fmt: skip

    assert (await room.kinds())[-1] == "waived"
    assert "Waived for a while: ETH-08" in words(room.asked("responsible AI"))


async def test_an_emergency_is_loud_and_never_an_approval(room):
    await room.begins()

    await room.chooses(room.eva, "break_glass")
    await room.fills(room.eva, incident="INC-2041", reason="Fraud wave in Spain.", hours="4")

    shown = words(room.card())
    assert "BYPASSED: this was not approved." in shown
    assert "Eva let it pass for incident INC-2041" in shown
    assert "Approved" not in shown


async def test_a_new_revision_keeps_signatures_that_do_not_rest_on_what_changed(room):
    await room.begins()
    await room.signs(room.mia, LR_03="sign")

    await room.chooses(room.pia, "revise")
    assert room.view(room.pia).state["code"]["code"]["value"] == GOES_OUT["code"]
    await room.fills(room.pia, code="5e5e5e5e5e5e")
    await room.ticks()

    assert "revision 2" in words(room.card())
    assert "1 of 2 launch items settled" in words(room.card())


async def test_a_colleague_signs_for_who_is_away(room):
    await room.begins()
    await room.chooses(room.mia, "delegate")
    await room.fills(room.mia, colleague=room.lea, roles=["ml"], starts_on="2026-11-23", ends_on="2026-11-27")

    await room.reviews(room.lea)
    assert "You sign for Mia" in words(room.view(room.lea).content)
    await room.saves(room.lea, LR_03="sign")

    assert (await room.kinds())[-1] == "signed"

    await room.chooses(room.mia, "undelegate")
    [option] = next(
        each for each in room.view(room.mia).content["blocks"] if each["block_id"] == "colleague"
    )["element"]["options"]
    assert option["text"]["text"] == "Lea, until the end of 27 November 2026"
    await room.fills(room.mia, colleague=option["value"])

    assert "These items are for" in await refusal(room, room.lea)


async def test_what_went_out_is_recorded_once(room):
    await room.begins()
    await room.gets_approved()

    await room.does(room.ana, "launched")

    assert (await room.kinds()).count("used") == 1
    assert "*Launched*" in words(room.card())


# --- asking ---


async def test_why_names_the_least_that_is_missing(room):
    await room.begins()

    [told] = await room.reviews(room.lea, action="launch_why")
    [typed] = await room.talk.types(room.lea, f"why {LAUNCH}")

    assert "The least that is missing" in words(told)
    assert "One person of data science signs LR-03 and ETH-08." in words(told)
    assert words(typed) == words(told)


async def test_why_says_that_nobody_is_left_in_a_role_that_it_waits_for(room):
    await room.begins()
    await room.learns_who_is_who()
    await room.talk.slack.change_user(room.mia, deleted=True)
    await room.quiet()
    await room.learns_who_is_who()

    [typed] = await room.talk.types(room.lea, f"why {LAUNCH}")

    assert (
        "Nobody in data science is left to sign LR-03 and ETH-08; the product’s owner names somebody"
        in words(typed)
    )
    assert "One person of responsible AI signs" in words(typed)


async def test_a_question_in_a_launchs_thread_is_about_the_launch(room):
    await room.begins()

    await room.talk.hears(room.lea, "why?", thread_ts=room.card()["ts"])

    assert "The least that is missing" in words(room.thread()[-1])


async def test_reviews_lists_what_waits_and_what_one_waits_for(room):
    await room.begins()

    [mine] = await room.talk.types(room.mia, "reviews")
    [asked] = await room.talk.types(room.pia, "reviews")
    [nothing] = await room.talk.types(room.lea, "reviews")

    assert "Waits for you" in words(mine)
    assert "2 items as data science" in words(mine)
    assert "You wait for" in words(asked)
    assert "data science (2 items) and responsible AI (1 item)" in words(asked)
    assert "Nothing waits for you" in words(nothing)
    await room.reviews(room.mia, mine)
    assert "LR-03" in words(room.view(room.mia).content)


async def test_the_home_tab_shows_reviews_first(room):
    await room.begins()

    await room.talk.slack.open_home(room.mia, room.talk.app)
    await room.quiet()

    shown = words(room.talk.slack.home(room.mia))
    assert shown.index("Waits for you") < shown.index("Your products")


async def test_what_is_signed_from_the_home_tab_is_gone_from_it(room):
    await room.begins()
    await room.talk.slack.open_home(room.mia, room.talk.app)
    await room.quiet()

    await room.talk.slack.click_view(room.mia, room.talk.slack.home(room.mia)["id"], "items_review")
    await room.talk.desk.tasks.idle()
    before = words(room.talk.slack.home(room.mia))
    await room.saves(room.mia, LR_03="sign")

    assert "2 items as data science" in before
    assert "1 item as data science" in words(room.talk.slack.home(room.mia))


async def test_a_launch_that_is_not_there_gets_the_nearest(room):
    await room.begins()

    [told] = await room.talk.types(room.lea, "why fraud-detection-2")

    assert "There is no launch `fraud-detection-2`. Did you mean `fraud-detection-1`?" in words(told)


async def test_who_signed_before_is_shown_what_changed_since(room):
    await room.begins()
    await room.signs(room.mia, LR_03="sign")

    await room.does(room.pia, "revise", model_version="v3.2")
    await room.ticks()
    await room.reviews(room.mia)

    shown = words(room.view(room.mia).content)
    assert "Since you signed this on 23 November, the model version changed from v3.1 to v3.2." in shown


async def test_new_evidence_asks_again_in_the_thread_only_who_had_signed_on_the_old(room):
    await room.begins()
    await room.reviews(room.sam)
    await room.gives_evidence(room.sam, minutes="4")
    assert [each for each in room.thread() if "evidence changed" in words(each)] == []

    await room.saves(room.sam, LR_10="sign")
    await room.signs(room.mia, LR_03="sign")
    services = room.talk.desk.services
    snapshot = await services.snapshot(builders.WORKSPACE)
    drill = Giving(target=LAUNCH, item="LR-10", name="drill", value="3", measured="2026-11-21")
    await pipelines.give(services, snapshot, drill, by="release-train", nonce="n1")
    await room.ticks()

    [asked] = [words(each) for each in room.thread() if "evidence changed" in words(each)]
    assert asked == "The evidence changed. Asked again:\n• Sam: *LR-10* Is LR-10 in order?"
    assert "It changed since it was signed" in words(room.asked("operations"))


# --- who is not known yet ---


async def test_a_launch_waits_behind_its_modal_for_who_holds_each_role(room):
    await room.talk.types(room.pia, "launch fraud-detection")
    await room.forgets(room.mia, room.ron)

    await room.fills(room.pia, **GOES_OUT)

    assert "fraud-detection-1* is open" in words(room.view(room.pia).content)
    assert len(room.posted()) >= 1


async def test_items_wait_behind_their_modal_for_who_presses(room):
    await room.begins()
    await room.forgets(room.mia)

    await room.reviews(room.mia)

    assert "LR-03" in words(room.view(room.mia).content)


async def test_who_slack_does_not_tell_us_about_signs_nothing_and_is_told_to_press_again(room):
    await room.begins()
    await room.reviews(room.mia)
    await room.forgets(room.mia)
    room.talk.slack.fail(FaultKind.ERROR, "users.info", error="internal_error", times=9)

    sent = await room.saves(room.mia, LR_03="sign")

    assert "press again" in next(iter(sent.ack["errors"].values()))
    assert "signed" not in await room.kinds()


async def test_a_product_that_somebody_may_not_read_has_no_launches_for_them(tmp_path):
    async with a_room(tmp_path, readers="roles") as room:
        await room.begins()

        [review] = await room.reviews(room.lea)
        [why] = await room.reviews(room.lea, action="launch_why")
        [typed] = await room.talk.types(room.lea, f"why {LAUNCH}")
        [mine] = await room.talk.types(room.lea, "reviews")

        assert "There is no such launch, or none that you may read" in words(review)
        assert "There is no such product any more, or none that you may read." in words(why)
        assert "There is no such launch, or none that you may read" in words(typed)
        assert "Ranker" not in words(mine)


# --- long lists and several roles ---


async def test_more_items_than_people_read_at_once_come_on_pages(tmp_path):
    async with a_room(tmp_path, specs=[spec(f"LR-{at:02d}", Role.ML) for at in range(1, 13)]) as room:
        await room.begins()
        await room.reviews(room.mia)
        first = [f"LR_{at:02d}" for at in range(1, 11)]
        assert "10 of 12 items; the others follow." in words(room.view(room.mia).content)

        await room.saves(room.mia, **dict.fromkeys(first, "sign"))

        assert "LR-11" in words(room.view(room.mia).content)
        assert "LR-01" not in words(room.view(room.mia).content)
        await room.saves(room.mia, LR_11="sign", LR_12="sign")
        assert not room.open_for(room.mia)
        assert (await room.kinds())[-1] == "approved"


async def test_who_holds_two_roles_is_asked_in_one_after_the_other(tmp_path):
    roles = {"pm": [builders.PIA], "ml": ["U0MIA00001"], "sre": ["U0MIA00001"], "rai": ["U0RON00001"]}
    specs = [spec("LR-03", Role.ML), spec("LR-15", Role.SRE)]
    async with a_room(tmp_path, roles=roles, specs=specs) as room:
        await room.begins()
        await room.reviews(room.mia)
        assert "LR-15" not in words(room.view(room.mia).content)

        await room.saves(room.mia, LR_03="sign")
        assert "Saved. You are asked in another role too." in words(room.view(room.mia).content)
        await room.saves(room.mia, LR_15="sign")

        assert not room.open_for(room.mia)
        assert (await room.kinds())[-1] == "approved"


async def test_a_document_is_given_with_its_digest_and_its_day(tmp_path):
    page = Requirement(name="plan", kind=EvidenceKind.DOCUMENT, words="the plan", states=("intended_use",))
    specs = [spec("LR-15", Role.SRE, check=CheckKind.DOCUMENT, requirements=(page,))]
    async with a_room(tmp_path, specs=specs) as room:
        await room.begins()
        await room.reviews(room.sam)
        await room.talk.slack.click_view(room.sam, room.view(room.sam).id, "evidence_add")
        await room.talk.desk.tasks.idle()
        given = {
            "link": "https://example.com/plan", "digest": "soon", "dated": "2026-11-20",
            "state.intended_use": "Shops in Spain.",
        }  # fmt: skip

        await room.fills(room.sam, **given)
        assert list(room.view(room.sam).errors) == ["digest"]
        await room.fills(room.sam, **given | {"digest": "ab" * 32})

        assert "Kept as evidence of LR-15" in words(room.view(room.sam).content)
        await room.saves(room.sam, LR_15="sign")
        assert (await room.kinds())[-1] == "approved"


# --- everything else in the menu ---


@pytest.mark.parametrize(
    ("who", "done", "kind"),
    [
        ("leo", ("reject", {"reason": "It breaks a promise."}), "rejected"),
        ("pia", ("withdraw", {}), "withdrawn"),
        ("mia", ("tier", {"tier": "high"}), "tier_raised"),
        ("ana", ("rebase", {}), "rebased"),
        ("eva", ("break_glass", {"incident": "INC-1", "reason": "A wave.", "hours": "2"}), "bypass_started"),
    ],
)
async def test_what_the_menu_offers_is_done(room, who, done, kind):
    await room.begins()
    verb, fields = done

    await room.does(getattr(room, who), verb, **fields)

    assert kind in await room.kinds()
    assert "Done. The thread of fraud-detection-1 says it to everybody." in words(
        room.view(getattr(room, who)).content
    )


async def test_an_approval_is_revoked_with_a_reason(room):
    await room.begins()
    await room.gets_approved()

    await room.does(room.ron, "revoke", reason="The shops changed.")

    assert "*Approval revoked*" in words(room.card())
    assert "“The shops changed.”" in words(room.card())


async def test_two_others_review_an_emergency_and_it_closes(room):
    await room.begins()
    await room.does(room.eva, "break_glass", incident="INC-1", reason="A wave.", hours="2")

    for who in (room.mia, room.ron):
        await room.does(who, "review_bypass", reason="It was needed, and it is over.")

    assert (await room.kinds())[-1] == "closed"


async def test_an_emergency_without_an_incident_is_refused_in_the_form(room):
    await room.begins()

    sent = await room.does(room.eva, "break_glass", incident="a fire", reason="A wave.", hours="2")

    assert "Give the incident's id, such as INC-2041." in sent.ack["errors"].values()
    assert (await room.kinds())[-1] == "attempt_refused"


async def test_there_is_nothing_to_override_where_nobody_objects(room):
    await room.begins()

    await room.chooses(room.eva, "override")

    assert "No objection stands in the way" in room.view(room.eva).errors.get("verb", "")


async def test_what_somebody_says_about_a_launch_by_its_name_is_found_in_any_channel(room):
    await room.begins()

    [only] = await room.talk.types(room.lea, "why", channel=room.talk.lunch)

    assert "The least that is missing" in words(only)
