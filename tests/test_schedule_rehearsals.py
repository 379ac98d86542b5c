"""A year of standups rehearsed: every post, deadline, ask and reminder, each in the time of whom it concerns."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app, main
from handlers import rehearsals
from handlers.views import rehearsals as shown
from integrations.store import deliveries as stored
from integrations.store import identities
from integrations.store.engine import Store
from integrations.store.identities import Identity, IdentityKind
from schema.people import is_away
from schema.rehearsals import Known, What, rehearsed
from tests import builders
from tests.databases import fresh_url

AFTER = datetime(2026, 11, 22, tzinfo=UTC)
A_YEAR = timedelta(days=365)
KIM, LIV = "U0KIM00001", "U0LIV00001"
ROSTER = {"on": "monday", "at": "09:30", "roster": [KIM, LIV]}
PEOPLE = {
    KIM: {"zone": "America/Sao_Paulo", "holidays": "BR", "ask_at": "09:00"},
    LIV: {"zone": "Asia/Kolkata", "days": ["monday", "tuesday", "wednesday"],
          "away": [{"from": "2027-02-01", "until": "2027-02-14"}]},
}  # fmt: skip


def read(people=PEOPLE, **products):
    first = {"zone": "Europe/Berlin", "holidays": "DE-BE", "standup": ROSTER} | products.pop(
        "fraud_detection", {}
    )
    return builders.configuration(builders.document(fraud_detection=first, **products) | {"people": people})


def year(found, *, known=None, until=AFTER + A_YEAR, per_minute=200):
    known = known or Known(people=found.people)
    return rehearsed(found.products.values(), known, after=AFTER, until=until, per_minute=per_minute)


def of(moments, what, who=""):
    return [each for each in moments if each.what is what and who in ("", each.who)]


def test_a_year_has_a_post_and_a_deadline_a_week_and_everybody_is_asked_where_they_are():
    moments = year(read())

    posts, deadlines = of(moments, What.POST), of(moments, What.DEADLINE)
    assert (len(posts), len(deadlines)) == (52, 51)  # the first week's has passed
    assert {each.at.astimezone(each.zone).strftime("%H:%M") for each in posts} == {"09:30"}
    assert all(before.at < post.at for before, post in zip(deadlines, posts[1:], strict=True))
    asks = of(moments, What.ASK, KIM)
    assert {each.at.astimezone(each.zone).strftime("%H:%M") for each in asks} == {"09:00"}
    assert {each.zone.key for each in asks} == {"America/Sao_Paulo"}
    liv = [each.at.astimezone(each.zone) for each in of(moments, What.ASK, LIV)]
    assert {each.strftime("%a %H:%M") for each in liv} <= {"Mon 10:00", "Tue 10:00", "Wed 10:00"}


def test_clock_changes_holidays_and_absences_are_marked():
    moments = year(read())

    marked = {each.at.date(): each.marks for each in of(moments, What.POST) if each.marks}
    assert marked[date(2027, 3, 30)] == (
        "moved from Mon 29 Mar, Easter Monday", "the clocks changed from UTC+1 to UTC+2",
    )  # fmt: skip
    assert marked[date(2027, 5, 18)] == ("moved from Mon 17 May, Pentecost Monday",)
    assert marked[date(2027, 11, 1)] == ("the clocks changed from UTC+2 to UTC+1",)
    away = [(each.at.date(), *each.marks) for each in of(moments, What.AWAY, LIV)]
    assert [why for day, why in away if date(2027, 2, 1) <= day <= date(2027, 2, 14)] == [
        "planned absence"
    ] * 2


def test_two_posts_in_one_channel_in_the_same_minute_are_flagged():
    found = read(
        other={"channel": builders.CHANNEL},
        elsewhere={"channel": "C0OTHER0001"},
        fraud_detection={"zone": "UTC"},
    )
    moments = year(found, until=AFTER + timedelta(days=7))

    marks = {each.product: each.marks for each in of(moments, What.POST)}
    assert marks == {
        "fraud-detection": ("in the same minute as other in this channel",),
        "other": ("in the same minute as fraud-detection in this channel",),
        "elsewhere": (),
    }


def test_more_messages_in_a_minute_than_slack_takes_are_flagged():
    found = read(other={"channel": "C0OTHER0001", "zone": "Europe/Berlin"})

    assert "2 messages in this minute, and 1 fit" in str(
        [each.marks for each in of(year(found, per_minute=1), What.POST)]
    )
    assert "in this minute" not in str(of(year(found), What.POST))


def test_a_person_who_is_asked_twice_in_an_hour_is_flagged():
    other = {
        "channel": "C0OTHER0001",
        "zone": "Europe/Berlin",
        "holidays": "DE-BE",
        "standup": ROSTER | {"at": "11:00"},
    }
    moments = year(read(other=other), until=AFTER + timedelta(days=14))

    assert {each.marks for each in of(moments, What.ASK, KIM)} == {
        ("asked in the same hour for other",), ("asked in the same hour for fraud-detection",),
    }  # fmt: skip


def test_what_is_paused_or_left_out_is_not_rehearsed_as_coming():
    found = read()
    fraud = found.products["fraud-detection"]
    left_out = Known(
        people=found.people, left_out=frozenset({("fraud-detection", fraud.calendar.named("2026-W48").start)})
    )
    moments = year(found, known=left_out, until=AFTER + timedelta(days=9))

    assert [each.marks for each in of(moments, What.POST)] == [(), ("left out",)]
    assert of(moments, What.ASK) == []
    assert year(read(fraud_detection={"standup": ROSTER | {"paused": True}})) == ()


@given(
    days=st.integers(0, 3650), zone=st.sampled_from(("Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Tehran")),
    theirs=st.sampled_from(("Asia/Kolkata", "Pacific/Auckland", "America/Santiago", "Africa/Cairo")),
    holidays=st.sampled_from(("", "DE", "US", "IL")),
)  # fmt: skip
@settings(max_examples=25)
def test_nobody_is_asked_on_a_day_off_nor_less_than_a_day_before_the_deadline(days, zone, theirs, holidays):
    edits = {"zone": zone, "standup": ROSTER} | ({"holidays": holidays} if holidays else {"holidays": None})
    found = read(people={KIM: {"zone": theirs}}, fraud_detection=edits)
    after = AFTER + timedelta(days=days)
    known = Known(people=found.people)

    moments = rehearsed(
        found.products.values(), known, after=after, until=after + timedelta(weeks=6), per_minute=200
    )

    [kim, _] = known.workers(found.products["fraud-detection"])
    deadlines = [each.at for each in of(moments, What.DEADLINE)]
    for each in of(moments, What.ASK, KIM):
        assert kim.works_on(each.at.astimezone(each.zone).date())
        assert is_away(kim, each.at.astimezone(each.zone).date()) is None
        following = [at for at in deadlines if at > each.at]
        assert not following or following[0] - each.at >= timedelta(hours=24)
    for each in of(moments, What.REMIND):
        assert (
            9 <= each.at.astimezone(each.zone).hour < 17
            or each.at.astimezone(each.zone).strftime("%H:%M") == "17:00"
        )


# --- as lines, from a file and from what is stored ---


def run(*arguments, config=None):
    asked = ["schedule", *arguments, "--at", "2026-11-22"]
    return CliRunner().invoke(app, [*asked, "--config", str(config)] if config else asked)


FILE = """\
workspace: {name: Acme, zone: Europe/Berlin, currency: EUR}
sources: {warehouse: {kind: sql, url: {secret: NOWHERE}}}
people: {U0KIM00001: {zone: Asia/Tokyo}}
products:
  fraud: {title: Fraud, channel: C0FRAUD0001, owner: U0ANA00001, backup_owner: U0BEN00001, holidays: DE,
    standup: {on: monday, at: "09:30", roster: [U0KIM00001, S0MLS00001]}}
  feed: {title: Feed, owner: U0ANA00001, backup_owner: U0BEN00001, standup: {on: tuesday, at: "09:30", paused: true}}
  idle: {title: Idle, owner: U0ANA00001, backup_owner: U0BEN00001}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "muster.yaml"
    path.write_text(FILE)
    return path


