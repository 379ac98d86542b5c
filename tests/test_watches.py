"""After a launch: what was promised is watched, and held against what is real, in words that people read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bot.local_slack.blocks import problems
from handlers import launches
from handlers.views import watches as shown
from handlers.views.watches import About
from schema.checklists import CheckKind
from schema.launches import State
from schema.products import Role
from schema.turns import next_turn
from schema.votes import Intent
from schema.watches import look_back_at
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import FRIDAY, HOUR, READ, a_life, weeks
from tests.launch_rooms import EVA, MIA, a_key

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
SIGN = Intent.SIGN
MONDAY = datetime(2026, 11, 30, 6, tzinfo=UTC)
BAD = "2026-11-25"  # in the week that ends before that Monday
HOSTILE = "<!channel> *bold* `code` & <https://x.test|click> \u202e" + "very " * 60


@pytest.fixture(name="life")
async def a_life_of_launches(store):
    async with a_life(store, specs=(READ,), at=datetime(2026, 11, 24, 12, tzinfo=UTC)) as made:
        yield made


async def launched(life, **asked):
    """Open, sign and use a launch on a Tuesday."""
    id_ = await life.open(**asked)
    await life.beat()
    if READ in life.room.specs:
        await life.said(id_, MIA, Role.ML, T_4=SIGN)
    await life.use(id_)
    await life.beat()
    for user in (MIA.user, builders.ANA, builders.BEN):
        life.told(user)
    return id_


def texts(life):
    return [m["text"] for m in life.thread()]


# --- what is broken ---


async def test_a_number_outside_of_what_was_signed_is_told_once_to_those_who_signed_it(life):
    id_ = await launched(life)
    weeks(life.folder, BAD)

    await life.until(MONDAY, step=12 * HOUR)
    told = life.told(MIA.user)
    card, role = life.thread()[0], next(m for m in life.thread() if m["text"].startswith("*For data science"))
    await life.until(MONDAY + timedelta(days=3), step=12 * HOUR)

    [words] = told
    assert "What you signed for *T-4* does not hold any more." in words
    promised, now = (line for line in words.splitlines() if line.startswith("> "))
    assert promised != now.replace("Now", "Promised")
    assert (await life.kinds(id_)).count("promise_broken") == 1
    assert life.told(MIA.user) == life.told(builders.ANA) == []
    amber = "What was promised for *T-4* does not hold any more."
    assert all(amber in m["blocks"][at]["text"]["text"] for m, at in ((card, 1), (role, 0)))
    assert "What was promised for T-4 does not hold any more." in texts(life)


@only_sqlite
async def test_what_holds_again_is_said_and_the_item_is_amber_no_more(life):
    id_ = await launched(life)
    weeks(life.folder, BAD)
    await life.until(MONDAY, step=12 * HOUR)

    await life.until(MONDAY + timedelta(days=7), step=24 * HOUR)

    assert (await life.kinds(id_))[-1] == "promise_kept"
    assert "What was promised for T-4 holds again." in texts(life)
    assert ":large_orange_circle:" not in str(life.thread()[0]["blocks"])


@only_sqlite
async def test_where_the_evidence_alone_settled_an_item_the_owner_is_told(store):
    alone = replace(READ, check=CheckKind.AUTO)
    async with a_life(store, specs=(alone,), at=datetime(2026, 11, 24, 12, tzinfo=UTC)) as life:
        await launched(life)
        weeks(life.folder, BAD)
        await life.until(MONDAY, step=12 * HOUR)

        [words] = life.told(builders.ANA)
        assert "What was promised for *T-4* does not hold any more." in words
        assert life.told(MIA.user) == life.told(builders.BEN) == []


@only_sqlite
async def test_a_source_that_falls_silent_breaks_no_promise(life):
    id_ = await launched(life)
    (life.folder / "fraud.db").unlink()

    await life.until(MONDAY, step=12 * HOUR)

    assert "promise_broken" not in await life.kinds(id_)
    assert life.told(MIA.user) == []


@only_sqlite
async def test_a_revoked_launch_is_watched_no_longer(life):
    id_ = await launched(life)
    await launches.revoke(life.services, life.snapshot, id_, reason="It harms people", by=EVA, key=a_key())
    weeks(life.folder, BAD)

    await life.until(MONDAY + timedelta(days=9), step=24 * HOUR)

    assert (await life.kinds(id_))[-1] == "revoked"
    assert life.told(MIA.user) == []


# --- looking back ---


@only_sqlite
async def test_a_look_back_that_nothing_ran_for_is_written_late_and_once(life):
    id_ = await launched(life)

    life.room.clock.turn(days=60)
    life.restart()
    for _ in range(3):
        await life.beat()

    kinds = await life.kinds(id_)
    assert kinds[-3:] == ["looked_back", "looked_back", "closed"]
    assert [each.payload["day"] for each in await life.events(id_) if each.kind == "looked_back"] == [7, 30]
    assert sum(each.startswith(("A week after", "A month after")) for each in texts(life)) == 2


def used(at, **more):
    """A launch that went out at a time, as far as looking back goes."""
    revision = SimpleNamespace(
        used=SimpleNamespace(at=at), waivers={}, bypass=None, looked_back=frozenset(), **more
    )
    return SimpleNamespace(
        revision=revision, revisions=(revision,), zone="UTC", country="", state=State.LAUNCHED, ended=False
    )


@pytest.mark.parametrize(
    ("at", "day", "due"),
    [
        (FRIDAY, 7, FRIDAY + timedelta(days=7)),
        (FRIDAY + timedelta(days=1), 7, datetime(2026, 11, 30, 9, tzinfo=UTC)),  # a Saturday: on the Monday
        (FRIDAY, 30, datetime(2026, 12, 21, 9, tzinfo=UTC)),  # a Sunday
        (FRIDAY + timedelta(hours=8), 7, datetime(2026, 11, 30, 9, tzinfo=UTC)),  # a Friday evening
    ],
)
def test_a_look_back_waits_until_people_work(at, day, due):
    assert look_back_at(used(at), day) == due


def test_the_next_turn_is_whatever_comes_first():
    hour = timedelta(hours=1)
    launch = used(FRIDAY)
    assert next_turn(launch, None, FRIDAY, every=hour) == FRIDAY + hour
    assert next_turn(launch, FRIDAY + hour / 2, FRIDAY, every=hour) == FRIDAY + hour / 2
    late = FRIDAY + timedelta(days=7) - hour / 4
    assert next_turn(launch, None, late, every=hour) == FRIDAY + timedelta(days=7)
    assert next_turn(launch, late - hour, late, every=hour) == FRIDAY + timedelta(days=7)


# --- words ---

ABOUT = About(
    id="nearby-offers-3",
    title=HOSTILE,
    product=HOSTILE,
    link="https://acme.slack.com/archives/C1/p1",
    deadline=FRIDAY,
)
ITEMS = {role: [f"ETH-{n:02}" for n in range(20)] for role in Role}
ROW = {"item": "LR-03", "requirement": "recall", "promised": HOSTILE, "real": HOSTILE, "held": False}


@pytest.mark.parametrize(
    "message",
    [
        shown.reminder(ABOUT, ITEMS),
        shown.thread_line(ABOUT, ITEMS),
        shown.escalation(ABOUT, ITEMS, [f"<@U{n:010}>" for n in range(36)]),
        shown.escalation(ABOUT, ITEMS, []),
        shown.reminder(ABOUT, {}, [f"ETH-{n:02}" for n in range(20)]),
        shown.thread_line(ABOUT, {}, {HOSTILE: ["ETH-17"]}),
        shown.escalation(ABOUT, ITEMS, [], {HOSTILE: ["ETH-17"], "Mia": ["ETH-18"]}),
        shown.review_wanted(ABOUT, by=FRIDAY, late=True),
        shown.broken(ABOUT, ROW, signed=True),
        shown.looked_back(30, [ROW] * 40),
        shown.looked_back(7, []),
        shown.month_of_checkpoints("November 2026"),
        shown.checkpoint("muster/main\n3\nabc=\n"),
    ],
)
def test_slack_takes_every_message_whatever_people_called_things(message):
    for blocks in (message["blocks"], message.get("fallback", message["blocks"])):
        assert problems(blocks) == []
    words = str({**message, "blocks": [b for b in message["blocks"] if b["type"] != "table"]})
    assert "<!channel>" not in words
    assert "<https://x.test" not in words
    assert "\u202e" not in str(message)


def test_a_table_names_first_what_does_not_hold_and_counts_the_rest():
    held = [
        {**ROW, "item": f"LR-{n:02}", "held": True, "promised": "92 of 100", "real": "93 of 100"}
        for n in range(16)
    ]
    missing = {**ROW, "item": "ETH-09", "promised": "a gap of 2 points", "real": ""}

    message = shown.looked_back(30, [*held, missing])

    table, small = message["blocks"][1:]
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert message["text"] == "A month after it went out, 16 of 17 promises hold."
    assert rows[0] == ["What was promised", "What is real"]
    assert rows[1] == ["ETH-09: a gap of 2 points", "Not known: there is no evidence now"]
    assert rows[2] == ["LR-00: 92 of 100", "Holds: 93 of 100"]
    assert small["elements"][0]["text"] == "And 2 more that hold. With this the launch is closed."
    assert "ETH-09: a gap of 2 points" in str(message["fallback"])


def test_one_promise_and_none_read_as_people_say_them():
    one = {**ROW, "held": True}
    assert shown.looked_back(7, [one])["text"] == "A week after it went out, what was promised holds."
    assert shown.looked_back(7, [one, one])["text"] == "A week after it went out, all 2 promises hold."
    assert shown.looked_back(7, [])["text"] == (
        "A week after it went out: no figure was promised, so there is nothing to compare."
    )


def test_a_reminder_says_what_to_sign_as_whom_and_until_when():
    about = About(
        id="ranker-1", title="Ranker v3", product="Ranking", deadline=FRIDAY,
        questions={"LR-03": "Is it right often enough?", "LR-04": "Is it right for all?"},
    )  # fmt: skip
    message = shown.reminder(about, {Role.ML: ["LR-03"], Role.PM: ["LR-03"]})

    assert message["text"].startswith(
        "*Ranker v3* (ranker-1, Ranking) waits for your signature on LR-03 (as data science) and LR-03 (as product"
        " management). Sign by <!date^"
    )
    assert message["blocks"][1]["text"]["text"] == "• *LR-03* Is it right often enough?"
    [press] = message["blocks"][-1]["elements"]
    assert press["text"]["text"] == "Review this item"


def test_whoever_is_asked_reads_the_question_and_not_only_its_number():
    questions = {
        "LR-03": "Is it right often enough?",
        "ETH-17": "Do we use little data?",
        "ETH-19": "word " * 90,
    }
    about = About(id="ranker-1", title="Ranker v3", product="Ranking", questions=questions)
    both = {Role.ML: ["LR-03"]}, {"Mia": ["ETH-17"], "Ron": ["ETH-19"]}

    line = shown.thread_line(about, *both)
    told = shown.escalation(about, both[0], ["<@U1>"], both[1])
    asked = shown.reminder(about, both[0], ["ETH-17"])

    assert line["text"] == (
        "Still waiting for data science (LR-03), and for Mia (ETH-17) and Ron (ETH-19) to say whether their objection"
        " still holds."
    )
    listed = line["blocks"][1]["text"]["text"].split("\n")
    assert listed[:2] == ["• *LR-03* Is it right often enough?", "• *ETH-17* Do we use little data?"]
    assert len(listed[2]) < 150
    assert told["blocks"][1] == line["blocks"][1]
    assert "Does your objection to ETH-17 still hold?" in asked["text"]
    assert asked["blocks"][1]["text"]["text"].split("\n") == listed[:2]
    assert asked["blocks"][-1]["elements"][0]["text"]["text"] == "Review these 2 items"
