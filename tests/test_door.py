"""The door: what it fills in, what it refuses, and that no exception ever leaves it."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.listeners import payloads, register, words
from handlers.listeners.answers import Answer, Later, Show
from handlers.listeners.desk import Desk
from handlers.listeners.door import OUT_OF_REACH, Door, Row, fault, wiring
from handlers.listeners.payloads import Click, Command, Mention, Submission
from handlers.listeners.showing import Kind
from handlers.listeners.tasks import Tasks
from handlers.readers import Circle, Directory
from handlers.services import Services, Snapshot
from handlers.views.refusals import note
from integrations.faults import new_reference
from integrations.slack import Slack, slack_session
from integrations.store.engine import Store
from integrations.store.errors import StoreClosed, StoreFull
from integrations.store.identities import Identity, IdentityKind
from schema.errors import Refusal
from tests import builders
from tests.databases import fresh_url

BODY = {
    "team_id": "T0ACME0001",
    "user_id": "U0LEA00001",
    "channel_id": "C0FRAUD0001",
    "text": "x",
    "response_url": "http://127.0.0.1:9/r",
}


class Args:
    def __init__(self, body):
        self.body = body


@pytest.fixture
async def desk():
    store = Store(fresh_url("sqlite"))
    held = Snapshot(
        workspace="main", revision=1, configuration=builders.configuration(builders.document()), connectors={}
    )
    async with slack_session() as session:
        slack = Slack(token="xoxb-1", session=session, base_url="http://127.0.0.1:9/api/", request_s=0.5)
        services = builders.services(store, held)
        made = Desk(services=services, slack=slack, directory=Directory(slack=slack, now=services.now))
        known = {"kind": IdentityKind.PERSON, "id": BODY["user_id"], "fetched_at": services.now()}
        made.directory.believe(Identity(**known, body={"is_stranger": False}))
        yield made
        await made.tasks.close()
    await store.close()


def row(handler, kind=Kind.COMMAND, parse=payloads.command) -> Row:
    return Row(kind, "/test", parse, handler)


async def served(desk, handler, body=BODY, **given) -> tuple[int, str]:
    door = Door(desk, reference=lambda: "M-7F3K")
    response = await door.listener(row(handler, **given))(Args(body))
    return response.status, response.body


# --- what it fills in ---


async def test_a_handler_gets_what_it_asks_for_by_type_keyword_only_or_not(desk):
    async def handler(
        said: Command, snapshot: Snapshot, *, here: Desk, services: Services, circle: Circle
    ) -> Answer:
        return Show(
            messages=[
                note(
                    f"{said.text} {snapshot.revision} {here is desk} {services is desk.services} {len(circle.products)}"
                )
            ]
        )

    status, body = await served(desk, handler)

    assert status == 200
    assert "x 1 True True 1" in body


@pytest.mark.parametrize("kind", [Mapping, Submission, str, None])
def test_a_handler_that_asks_for_what_nobody_has_is_found_at_start_up(kind):
    async def handler(said: Command, wrong) -> Answer: ...

    if kind is not None:
        handler.__annotations__["wrong"] = kind

    with pytest.raises(TypeError, match="handler asks for wrong, which the door does not have"):
        wiring(row(handler))


@pytest.mark.parametrize("each", register.SURFACE, ids=lambda row: str(row.id))
def test_every_listener_of_the_register_can_be_wired(each):
    assert wiring(each)


# --- what goes wrong ---


async def test_a_refusal_is_a_private_sentence_in_the_ack_and_no_fault(desk, caplog):
    async def handler(said: Command) -> Answer:
        raise Refusal("That is not <allowed>; try `help`.")

    status, body = await served(desk, handler)

    assert status == 200
    assert "That is not &lt;allowed&gt;; try `help`." in body
    assert '"response_type": "ephemeral"' in body
    assert caplog.records == []


async def test_a_defect_is_logged_once_with_the_reference_that_the_person_is_told(desk, caplog):
    async def handler(said: Command) -> Answer:
        raise RuntimeError("a secret inside")

    status, body = await served(desk, handler)

    [record] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert status == 200
    assert "M-7F3K" in body
    assert "secret" not in body
    assert (record.message, record.reference, record.listener) == ("listener_failed", "M-7F3K", "/test")
    assert record.exc_info is not None


async def test_a_defect_after_the_ack_is_logged_once_too(desk, caplog):
    async def work() -> Answer:
        raise RuntimeError

    async def handler(said: Command) -> Answer:
        return Later(note="One moment.", work=work)

    status, body = await served(desk, handler)
    await desk.tasks.idle()

    assert (status, "One moment." in body) == (200, True)
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == ["listener_failed"]


@pytest.mark.parametrize(
    "body", [{}, {"event": None}, {"event": []}, {"view": "x", "user": 7}, {"actions": []}]
)
@pytest.mark.parametrize("each", register.SURFACE, ids=lambda row: str(row.id))
async def test_a_body_of_another_shape_never_gets_past_the_door(desk, each, body, caplog):
    response = await Door(desk, reference=lambda: "M-7F3K").listener(each)(Args(body))
    await desk.tasks.idle()

    assert response.status == 200
    assert sum(record.message == "listener_failed" for record in caplog.records) == 1


async def test_who_asked_for_what_could_not_be_stored_is_told_to_try_again_and_the_log_says_why(desk, caplog):
    async def handler(said: Command) -> Answer:
        raise StoreFull("The database has no room left.")

    status, body = await served(desk, handler)

    [record] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert (status, OUT_OF_REACH in body) == (200, True)
    assert (record.message, record.error) == ("records_not_reached", "The database has no room left.")


async def test_an_event_that_could_not_be_stored_is_brought_again(desk):
    async def handler(said: Mention) -> Answer:
        raise StoreClosed("closed")

    body = {"team_id": "T1", "event": {"user": "U1", "channel": "C1", "ts": "1.1"}}
    status, _ = await served(desk, handler, body, kind=Kind.EVENT, parse=payloads.mention)

    assert status == 503


async def test_a_refused_modal_says_so_beside_its_first_input(desk):
    async def handler(said: Submission) -> Answer:
        raise Refusal("Not that one.")

    view = {
        "id": "V1",
        "type": "modal",
        "blocks": [{"type": "section"}, {"type": "input", "block_id": "product"}],
    }
    body = {"user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}
    _, answer = await served(desk, handler, body, kind=Kind.VIEW, parse=payloads.submission)

    assert answer == '{"response_action": "errors", "errors": {"product": "Not that one."}}'


async def test_people_of_another_company_do_not_reach_a_handler(desk):
    async def handler(said: Submission) -> Answer:
        raise AssertionError

    body = {
        "user": {"id": "U9", "team_id": "T9"},
        "team": {"id": "T1"},
        "view": {"id": "V1", "type": "modal"},
    }
    _, answer = await served(desk, handler, body, kind=Kind.VIEW, parse=payloads.submission)

    assert "I answer only people of the workspace" in answer


def test_a_reference_is_short_and_can_be_read_out():
    found = {new_reference() for _ in range(50)}

    assert len(found) > 40
    assert all(len(each) == 6 and not set(each[2:]) & set("01OI") for each in found)
    assert "M-7F3K" in fault("M-7F3K")


# --- work after the ack ---


async def test_what_runs_in_the_background_is_ended_at_the_shutdown():
    tasks, ended = Tasks(), []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    tasks.start(forever(), name="x")
    await asyncio.sleep(0)
    await tasks.close(within_s=0.01)
    tasks.start(forever(), name="late")

    assert ended == [True]
    assert len(tasks) == 0


# --- what comes in ---


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_whatever_is_typed_is_understood_or_refused_in_words(text):
    for verbs in (words.IN_COMMANDS, words.IN_THREADS):
        said = outcome(text, verbs)
        assert said in verbs or (said.encode() and len(said) < 400)  # and no half characters


def outcome(text, verbs) -> str:
    try:
        return words.asked(text, verbs=verbs, command="/muster").verb
    except Refusal as refusal:
        return str(refusal)


@given(
    st.one_of(
        st.text(max_size=100), st.sampled_from(["[1]", '{"a": 1, "b": "c"}', "null", "{", '{"a": {"b": 1}}'])
    )
)
def test_what_a_button_carries_is_read_as_words_or_as_nothing(text):
    found = payloads.carried(text)

    assert all(isinstance(value, str) for value in found.values())


def test_the_place_of_an_answer_is_found_in_any_body():
    assert payloads.place({"channel": "C1", "user": "U1", "view": [], "event": 3}).channel == ""
    assert (
        payloads.place({"view": {"blocks": [{"type": "input"}, {"type": "input", "block_id": 7}]}}).inputs
        == ()
    )
    assert payloads.place(BODY).channel == "C0FRAUD0001"


def test_a_click_on_grid_knows_its_workspace_without_a_team():
    body = {
        "user": {"id": "U1", "team_id": "T1"},
        "team": None,
        "actions": [{"value": "{}"}],
        "view": {"type": "home"},
    }

    click: Click = payloads.click(body)

    assert (click.who.workspace, click.who.external, click.channel) == ("T1", False, None)
    assert replace(click, channel="C1").channel == "C1"