def test_the_next_three_runs_are_printed_without_any_secret(file):
    said = run("fraud", config=file)

    lines = said.output.splitlines()
    assert said.exit_code == 0, said.output
    assert "2026-11-26 Thu 10:00 Asia/Tokyo (01:00 UTC): U0KIM00001 is asked for fraud" in lines
    assert (
        "2026-11-26 Thu 10:00 Europe/Berlin (09:00 UTC): everybody in S0MLS00001 is asked for fraud" in lines
    )
    assert "2026-11-27 Fri 16:00 Europe/Berlin (15:00 UTC): answers for fraud are due" in lines
    assert (
        "2026-11-30 Mon 09:30 Europe/Berlin (08:30 UTC): the standup of fraud is posted in C0FRAUD0001"
        in lines
    )
    assert lines[-1].startswith("3 posts, ")


def test_a_year_is_printed_and_says_what_is_paused(file):
    lines = run("--year", config=file).output.splitlines()

    assert sum(" is posted in C0FRAUD0001" in line for line in lines) == 53
    assert any(
        "! moved from Mon 29 Mar, Easter Monday; the clocks changed from UTC+1 to UTC+2" in each
        for each in lines
    )
    assert "The standup of feed is paused, so nothing of it is listed." in lines


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("frod", "There is no product `frod`. Did you mean `fraud`?"),
        ("idle", "No standup is planned for idle. Add `standup: {on: monday,"),
    ],
)
def test_a_product_that_is_not_there_or_has_no_time_gets_what_would_work(file, capsys, product, words):
    with pytest.raises(SystemExit) as ended:
        main(["schedule", product, "--config", str(file)])

    assert ended.value.code == 1
    assert words in capsys.readouterr().err


async def test_people_are_named_and_groups_opened_where_slack_has_said_who_they_are(tmp_path):
    standup = {"on": "monday", "at": "09:30", "roster": [KIM, "S0MLS00001"]}
    document = builders.document(fraud_detection={"standup": standup})
    held = builders.snapshot(document, tmp_path)
    store = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(store)
    said = [
        Identity(kind=IdentityKind.GROUP, id="S0MLS00001", body={"users": [LIV]}, fetched_at=builders.NOW),
        Identity(kind=IdentityKind.PERSON, id=KIM, body={"name": "Kim Lee", "tz": "Asia/Tokyo"}, fetched_at=builders.NOW),
        Identity(kind=IdentityKind.PERSON, id=LIV, body={"name": "Liv Ray"}, fetched_at=builders.NOW),
    ]  # fmt: skip
    for each in said:
        await store.write(lambda session, each=each: identities.remember(session, builders.WORKSPACE, each))
    product = held.product("fraud-detection")

    def leave_out(session):
        delivery, _ = stored.create_or_get(
            session, builders.WORKSPACE, kind="standup", product=product.key, channel=product.channel,
            period=product.calendar.named("2026-W48"), due_at=builders.NOW,
        )  # fmt: skip
        stored.skip(session, builders.WORKSPACE, delivery.id, reason="offsite")

    await store.write(leave_out)
    known, names = await rehearsals.heard(builders.services(store, held), held)
    moments = rehearsed([product], known, after=AFTER, until=AFTER + timedelta(days=16), per_minute=200)
    lines = list(shown.rehearsal(moments, names))
    await store.close()
    for connector in held.connectors.values():
        await connector.close()

    assert (
        "2026-12-03 Thu 10:00 Asia/Tokyo (01:00 UTC): Kim Lee (U0KIM00001) is asked for fraud-detection"
        in lines
    )
    assert "2026-12-03 Thu 10:00 UTC: Liv Ray (U0LIV00001) is asked for fraud-detection" in lines
    assert any(line.endswith("! left out") for line in lines)
